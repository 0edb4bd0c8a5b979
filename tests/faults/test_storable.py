"""Property-based: PostgreSQL and the sockets of Airflow 3 carry the results of any answer unchanged."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from airflow import __version__ as airflow_version
from airflow.triggers.base import TriggerEvent
from any_json import ODD_TEXTS, TEXTS, VALUES, a_list, an_object, nested, objects, written
from hypothesis import given, settings
from hypothesis import strategies as st
from postgres import Postgres
from samples import endpoint, job_id
from waiting import connect, payload, run
from wire import Reply, Service

from airflow_provider_drs.api.errors import error_from_dict
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger

JOBS = [job_id(1), job_id(2)]
NAMED = st.sampled_from([written(job) for job in JOBS]) | VALUES
WORDS = st.sampled_from([written(word) for word in ("success", "failed", "CONFIGURATION", "CREATE_FAILED", "NEW")])
ITEMS = st.builds(
    lambda job, status, more: an_object([("id", job), ("status", status), *more]),
    NAMED,
    WORDS | VALUES,
    st.lists(st.tuples(st.sampled_from(["error_code", "error_msg", "error_message", "x"]), VALUES), max_size=2),
)
BODIES = st.one_of(
    st.lists(ITEMS, max_size=3).map(lambda items: an_object([("results", a_list(items))])),
    objects("error_code", "error_msg"),
    objects("results"),
    VALUES.map(lambda value: an_object([("error", value)])),
    st.builds(
        nested, st.just('{"e":'), st.just("}"), st.sampled_from([1, 19, 10_000]), objects("errorCode", "errorMsg")
    ),
)
# http.server encodes headers as Latin-1, and the client decodes them as UTF-8 where it can
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        name: st.text(st.characters(max_codepoint=255, blacklist_categories=["Cc"]), max_size=200)
        | st.sampled_from(ODD_TEXTS[6:9]).map(lambda text: text.encode().decode("latin-1"))
        for name in ("X-Request-Id", "Content-Type", "Retry-After")
    },
)
REPLIES = st.builds(
    lambda status, headers, body: Reply(status=status, headers=headers, raw=body.encode()),
    st.sampled_from([200, 200, 400, 403, 404, 429, 500]),
    HEADERS,
    BODIES,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Return a function that stores a value as jsonb and a line as text, and reads both again."""
    with Postgres(tmp_path_factory.mktemp("postgres")) as server:
        server.execute("CREATE ROLE writer LOGIN PASSWORD 'writes'; CREATE SCHEMA stored AUTHORIZATION writer")
        login = f"host=127.0.0.1 port={server.port} user=writer password=writes dbname=postgres"
        with psycopg.connect(login, autocommit=True) as database:
            database.execute("CREATE TABLE stored.results (value jsonb, line text)")

            def store(value: Any, line: str) -> Any:
                row = "INSERT INTO stored.results VALUES (%s, %s) RETURNING value, line"
                return database.execute(row, (json.dumps(value, allow_nan=False), line)).fetchone()

            yield store


@pytest.fixture(scope="module")
def service():
    with Service() as service, pytest.MonkeyPatch.context() as patch:
        connect(patch, service.url, max_retry_seconds=0)
        yield service


def over_the_socket(body: dict[str, Any]) -> Any:
    """Return a message as the supervisor of a task or a triggerer reads it from its socket. Airflow 2 has no socket."""
    if airflow_version.startswith("2."):
        return body
    import msgspec
    from airflow.sdk.execution_time.comms import _RequestFrame

    frame = bytes(_RequestFrame(id=1, body=body).as_bytes())
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    return msgspec.msgpack.Decoder(_RequestFrame).decode(frame[4:]).body


def through_the_triggerer(event: TriggerEvent) -> Any:
    """Return the payload of an event as the supervisor of the triggerer receives it."""
    if airflow_version.startswith("2."):
        return event.payload
    from airflow.jobs import triggerer_job_runner as runner
    from pydantic import TypeAdapter

    # an entry of Airflow 3.3 has a third member
    entries: list[Any] = [(7, event, None) if hasattr(runner, "TriggerEventEntry") else (7, event)]
    body = over_the_socket(runner.messages.TriggerStateChanges(events=entries).model_dump())
    arrived: Any = TypeAdapter(runner.ToTriggerSupervisor).validate_python(body)
    return arrived.events[0][1].payload


def for_next_kwargs(event: Any) -> Any:
    """Return the arguments that Airflow stores for the task that an event resumes."""
    try:
        from airflow.sdk.serde import serialize
    except ImportError:
        from airflow.serialization.serialized_objects import BaseSerialization

        return BaseSerialization.serialize({"event": event})
    return serialize({"event": event})


@settings(max_examples=80)
@given(reply=REPLIES, label=TEXTS)
def test_a_report_and_the_error_of_the_task_are_stored_unchanged(store, service, reply, label):
    service.answer = lambda request: reply
    pushed: list[Any] = []

    def push(key: str, value: Any) -> None:
        if key == "return_value":
            pushed.append(value)

    context: Any = {"ti": SimpleNamespace(xcom_push=push)}
    task = DrsTestConnectionsOperator(task_id="test", jobs=[endpoint(1, label=label or None), endpoint(2)])
    try:
        pushed.append(task.execute(context))
        text = ""
    except Exception as error:
        text = f"{error}{error!r}"

    (report,) = pushed
    assert [verdict["job_id"] for verdict in report["endpoints"]] == JOBS
    assert over_the_socket({"value": report, "text": text}) == {"value": report, "text": text}
    assert store(report, text) == (report, text)


@settings(max_examples=80)
@given(reply=REPLIES, target=st.sampled_from(["CONFIGURATION", "CREATE_FAILED", "DELETED"]))
def test_the_event_of_a_trigger_reaches_the_task_unchanged(store, service, reply, target):
    polls: list[None] = []

    def answer(request: Any) -> Reply:
        polls.append(None)
        items = [{"id": job, "status": target} for job in request.json["jobs"]]
        return reply if len(polls) < 3 else Reply({"results": items})

    service.answer = answer
    event = run(lambda: payload(DrsJobStatusTrigger(JOBS, target)))

    arrived = through_the_triggerer(TriggerEvent(event))
    assert arrived == event
    stored = for_next_kwargs(arrived)
    text = json.dumps(event.get("statuses")) if "statuses" in event else str(error_from_dict(event["error"]))
    assert store(stored, text) == (stored, text)
