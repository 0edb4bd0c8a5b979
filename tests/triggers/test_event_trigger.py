"""The event trigger fires when jobs get into a status, once each time, and nothing but Airflow ends it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import Any

import pytest
from airflow import __version__
from samples import job_id
from waiting import Jobs, connect, payload, run
from wire import Reply, Service

from airflow_provider_drs.api.watch import REFUSAL_PAUSE, Watch
from airflow_provider_drs.triggers import event
from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger
from airflow_provider_drs.triggers.event import DrsJobStatusEventTrigger

THERE = "CONFIGURATION"
A, B, C = (job_id(number) for number in range(3))
MINUTE = 60.0
A_WHILE = 5 * MINUTE
BUSY = Reply({"error_code": "DRS.M00004", "error_msg": "busy"}, status=500)
REFUSED = Reply({"error_code": "DRS.M00205", "error_msg": "no permission"}, status=403)


@pytest.fixture
def jobs(monkeypatch):
    """Jobs behind ``drs_default``, all in CREATING."""
    with Service(known := Jobs()) as service:
        known.url = service.url
        connect(monkeypatch, service.url)
        yield known


def play(jobs, scene):
    """Run a scene in virtual time, which is the service's clock, too."""

    async def played():
        jobs.clock = asyncio.get_running_loop().time
        return await scene()

    return run(played)


