"""A thousand deferred sensors in a real triggerer: what they ask the service, and how they end."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from running_airflow import wait_until
from triggerers import Triggerer, Wait, Waiting, job_ids, kept_log, looks

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import Call, World

pytestmark = pytest.mark.running_airflow

COUNT = 1000
INTERVAL = 5
FIRST, SECOND = job_ids(COUNT)[::2], job_ids(COUNT)[1::2]


@dataclass(frozen=True)
class Aftermath:
    """The calls that the service met, and the waits, of a thousand sensors whose triggerer was killed.

    :param settled: calls of the first triggerer, from when it had asked about every job.
    :param when_killed: the waits that had ended when there was no triggerer.
    :param first_half: calls from when the first half of the jobs was ready, which was while there was no triggerer.
    :param second_half: calls from when the second half was ready, too.
    """

    settled: list[Call]
    when_killed: list[Wait]
    first_half: list[Call]
    second_half: list[Call]
    waits: list[Wait]


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    world = World(ready_after_polls=1_000_000)

    def asked(ids: list[str], since: int, times: int) -> bool:
        return min(looks(world.calls[since:], ids)) >= times

    with kept_log(), Emulator(world) as emulator:
        waiting = Waiting(tmp_path_factory.mktemp("airflow"), emulator.connection_json, job_ids(COUNT), INTERVAL)
        with Triggerer(waiting) as triggerer:
            wait_until("every job was asked about", lambda: asked(job_ids(COUNT), 0, 1), 120)
            start = len(world.calls)
            wait_until("some rounds have passed", lambda: asked(job_ids(COUNT), start, 3), 120)
            settled = world.calls[start:]
            triggerer.kill()
        killed = len(world.calls)
        when_killed = waiting.ended()
        for each in FIRST:
            world.set_status(each, "CONFIGURATION")
        with Triggerer(waiting):
            wait_until("the first half has ended", lambda: len(waiting.ended()) >= len(FIRST), 120)
            taken_over = len(world.calls)
            wait_until("the second half waits on", lambda: asked(SECOND, taken_over, 1), 120)
            for each in SECOND:
                world.set_status(each, "CONFIGURATION")
            ready = len(world.calls)
            wait_until("the second half has ended", lambda: len(waiting.ended()) >= COUNT, 120)
    return Aftermath(settled, when_killed, world.calls[killed:], world.calls[ready:], waiting.now())


def test_a_thousand_waits_cost_at_most_12_calls_a_round(aftermath):
    rounds = min(looks(aftermath.settled, job_ids(COUNT)))

    assert rounds >= 3
    assert len(aftermath.settled) <= 12 * rounds


def test_each_wait_ends_with_the_first_look_after_its_job_is_ready(aftermath):
    assert max(looks(aftermath.second_half, SECOND)) == 1
    assert max(looks(aftermath.second_half, FIRST)) == 0


def test_waits_of_a_killed_triggerer_go_on_in_the_next_and_each_ends_right_and_once(aftermath):
    assert aftermath.when_killed == []
    assert [wait.event for wait in aftermath.waits] == [{"statuses": {j: "CONFIGURATION"}} for j in job_ids(COUNT)]
    assert {(wait.state, wait.next_method) for wait in aftermath.waits} == {("scheduled", "execute_complete")}
    assert set(looks(aftermath.first_half, FIRST)) == {1}
