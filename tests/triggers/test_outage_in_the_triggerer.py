"""A secrets backend that fails for a while ends no wait; Airflow reports it as a Connection that does not exist."""

from __future__ import annotations

import asyncio
import json
from threading import Event

import pytest
from flaky_backend import Flaky
from samples import job_id
from waiting import Jobs, payload, run
from wire import Service

from airflow_provider_drs.api.errors import DrsUnreachableError
from airflow_provider_drs.triggers import current_client
from airflow_provider_drs.triggers.current_client import CurrentClient
from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger
from airflow_provider_drs.triggers.round import PollRound

JOB = job_id(1)
THERE = {"statuses": {JOB: "CONFIGURATION"}}
OUTAGE = 30


def connection(url, token="a-token"):
    return json.dumps({"conn_type": "drs", "host": url, "password": token, "extra": {"project_id": "a-project"}})


@pytest.fixture
def jobs(monkeypatch, airflow_db):
    """Jobs behind the Connection ``vaulted``, which only the backend knows."""
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", "flaky_backend.Flaky")
    with Service(known := Jobs()) as service:
        known.url = service.url
        Flaky.connections = {"vaulted": connection(service.url)}
        Flaky.down, Flaky.reads = False, 0
        yield known
        # Airflow keeps the backend loaded for the tests to come
        Flaky.connections, Flaky.down = {}, False


def outcome_of(jobs, outage_at, seconds=OUTAGE, job=JOB, **settings):
    """Return the event of a wait during which the backend fails."""

    async def scene():
        jobs.clock = asyncio.get_running_loop().time
        Flaky.down = outage_at == 0
        wait = asyncio.ensure_future(payload(DrsJobStatusTrigger([job], drs_conn_id="vaulted", **settings)))
        await asyncio.sleep(outage_at)
        Flaky.down = True
        await asyncio.sleep(seconds)
        Flaky.down = False
        return await wait

    return run(scene)


def test_at_the_first_read_the_wait_goes_on(jobs):
    jobs.ready_after = {JOB: 0}

    assert outcome_of(jobs, outage_at=0, poke_interval=5) == THERE


def test_at_a_later_read_the_wait_goes_on_with_the_client_at_hand(jobs):
    jobs.ready_after = {JOB: 75}

    assert outcome_of(jobs, outage_at=295, poke_interval=5) == THERE
    assert Flaky.reads == 2
    assert max(after - before for before, after in zip(jobs.times(JOB), jobs.times(JOB)[1:], strict=False)) < 6


def test_after_a_refused_credential_the_wait_goes_on_with_the_new_one(jobs):
    jobs.ready_after = {JOB: 12}

    async def rotated():
        await asyncio.sleep(20)
        jobs.stale = {"a-token"}
        await asyncio.sleep(25)
        Flaky.connections = {"vaulted": connection(jobs.url, "another-token")}

    async def scene():
        jobs.clock = asyncio.get_running_loop().time
        wait = asyncio.ensure_future(payload(DrsJobStatusTrigger([JOB], drs_conn_id="vaulted", poke_interval=5)))
        change = asyncio.ensure_future(rotated())
        await asyncio.sleep(15)
        Flaky.down = True
        await asyncio.sleep(OUTAGE)
        Flaky.down = False
        await change
        return await wait

    assert run(scene) == THERE


def test_while_it_fails_a_round_of_many_calls_reads_once(jobs):
    jobs.ready_after = {job_id(number): 80 for number in range(1000)}
    ids = list(jobs.ready_after)

    async def scene():
        jobs.clock = asyncio.get_running_loop().time
        wait = asyncio.ensure_future(payload(DrsJobStatusTrigger(ids, drs_conn_id="vaulted", poke_interval=5)))
        await asyncio.sleep(290)
        Flaky.down, Flaky.reads = True, 0
        await asyncio.sleep(OUTAGE)
        reads, Flaky.down = Flaky.reads, False
        await wait
        return reads

    assert run(scene) == 1


@pytest.fixture
def hanging(monkeypatch):
    """Return what makes the backend hang from now on; a round waits for it for a moment only."""
    monkeypatch.setattr(current_client, "READ_TIMEOUT", 0.2)
    monkeypatch.setattr(current_client, "CONNECTION_MAX_AGE", 0.5)

    end = Event()

    def hang():
        Flaky.hangs, Flaky.reads = end, 0
        return end

    yield hang
    end.set()
    Flaky.hangs = None


def test_while_the_backend_hangs_the_wait_goes_on_with_the_client_at_hand(jobs, hanging):
    jobs.ready_after = {JOB: 20}

    async def scene():
        jobs.clock = asyncio.get_running_loop().time
        wait = asyncio.ensure_future(payload(DrsJobStatusTrigger([JOB], drs_conn_id="vaulted", poke_interval=0.1)))
        while not jobs.polls:  # noqa: ASYNC110 - what it waits for happens in another thread
            await asyncio.sleep(0.01)
        end = hanging()
        event = await wait
        end.set()
        return event, Flaky.reads

    assert run(scene) == (THERE, 1)


def test_a_backend_that_hangs_at_the_first_read_is_a_fault_until_it_answers(jobs, hanging):
    end = hanging()

    async def scene():
        current = CurrentClient("vaulted", None)
        for _ in range(2):
            with pytest.raises(DrsUnreachableError, match="vaulted cannot be read: no answer within"):
                await current.get(PollRound([], 0, 100))
        reads = Flaky.reads
        end.set()
        with await current.get(PollRound([], 0, 100)) as client:
            return reads, client.endpoint

    assert run(scene) == (1, jobs.url)


def test_while_it_has_failed_from_the_start_a_round_of_many_calls_reads_once_too(jobs):
    ids = [job_id(number) for number in range(1000)]
    jobs.ready_after = dict.fromkeys(ids, 0)

    async def scene():
        jobs.clock = asyncio.get_running_loop().time
        Flaky.down = True
        wait = asyncio.ensure_future(payload(DrsJobStatusTrigger(ids, drs_conn_id="vaulted", poke_interval=60)))
        await asyncio.sleep(0.9)
        reads, Flaky.down = Flaky.reads, False
        await wait
        return reads

    assert run(scene) == 1


def test_an_outage_that_lasts_ends_the_wait_with_a_reason_and_without_a_word_of_the_backend(jobs, caplog):
    event = outcome_of(jobs, outage_at=0, seconds=700, poke_interval=5)

    assert event["error"]["type"] == "DrsUnreachableError"
    assert "connection vaulted cannot be read" in event["error"]["text"]
    assert "s3cr3t" not in json.dumps(event)