@asynccontextmanager
async def watching(job_ids, store=None, **settings):
    """Run a trigger as a triggerer does, and cancel it afterwards; yield its events so far."""
    stored = DrsJobStatusEventTrigger(job_ids, **settings).serialize()[1]
    trigger: Any = DrsJobStatusEventTrigger(**stored)
    if store is not None:
        trigger.asset_state_store = store
    events: list[Any] = []

    async def take():
        async for fired in trigger.run():
            events.append(fired.payload)

    task = asyncio.ensure_future(take())
    try:
        yield events
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Store:
    """What Airflow 3.3 keeps for an asset, longer than any triggerer runs."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    async def aget(self, key: str) -> Any:
        return self.kept.get(key)

    async def aset(self, key: str, value: Any) -> None:
        self.kept[key] = value


def test_it_fires_once_when_the_last_job_gets_there_and_not_while_they_stay(jobs):
    async def scene():
        async with watching([A, B]) as events:
            await asyncio.sleep(5 * MINUTE)
            jobs.status = {A: THERE}
            await asyncio.sleep(5 * MINUTE)
            before = list(events)
            jobs.status = {A: THERE, B: THERE}
            await asyncio.sleep(2 * MINUTE)
            then = list(events)
            await asyncio.sleep(A_WHILE)
            return before, then, events

    before, then, events = play(jobs, scene)

    assert before == []
    assert then == events == [{A: THERE, B: THERE}]


def test_it_fires_again_when_a_job_has_left_and_come_back(jobs):
    async def scene():
        async with watching([A, B], target_statuses=[THERE, "WAITING_FOR_START"]) as events:
            await asyncio.sleep(MINUTE)
            for status in (THERE, "STARTJOBING", THERE, "WAITING_FOR_START", "CREATE_FAILED", THERE):
                jobs.status = {A: THERE, B: status}
                await asyncio.sleep(2 * MINUTE)
            return events

    assert play(jobs, scene) == [{A: THERE, B: THERE}] * 3


@pytest.mark.parametrize("store", [None, Store()], ids=["before Airflow 3.3", "since Airflow 3.3"])
def test_a_new_watch_does_not_fire_for_jobs_that_are_there_already(jobs, store):
    jobs.status = {A: THERE}

    async def scene():
        first = second = None
        async with watching(A, store) as events:
            await asyncio.sleep(A_WHILE)
            first = list(events)
        async with watching(A, store) as events:
            await asyncio.sleep(A_WHILE)
            second = list(events)
            jobs.status = {A: "CHANGE_JOB_STARTED"}
            await asyncio.sleep(2 * MINUTE)
            jobs.status = {A: THERE}
            await asyncio.sleep(2 * MINUTE)
            return first, second, events

    assert play(jobs, scene) == ([], [], [{A: THERE}])


@pytest.mark.parametrize(
    ("store", "caught_up"),
    [(None, []), (Store(), [{A: THERE}])],
    ids=["before Airflow 3.3", "since Airflow 3.3"],
)
def test_jobs_that_get_there_while_no_triggerer_runs_fire_if_airflow_keeps_what_was_seen(jobs, store, caught_up):
    async def scene():
        async with watching(A, store) as events:
            await asyncio.sleep(A_WHILE)
        jobs.status = {A: THERE}
        await asyncio.sleep(A_WHILE)
        async with watching(A, store, poke_interval=30) as events:
            await asyncio.sleep(A_WHILE)
        async with watching(A, store) as later:
            await asyncio.sleep(A_WHILE)
        return events, later

    assert play(jobs, scene) == (caught_up, [])


def test_what_was_seen_of_other_jobs_or_another_status_does_not_count(jobs):
    store = Store()

    async def scene():
        async with watching(A, store):
            await asyncio.sleep(MINUTE)
        jobs.default = THERE
        async with (
            watching([A, B], store) as others,
            watching(A, store, target_statuses="CREATING") as another,
            watching(A, store, project_id="another") as elsewhere,
        ):
            await asyncio.sleep(A_WHILE)
        async with watching(A, store) as same:
            await asyncio.sleep(A_WHILE)
        return others, another, elsewhere, same

    assert play(jobs, scene) == ([], [], [], [{A: THERE}])


def test_what_was_seen_of_the_same_jobs_in_another_order_counts(jobs):
    store = Store()

    async def scene():
        async with watching([A, B], store):
            await asyncio.sleep(MINUTE)
        jobs.default = THERE
        async with watching([B, A], store) as events:
            await asyncio.sleep(A_WHILE)
        return events

    assert play(jobs, scene) == [{A: THERE, B: THERE}]


@pytest.mark.skipif(__version__.startswith(("2.", "3.0.", "3.1.", "3.2.")), reason="the store came with Airflow 3.3")
def test_a_watch_of_two_assets_goes_on_without_a_store(jobs):
    from airflow.sdk import Asset
    from airflow.sdk.execution_time.context import AssetStateStoreAccessors

    async def scene():
        async with watching(A, AssetStateStoreAccessors(inlets=[Asset("one"), Asset("two")])) as events:
            await asyncio.sleep(MINUTE)
            jobs.status = {A: THERE}
            await asyncio.sleep(2 * MINUTE)
            return events

    assert play(jobs, scene) == [{A: THERE}]


@pytest.mark.parametrize(
    ("fault", "longest_pause"), [(BUSY, MINUTE), (REFUSED, REFUSAL_PAUSE)], ids=["a fault", "a refusal"]
)
def test_an_hour_of_faults_neither_ends_it_nor_fires(jobs, fault, longest_pause):
    async def scene():
        async with watching(A) as events:
            await asyncio.sleep(MINUTE)
            jobs.faults = [fault] * 1000
            polled = len(jobs.polls)
            await asyncio.sleep(60 * MINUTE)
            polls = len(jobs.polls) - polled
            before = list(events)
            jobs.faults, jobs.status = [], {A: THERE}
            await asyncio.sleep(2 * longest_pause)
            return before, events, polls

    before, events, polls = play(jobs, scene)

    assert before == []
    assert events == [{A: THERE}]
    assert 60 * MINUTE / longest_pause - 1 <= polls <= 60 * MINUTE / longest_pause + 10


def test_an_outage_is_no_departure(jobs):
    jobs.status = {A: THERE}

    async def scene():
        async with watching(A) as events:
            await asyncio.sleep(MINUTE)
            jobs.faults = [BUSY] * 3
            await asyncio.sleep(A_WHILE)
            return events

    assert play(jobs, scene) == []


def test_a_job_that_drs_refuses_ends_nothing(jobs):
    async def scene():
        async with watching([A, B]) as events:
            await asyncio.sleep(MINUTE)
            jobs.deleted, jobs.status = {B}, {A: THERE}
            await asyncio.sleep(3 * REFUSAL_PAUSE)
            before = list(events)
            jobs.deleted, jobs.default = set(), THERE
            await asyncio.sleep(2 * REFUSAL_PAUSE)
            return before, events

    assert play(jobs, scene) == ([], [{A: THERE, B: THERE}])


def test_watches_and_waits_of_a_process_share_the_calls(jobs):
    async def scene():
        async with watching([A]), watching([B]):
            wait = asyncio.ensure_future(payload(DrsJobStatusTrigger([C])))
            await asyncio.sleep(5 * MINUTE)
            jobs.status = {C: THERE}
            return await wait

    assert play(jobs, scene) == {"statuses": {C: THERE}}
    assert {frozenset(asked) for _, asked in jobs.polls} == {frozenset({A, B, C})}


def test_a_fault_of_its_own_loses_nothing_that_was_seen(jobs, monkeypatch):
    class Faulty(Watch):
        polls = 0

        def judge(self, *args, **kwargs):
            self.polls += 1
            if self.polls % 2:
                raise ZeroDivisionError
            return super().judge(*args, **kwargs)

    monkeypatch.setattr(event, "Watch", Faulty)

    async def scene():
        async with watching(A) as events:
            await asyncio.sleep(A_WHILE)
            jobs.status = {A: THERE}
            await asyncio.sleep(A_WHILE)
            return events

    assert play(jobs, scene) == [{A: THERE}]
    assert len(jobs.polls) <= 2 * A_WHILE / MINUTE + 1


def test_when_airflow_cancels_it_nothing_of_it_goes_on(jobs):
    async def scene():
        async with watching(A, poke_interval=10):
            await asyncio.sleep(MINUTE)
        polls = len(jobs.polls)
        await asyncio.sleep(A_WHILE)
        return polls

    assert play(jobs, scene) == len(jobs.polls)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("drs-poller")] == []


def watch(arguments: dict[str, Any]) -> DrsJobStatusEventTrigger:
    return DrsJobStatusEventTrigger(**arguments)


def test_everything_wrong_is_one_error_when_the_dag_is_parsed():
    with pytest.raises(TypeError, match="job_ids") as caught:
        DrsJobStatusEventTrigger(["job 1", A], "CONFIGURATIN", poke_interval=0.5)

    assert str(caught.value).split("; ") == [
        "job_ids[0]: is not a DRS job id: 36 characters in groups of 8-4-4-4-12",
        "target_statuses[0]: CONFIGURATIN is not a status of a DRS job",
        "is CONFIGURATION meant?",
        "poke_interval must be a number of seconds, 1 or more",
    ]
    assert DrsJobStatusEventTrigger(A, poke_interval=1).poke_interval == 1


@pytest.mark.parametrize("no_id", ["", " ", 5, ["drs_default"], "bad id!", "mysql://u:s3cret@h"])
def test_a_connection_or_project_that_never_is_one_is_refused_because_no_error_would_end_the_watch(no_id):
    with pytest.raises(TypeError, match=r"drs_conn_id must be the id.*project_id must be 1") as caught:
        DrsJobStatusEventTrigger([A], drs_conn_id=no_id, project_id=no_id)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(TypeError, match="drs_conn_id must be the id"):
        DrsJobStatusEventTrigger([A], drs_conn_id=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("template", ["{{ params.one }}", "{% if x %}one{% endif %}", "{# one #}"])
@pytest.mark.parametrize("name", ["job_ids", "target_statuses", "drs_conn_id", "project_id"])
def test_a_template_is_refused_because_airflow_renders_none_in_a_watch(name, template):
    with pytest.raises(TypeError, match="Airflow renders no template"):
        watch({"job_ids": A, name: template})


@pytest.mark.skipif(__version__.startswith("2."), reason="Airflow 2 has no asset watchers")
def test_a_stored_watch_that_this_release_refuses_ends_no_other_trigger(monkeypatch):
    from airflow.executors.workloads import RunTrigger  # type: ignore[attr-defined]
    from airflow.jobs.triggerer_job_runner import TriggerRunner
    from airflow.models.trigger import Trigger

    path, right = watch({"job_ids": A}).serialize()
    wrong = right | {"target_statuses": ["A_STATUS_OF_LATER"]}

    async def started():
        runner = TriggerRunner()
        monkeypatch.setattr(runner, "run_trigger", lambda *_: asyncio.sleep(0))
        for number, arguments in enumerate([wrong, right]):
            stored = Trigger.encrypt_kwargs(arguments)
            runner.to_create.append(RunTrigger(id=number, classpath=path, encrypted_kwargs=stored, ti=None))
        await runner.create_triggers()
        return list(runner.triggers)

    assert asyncio.run(started()) == [1]


def test_a_set_of_jobs_is_stored_in_one_order_so_no_process_begins_the_watch_anew():
    in_a_set = {job_id(number) for number in range(9)}

    assert watch({"job_ids": in_a_set}).serialize()[1]["job_ids"] == sorted(in_a_set)


@pytest.mark.skipif(
    __version__.startswith(("2.", "3.0.", "3.1.")),
    reason="Airflow 2 has no asset watchers, and in 3.0 and 3.1 the function has another name",
)
def test_airflow_takes_a_stored_watch_for_that_of_the_dag_and_does_not_begin_it_anew():
    from airflow.models.trigger import Trigger
    from airflow.serialization.encoders import encode_trigger
    from airflow.triggers.base import BaseEventTrigger

    of_dag = encode_trigger(DrsJobStatusEventTrigger([A, B], project_id="a-project", poke_interval=7.5))
    stored = Trigger(classpath=of_dag["classpath"], kwargs=of_dag["kwargs"])

    assert BaseEventTrigger.hash(of_dag["classpath"], of_dag["kwargs"]) == BaseEventTrigger.hash(
        stored.classpath, stored.kwargs
    )
