"""A run that is stopped from outside, in any phase, sends no further login, leaves no thread, and ends at once."""

from __future__ import annotations

import json
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hostile import Hostile, http, in_configuration, passing, reads_statuses
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import endpoint

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsStoppedError
from airflow_provider_drs.hooks.drs import DrsHook
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

AGES = 3600
"""Seconds of each timeout and pause of the run, far longer than a test may take."""
PATIENCE = 60
"""Seconds of each wait in a test. After half of them the service answers, so that the test fails and does not hang."""
ENDPOINTS = [endpoint(number) for number in range(6)]
MAX_CONCURRENT_CALLS = 2


@dataclass
class Scene:
    """The phase in which a run is stopped.

    :param url: URL of the service.
    :param reached: set when the run is in this phase.
    :param server: counts the requests; ``None`` if no request can arrive.
    :param requests: number of requests that have arrived by then.
    :param connection: members of the Connection that differ from the default.
    :param extra: extras of the Connection that differ from the default.
    :param run: options of the run.
    """

    url: str
    reached: threading.Event
    server: Hostile | None = None
    requests: int = 0
    connection: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)


Stage = Callable[[ExitStack, threading.Event], Scene]
"""Makes a scene. The test sets the event when the run is over."""


def served(stack: ExitStack, requests: int, answer: Callable[[dict[str, Any]], Iterable[bytes]], **more: Any) -> Scene:
    """Serve a run. Its phase is reached when this number of requests has arrived."""
    reached = threading.Event()

    def script(before: int, request: dict[str, Any]) -> Iterable[bytes]:
        if reads_statuses(request):
            # only logins count
            server.requests -= 1
            return http(in_configuration(request))
        parts = answer(request)
        if before + 1 >= requests:
            reached.set()
        return parts

    server = stack.enter_context(Hostile(script))
    return Scene(server.url, reached, server, requests, **more)


def the_answer_is_outstanding(stack: ExitStack, over: threading.Event) -> Scene:
    def nothing(request: dict[str, Any]) -> Iterator[bytes]:
        over.wait(PATIENCE)
        yield from http(passing(request))

    return served(stack, MAX_CONCURRENT_CALLS, nothing)


def half_the_answer_has_arrived(stack: ExitStack, over: threading.Event) -> Scene:
    def half(request: dict[str, Any]) -> Iterator[bytes]:
        whole = b"".join(http(passing(request)))
        yield whole[:-9]
        over.wait(PATIENCE)
        yield whole[-9:]

    return served(stack, MAX_CONCURRENT_CALLS, half)


def the_service_throttles(stack: ExitStack, over: threading.Event) -> Scene:
    return refused_together(stack, "429 Too Many Requests")


def the_service_is_unavailable(stack: ExitStack, over: threading.Event) -> Scene:
    return refused_together(stack, "503 Service Unavailable")


def refused_together(stack: ExitStack, status: str) -> Scene:
    # the calls are refused together: otherwise the second call would wait for the refusal of the first
    together = threading.Barrier(MAX_CONCURRENT_CALLS)

    def refuse(request: dict[str, Any]) -> Iterable[bytes]:
        together.wait(PATIENCE)
        return http({}, status, Retry_After="3000")

    return served(stack, MAX_CONCURRENT_CALLS, refuse)


def a_retest_is_pending(stack: ExitStack, over: threading.Event) -> Scene:
    def fails(request: dict[str, Any]) -> Iterable[bytes]:
        results = [{"id": entry["id"], "status": "failed", "error_msg": "closed"} for entry in request["jobs"]]
        return http({"results": results, "count": len(results)})

    run = {"retest_attempts": 3, "retest_delay": AGES}
    return served(stack, len(ENDPOINTS), fails, run=run)


def a_token_is_fetched(stack: ExitStack, over: threading.Event) -> Scene:
    def nothing(request: dict[str, Any]) -> Iterator[bytes]:
        over.wait(PATIENCE)
        yield b""

    iam = served(stack, 1, nothing)
    drs = stack.enter_context(Hostile(lambda before, request: http(passing(request))))
    login = {"login": "u", "password": f"password for {iam.url}"}
    return Scene(drs.url, iam.reached, drs, connection=login, extra={"auth_type": "password", "iam_endpoint": iam.url})


def a_project_is_looked_up(stack: ExitStack, over: threading.Event) -> Scene:
    scene = a_token_is_fetched(stack, over)
    scene.extra |= {"project_id": "", "region": "cn-north-4"}
    return scene


def the_tls_handshake_runs(stack: ExitStack, over: threading.Event) -> Scene:
    reached = threading.Event()
    listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

    def accept() -> None:
        connection, _ = listening.accept()
        reached.set()
        over.wait(PATIENCE)
        connection.close()

    threading.Thread(target=accept, daemon=True).start()
    return Scene(f"https://127.0.0.1:{listening.getsockname()[1]}", reached)


def a_connection_is_not_accepted(stack: ExitStack, over: threading.Event) -> Scene:
    # a listener with a full queue does not answer the next client
    listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(4):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(listening.getsockname())
    reached = threading.Event()
    threading.Timer(0.3, reached.set).start()
    return Scene(f"http://127.0.0.1:{listening.getsockname()[1]}", reached)


def the_run_has_not_started(stack: ExitStack, over: threading.Event) -> Scene:
    scene = served(stack, 0, lambda request: http(passing(request)))
    scene.reached.set()
    return scene


