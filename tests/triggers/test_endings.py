"""A trigger ends with one event that Airflow can store, or with its cancellation, and nothing of it goes on."""

from __future__ import annotations

import asyncio
import json
import threading
import time

import pytest
from samples import job_id
from waiting import Jobs, connect, payload, run
from wire import Reply, Service

from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger

IDS = [job_id(number) for number in range(250)]
THERE = "CONFIGURATION"


def poller_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("drs-")]


def in_time(jobs, scene):
    async def play():
        jobs.clock = asyncio.get_running_loop().time
        return await scene()

    return run(play)


@pytest.fixture
def jobs(monkeypatch):
    with Service(known := Jobs()) as service:
        known.url = service.url
        connect(monkeypatch, service.url)
        yield known


def test_a_wait_for_no_job_is_refused_because_it_would_never_end(jobs):
    event = run(lambda: payload(DrsJobStatusTrigger([])))

    assert event["error"]["type"] == "DrsInputError"
    assert "job_ids" in event["error"]["text"]


def test_one_id_and_one_status_as_texts_are_lists_of_one(jobs):
    jobs.default = THERE

    assert in_time(jobs, lambda: payload(DrsJobStatusTrigger(IDS[0], THERE))) == {"statuses": {IDS[0]: THERE}}
    assert [asked for _, asked in jobs.polls] == [[IDS[0]]]


@pytest.mark.parametrize("poke_interval", ["soon", float("nan"), float("inf"), -1, None])
def test_a_fault_of_one_trigger_is_its_event_and_no_other_waits_for_it(jobs, poke_interval):
    jobs.default = THERE

    async def scene():
        odd = DrsJobStatusTrigger([IDS[0]], poke_interval=poke_interval)
        return await asyncio.gather(payload(odd), payload(DrsJobStatusTrigger([IDS[1]])))

    odd, good = in_time(jobs, scene)

    assert odd["error"]["type"] == "DrsTriggerError"
    assert good == {"statuses": {IDS[1]: THERE}}


def test_partial_waits_share_calls_with_others_and_each_ends_in_its_own_way(jobs):
    deleted, malformed, ready, failed = IDS[:4]
    jobs.deleted, jobs.malformed = {deleted}, {malformed}
    jobs.status = {failed: "CREATE_FAILED"}
    jobs.ready_after = {ready: 3}
    mixed = [deleted, ready, malformed, failed]

    async def scene():
        triggers = [
            DrsJobStatusTrigger(mixed, partial=True),
            DrsJobStatusTrigger(mixed),
            DrsJobStatusTrigger([ready, failed]),
            DrsJobStatusTrigger([deleted, malformed], partial=True),
            DrsJobStatusTrigger([ready], partial=True),
        ]
        return await asyncio.gather(*map(payload, triggers))

    partial, whole, lost, refused, alone = in_time(jobs, scene)

    assert partial == {"statuses": {deleted: None, ready: THERE, malformed: None, failed: "CREATE_FAILED"}}
    assert alone == {"statuses": {ready: THERE}}
    assert set(whole["error"]["jobs"]) == set(refused["error"]["jobs"]) == {deleted, malformed}
    assert lost["error"]["text"] == (
        f"0 of 2 jobs are in {THERE}. {failed} is CREATE_FAILED and can no longer reach it. {ready} is CREATING."
    )


@pytest.mark.parametrize("named", ["86400", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_pause_that_the_service_names_is_no_longer_than_the_user_allows(monkeypatch, status, named):
    with Service(jobs := Jobs()) as service:
        connect(monkeypatch, service.url, max_retry_seconds=100)
        jobs.faults = [Reply({}, status=status, headers={"Retry-After": named})]
        jobs.ready_after = {IDS[0]: 0}
        event = in_time(jobs, lambda: payload(DrsJobStatusTrigger([IDS[0]], poke_interval=10, silent_fail=True)))

    assert event == {"statuses": {IDS[0]: THERE}}
    assert jobs.polls[-1][0] - jobs.polls[0][0] < 125


@pytest.mark.parametrize("text", ["half \ud83d", "a \0 byte", "two\nlines\x1b[2J", "long" * 10_000])
def test_whatever_text_the_service_sends_the_event_can_be_stored(jobs, text):
    item = {"id": IDS[0], "error_code": "DRS.M05004", "error_message": text}
    jobs.faults = [Reply({"results": [item], "count": 1})]

    event = in_time(jobs, lambda: payload(DrsJobStatusTrigger([IDS[0]])))

    stored = json.dumps(event, ensure_ascii=False, allow_nan=False)
    assert stored.encode().decode() == stored
    assert "\\u0000" not in stored
    assert event["error"]["text"].isprintable()
    assert len(event["error"]["text"]) < 1000


@pytest.mark.parametrize(
    "reply",
    [None, Reply({}, status=429, headers={"Retry-After": "300"}), Reply({}, status=503)],
    ids=["in a call", "in the pause of a throttled call", "in a back-off"],
)
def test_a_cancelled_wait_sends_nothing_more_and_leaves_no_thread(monkeypatch, reply):
    asked, released = threading.Event(), threading.Event()

    def answer(request):
        asked.set()
        if reply is None:
            released.wait(60)
            return Reply({"results": []})
        return reply

    async def scene():
        wait = asyncio.ensure_future(payload(DrsJobStatusTrigger(IDS, poke_interval=1)))
        await asyncio.to_thread(asked.wait, 60)
        wait.cancel()
        await asyncio.gather(wait, return_exceptions=True)
        return wait.cancelled()

    with Service(answer) as service:
        connect(monkeypatch, service.url, max_attempts=5)
        cancelled = asyncio.run(scene())
        deadline = time.monotonic() + 20
        while poller_threads() and time.monotonic() < deadline:
            time.sleep(0.01)
        left, sent = poller_threads(), len(service.requests)
        time.sleep(1.5)
        later = len(service.requests)
        released.set()

    assert cancelled
    assert left == []
    assert later == sent
