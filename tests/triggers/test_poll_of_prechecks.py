"""The shared poller polls pre-checks with their own judge, and a thousand of them cost ten calls a round."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from calls import client as client_of
from prechecks import finished, red, running
from samples import job_id
from waiting import connect, run
from wire import Reply, Request, Service

from airflow_provider_drs.api.checks.precheck_wait import PrecheckPoll, PrecheckWait, Watched, watched
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.precheck import PrecheckResult
from airflow_provider_drs.api.statuses import MAX_IDS
from airflow_provider_drs.triggers.poll import Poll
from airflow_provider_drs.triggers.poller import subscribed
from airflow_provider_drs.triggers.subscription import Subscription

JOBS = [job_id(number) for number in range(1000)]


def _results(client: DrsClient, job_ids: list[str]) -> Mapping[str, PrecheckResult | DrsError]:
    return client.precheck_results(job_ids, repeat=False)


PRECHECKS: Poll[PrecheckResult] = Poll(MAX_IDS, _results)


class Checks:
    """A service with a green result of an earlier run for each job; a new one is red after some polls of the job."""

    watch: Watched
    calls: int

    def __init__(self) -> None:
        self.requested: set[str] = set()
        self.polls: list[list[str]] = []
        self.left: dict[str, int] = {}

    def __call__(self, request: Request) -> Reply:
        if request.path.endswith("/batch-precheck"):
            jobs = [entry["job_id"] for entry in request.entries]
            self.requested |= set(jobs)
            self.left |= {job: 3 + JOBS.index(job) // 500 for job in jobs}
            return Reply({"results": [{"id": job, "precheck_id": job, "status": "success"} for job in jobs]})
        self.polls.append(request.json["jobs"])
        return Reply({"results": [self._result(job) for job in request.json["jobs"]]})

    def _result(self, job: str) -> dict[str, object]:
        if job not in self.requested:
            return finished(job=job)
        self.left[job] -= 1
        answers = [red(job=job), running("60%", job), running("10%", job), finished(job=job), finished(job=job)]
        return answers[max(0, self.left[job])]


@pytest.fixture
def checks(monkeypatch):
    with Service(known := Checks()) as service:
        connect(monkeypatch, service.url)
        with client_of(service) as drs:
            before = drs.precheck_results(JOBS)
            known.watch = watched(drs.request_prechecks(JOBS, "forStartJob"), before)
        known.calls = len(service.requests)
        known.polls.clear()
        yield known


def test_a_thousand_prechecks_take_ten_calls_a_round_and_finished_ones_are_not_asked_about_again(checks):
    async def scene() -> tuple[PrecheckWait, list[str]]:
        wait = PrecheckWait(**checks.watch, requested_at=asyncio.get_running_loop().time())
        subscription: Subscription[PrecheckResult, PrecheckPoll] = Subscription(wait, lambda polls: 10)
        news = []
        with subscribed("drs_default", None, PRECHECKS, subscription):
            while not (poll := await subscription.next_update()).done:
                news.append(poll.news)
        return wait, news

    wait, news = run(scene)

    assert checks.calls == 10 + 100
    assert [len(jobs) for jobs in checks.polls] == [100] * 10 * 3 + [100] * 5
    assert set(wait.results) == set(JOBS)
    assert not any(result.affirmed for result in wait.results.values())
    assert [sentence.split(". ")[-1] for sentence in news] == ["500 of 1000 pre-checks have their result."]
