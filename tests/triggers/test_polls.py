"""The poller polls whatever call about many jobs there is, and leaves it to each subscription what the results mean."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from samples import job_id
from waiting import Jobs, connect, payload, run
from wire import Service

from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger
from airflow_provider_drs.triggers.poll import Poll
from airflow_provider_drs.triggers.poller import subscribed
from airflow_provider_drs.triggers.subscription import Subscription

IDS = [job_id(number) for number in range(20)]
THERE = "CONFIGURATION"


def _lengths(client: DrsClient, job_ids: list[str]) -> Mapping[str, int | DrsError]:
    """Return how many letters the status of each job has."""
    results = client.look_up(job_ids).items()
    return {job: result if isinstance(result, DrsError) else len(result) for job, result in results}


LENGTHS: Poll[int] = Poll(7, _lengths)


@dataclass(frozen=True)
class Total:
    letters: int
    done: bool
    news: str = "some letters"


class TotalOf:
    """Waits until the statuses of its jobs have so many letters together; no error ends it."""

    def __init__(self, job_ids: list[str], enough: int) -> None:
        self.job_ids = job_ids
        self.enough = enough

    def judge(self, results: Mapping[str, int | DrsError], now: float, patience: float, asked_at: float) -> Total:
        letters = [results[job] for job in self.job_ids]
        total = sum(each for each in letters if isinstance(each, int))
        return Total(total, total >= self.enough)

    def pause(self, usual: float) -> float:
        return usual / 2


async def last_total(poll: Poll[int], job_ids: list[str], enough: int) -> Total:
    subscription: Subscription[int, Total] = Subscription(TotalOf(job_ids, enough), lambda polls: 60)
    with subscribed("drs_default", None, poll, subscription):
        while not (total := await subscription.next_update()).done:
            pass
        return total


@pytest.fixture
def jobs(monkeypatch):
    with Service(known := Jobs()) as service:
        known.url = service.url
        connect(monkeypatch, service.url)
        yield known


def in_time(jobs, scene):
    async def play():
        jobs.clock = asyncio.get_running_loop().time
        return await scene()

    return run(play)


def test_what_is_no_status_is_polled_in_its_own_pages_and_judged_by_its_own_judge(jobs):
    jobs.ready_after = dict.fromkeys(IDS, 1)

    async def scene():
        return await last_total(LENGTHS, IDS, 20 * len(THERE))

    assert in_time(jobs, scene) == Total(20 * len(THERE), True)
    assert [len(asked) for _, asked in jobs.polls] == [7, 7, 6] * 2
    # the judge halves the pause
    assert jobs.polls[3][0] - jobs.polls[0][0] == pytest.approx(30, abs=2)


def test_those_who_poll_the_same_share_calls_and_others_at_the_same_connection_do_not(jobs):
    jobs.default = THERE
    statuses = DrsJobStatusTrigger(IDS[2:4])

    async def scene():
        return await asyncio.gather(
            last_total(LENGTHS, IDS[:1], 1), last_total(LENGTHS, IDS[1:3], 1), payload(statuses)
        )

    one, two, event = in_time(jobs, scene)

    assert (one.letters, two.letters) == (len(THERE), 2 * len(THERE))
    assert event == {"statuses": dict.fromkeys(IDS[2:4], THERE)}
    assert sorted(sorted(asked) for _, asked in jobs.polls) == [IDS[:3], IDS[2:4]]


def test_a_judge_sees_the_errors_of_its_jobs_and_decides_what_they_mean(jobs):
    jobs.default = THERE
    jobs.deleted = {IDS[0]}

    async def scene():
        return await last_total(LENGTHS, IDS[:2], 1)

    assert in_time(jobs, scene).letters == len(THERE)


def test_updates_that_nobody_has_taken_yet_come_in_the_order_of_their_polls():
    async def scene():
        subscription: Subscription[int, Total] = Subscription(TotalOf(["a"], 2), lambda polls: 60)
        for letters in (1, 2):
            subscription.handle_results({"a": letters}, 0, 0, 600)
        return [(await subscription.next_update()).letters for _ in range(2)]

    assert run(scene) == [1, 2]


def test_before_its_first_poll_a_subscription_has_the_pause_after_one_poll():
    assert Subscription(TotalOf(["a"], 1), lambda polls: 60 * polls).pause == 60


@pytest.mark.parametrize("pause", [-1, math.nan, math.inf])
def test_a_pause_that_would_upset_the_plan_of_others_is_refused(pause):
    with pytest.raises(ValueError, match="finite"):
        Subscription(TotalOf(["a"], 1), lambda polls: pause)


@pytest.mark.parametrize("odd", [{}, {"another": 1}])
def test_a_call_that_leaves_a_job_out_ends_the_waits_for_its_jobs_and_no_others(jobs, odd):
    jobs.default = THERE

    def forgetful(client: DrsClient, job_ids: list[str]) -> Mapping[str, int | DrsError]:
        return odd if IDS[0] in job_ids else _lengths(client, job_ids)

    poll: Poll[int] = Poll(1, forgetful)

    async def scene():
        waits = last_total(poll, IDS[:1], 1), last_total(poll, IDS[1:2], 1)
        return await asyncio.wait_for(asyncio.gather(*waits, return_exceptions=True), 600)

    lost, good = in_time(jobs, scene)

    assert isinstance(lost, KeyError)
    assert good.letters == len(THERE)
