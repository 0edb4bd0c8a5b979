"""A thousand deferred sensors in a real triggerer: their calls to the service, and their results."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from running_airflow import wait_until
from triggerers import Triggerer, Wait, Waiting, job_ids, polls_of, record_log

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import Call, World

pytestmark = pytest.mark.running_airflow

COUNT = 1000
INTERVAL = 5
FIRST, SECOND = job_ids(COUNT)[::2], job_ids(COUNT)[1::2]


@dataclass(frozen=True)
class Aftermath:
    """The calls and the waits of a thousand sensors whose triggerer was killed.

    :param settled: calls of the first triggerer, after it has polled every job once.
    :param when_killed: the waits that have ended when there is no triggerer.
    :param first_half: calls after the first half of the jobs became ready, while there was no triggerer.
    :param second_half: calls after the second half became ready, too.
    :param waits: all waits at the end.
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
        return min(polls_of(world.calls[since:], ids)) >= times

    with record_log(), Emulator(world) as emulator:
        waiting = Waiting(tmp_path_factory.mktemp("airflow"), emulator.connection_json, job_ids(COUNT), INTERVAL)
        with Triggerer(waiting) as triggerer:
            wait_until("every job was polled", lambda: asked(job_ids(COUNT), 0, 1), 120)
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
            wait_until("the second half is still polled", lambda: asked(SECOND, taken_over, 1), 120)
            for each in SECOND:
                world.set_status(each, "CONFIGURATION")
            ready = len(world.calls)
            wait_until("the second half has ended", lambda: len(waiting.ended()) >= COUNT, 120)
    return Aftermath(settled, when_killed, world.calls[killed:], world.calls[ready:], waiting.now())


def test_a_thousand_waits_need_at_most_12_calls_in_each_round(aftermath):
    rounds = min(polls_of(aftermath.settled, job_ids(COUNT)))

    assert rounds >= 3
    assert len(aftermath.settled) <= 12 * rounds


def test_each_wait_ends_at_the_first_poll_after_its_job_is_ready(aftermath):
    assert max(polls_of(aftermath.second_half, SECOND)) == 1
    assert max(polls_of(aftermath.second_half, FIRST)) == 0


def test_waits_of_a_killed_triggerer_go_on_in_the_next_and_each_succeeds_once(aftermath):
    assert aftermath.when_killed == []
    assert [wait.event for wait in aftermath.waits] == [{"statuses": {j: "CONFIGURATION"}} for j in job_ids(COUNT)]
    assert {(wait.state, wait.next_method) for wait in aftermath.waits} == {("scheduled", "execute_complete")}
    assert set(polls_of(aftermath.first_half, FIRST)) == {1}
