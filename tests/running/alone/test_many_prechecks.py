"""The pre-checks of a thousand jobs in a real triggerer that is killed in the middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from running_airflow import wait_until
from triggerers import Triggerer, Waiting, job_ids, polls_of, record_log

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import Call, World

pytestmark = pytest.mark.running_airflow

JOBS = job_ids(1000)
INTERVAL = 5
RED = JOBS[7]


@dataclass(frozen=True)
class Aftermath:
    """What became of the pre-checks.

    :param calls: all calls.
    :param settled: calls of the first triggerer, after it has polled every job once.
    :param second: calls of the second triggerer, after it has polled every job once, and before the checks end.
    :param events: the event of each wait.
    """

    calls: list[Call]
    settled: list[Call]
    second: list[Call]
    events: list[Any]


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    world = World()
    for job in JOBS:
        items = [{"item": "srcDbBinlogIsOff", "result": "FAILED"}] if job == RED else []
        world.add_job(job, "CONFIGURATION", precheck={"items": items, "stops_at": 35, "ready_after_polls": 1})
        # without an address, as instances of the cloud may be stored, so no check dials one
        world.change_stored(job, "source", db_type="mysql", inst_id="in01")
        world.change_stored(job, "target", db_type="mysql", inst_id="in02")

    def polled(since: int, times: int) -> bool:
        return min(polls_of(results_in(world.calls[since:]), JOBS)) >= times

    with record_log(), Emulator(world) as emulator:
        waiting = Waiting(
            tmp_path_factory.mktemp("airflow"), emulator.connection_json, JOBS, INTERVAL, dag_id="prechecks"
        )
        requested = len(world.calls)
        with Triggerer(waiting) as triggerer:
            wait_until("every job was polled", lambda: polled(requested, 1), 120)
            start = len(world.calls)
            wait_until("some rounds have passed", lambda: polled(start, 3), 120)
            settled = world.calls[start:]
            triggerer.kill()
        killed = len(world.calls)
        with Triggerer(waiting):
            wait_until("the second triggerer has polled every job", lambda: polled(killed, 1), 120)
            taken_over = len(world.calls)
            wait_until("some rounds have passed", lambda: polled(taken_over, 3), 120)
            second = world.calls[taken_over:]
            for job in JOBS:
                world.finish_precheck(job)
            wait_until("all waits have ended", lambda: len(waiting.ended()) >= len(JOBS) // 10, 180)
    return Aftermath(world.calls, settled, second, [wait.event for wait in waiting.now()[: len(JOBS) // 10]])


def results_in(calls: list[Call]) -> list[Call]:
    return [call for call in calls if call.operation == "batch-precheck-result"]


def test_each_ten_jobs_take_one_request_and_no_triggerer_requests_again(aftermath):
    requests = [call.job_ids for call in aftermath.calls if call.operation == "batch-precheck"]

    assert len(requests) == 100
    assert sorted(each for request in requests for each in request) == sorted(JOBS)
    assert {call.operation for call in (*aftermath.settled, *aftermath.second)} == {"batch-precheck-result"}


def test_a_thousand_checks_need_at_most_12_calls_in_each_round(aftermath):
    for calls in (aftermath.settled, aftermath.second):
        rounds = min(polls_of(calls, JOBS))
        assert rounds >= 3
        assert len(calls) <= 12 * rounds


def test_every_check_ends_with_the_result_of_its_own_run(aftermath):
    digests: dict[str, str] = {}
    for event in aftermath.events:
        assert (event["unanswered"], event["errors"]) == ([], [])
        digests |= event["digests"]

    assert sorted(digests) == sorted(JOBS)