STAGES: list[Stage] = [
    the_answer_is_outstanding,
    half_the_answer_has_arrived,
    the_service_throttles,
    the_service_is_unavailable,
    a_retest_is_pending,
    a_token_is_fetched,
    the_tls_handshake_runs,
    a_connection_is_not_accepted,
]


class TimeIsUpError(Exception):
    """Raised by a signal handler in the main thread, as Airflow's handler for ``execution_timeout`` does."""


@contextmanager
def signal_raises() -> Iterator[Callable[[], None]]:
    """Yield a function that raises :class:`TimeIsUpError` in the main thread."""

    handled = threading.Event()

    def handler(*_: Any) -> None:
        handled.set()
        raise TimeIsUpError

    def send() -> None:
        # Python hears nothing of a signal that comes right before its thread begins to wait for a lock
        while not handled.is_set():
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
            handled.wait(1)

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        yield send
    finally:
        signal.signal(signal.SIGUSR1, before)


@contextmanager
def playing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Scene, Callable[[Callable[[], Any]], None]]]:
    """Yield a scene, and a function that calls another when the phase is reached. Check that the run then ended."""
    over, late = threading.Event(), threading.Event()
    with ExitStack() as stack:
        scene = stage(stack, over)
        stack.callback(over.set)
        extra = {"project_id": "p", "connect_timeout": AGES, "read_timeout": AGES, "max_retry_seconds": AGES}
        connection = {"conn_type": "drs", "host": scene.url, "password": "t", **scene.connection}
        connection["extra"] = {**extra, **scene.extra}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))

        def release() -> None:
            late.set()
            over.set()

        releasing = threading.Timer(PATIENCE / 2, release)
        releasing.daemon = True
        releasing.start()
        stack.callback(releasing.cancel)

        def when_reached(end: Callable[[], Any]) -> None:
            def wait() -> None:
                scene.reached.wait(PATIENCE)
                end()

            threading.Thread(target=wait, daemon=True).start()

        yield scene, when_reached

        assert not late.is_set(), "the run ended only after the service had answered"
        threading.Event().wait(0.2)
        assert (scene.server.requests if scene.server else 0) == scene.requests
        for thread in threading.enumerate():
            if thread.name.startswith("drs") and thread.ident:
                thread.join(PATIENCE)
                assert not thread.is_alive()


def run(client: DrsClient, **options: Any) -> None:
    run_tests(client, parse_endpoints(ENDPOINTS), batch_size=1, max_concurrency=MAX_CONCURRENT_CALLS, **options)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_a_client_that_is_cancelled_in_another_thread_sends_no_further_login(stage, monkeypatch):
    with playing(stage, monkeypatch) as (scene, when_reached), DrsHook().get_conn() as client:
        when_reached(client.cancel)
        with pytest.raises(DrsStoppedError):
            run(client, **scene.run)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_a_task_that_times_out_sends_no_further_login(stage, monkeypatch):
    with (
        playing(stage, monkeypatch) as (scene, when_reached),
        DrsHook().get_conn() as client,
        signal_raises() as time_is_up,
    ):
        when_reached(time_is_up)
        with pytest.raises(TimeIsUpError):
            run(client, **scene.run)


@pytest.mark.parametrize("stage", [*STAGES, a_project_is_looked_up], ids=lambda stage: stage.__name__)
def test_a_task_that_is_killed_sends_no_further_login(stage, monkeypatch):
    with playing(stage, monkeypatch) as (scene, when_reached):
        task = DrsTestConnectionsOperator(
            task_id="test", jobs=ENDPOINTS, batch_size=1, max_concurrency=MAX_CONCURRENT_CALLS, **scene.run
        )
        when_reached(task.on_kill)
        with pytest.raises(DrsStoppedError):
            task.execute({})


def test_a_client_that_is_cancelled_before_the_run_sends_nothing(monkeypatch):
    with playing(the_run_has_not_started, monkeypatch), DrsHook().get_conn() as client:
        client.cancel()
        with pytest.raises(DrsStoppedError):
            run(client)
        with pytest.raises(DrsStoppedError):
            client.check_access()


def test_a_task_that_is_killed_before_it_starts_sends_nothing(monkeypatch):
    with playing(the_run_has_not_started, monkeypatch):
        task = DrsTestConnectionsOperator(task_id="test", jobs=ENDPOINTS, batch_size=1)
        task.on_kill()
        with pytest.raises(DrsStoppedError):
            task.execute({})


@settings(max_examples=25)
@given(
    last=st.integers(1, 30), max_concurrency=st.integers(1, 4), lost=st.booleans(), busy=st.sampled_from(["429", "503"])
)
def test_after_a_cancel_at_any_request_no_new_request_is_sent(last, max_concurrency, lost, busy):
    def cancels(before: int, request: dict[str, Any]) -> Iterable[bytes]:
        if before + 1 == last:
            client.cancel()
            return [b""] if lost else http({}, f"{busy} No")
        return http(passing(request))

    endpoints = parse_endpoints([endpoint(number) for number in range(30)])
    with Hostile(cancels) as server:
        client = DrsClient(server.url, "p", TokenAuth("t"))
        with pytest.raises(DrsStoppedError):
            run_tests(client, endpoints, batch_size=1, max_concurrency=max_concurrency)

    assert last <= server.requests <= last + max_concurrency - 1
