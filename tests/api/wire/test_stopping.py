"""A stopped client ends its calls at once, in every phase of a call, and sends nothing more."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bounded import Running, outcome
from hostile import Peer, certificate
from samples import endpoint, job_id

from airflow_provider_drs.api.auth import PasswordAuth, TokenAuth
from airflow_provider_drs.api.auth.iam import Iam
from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsStoppedError

LONG = 300.0
"""Seconds of each timeout, far longer than a test may take."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
THROTTLED = b"HTTP/1.1 429 Slow\r\nRetry-After: 100\r\nContent-Length: 2\r\n\r\n{}"


def client(url: str, auth: Any = None, **settings: Any) -> DrsClient:
    limits = {"connect_timeout": LONG, "read_timeout": LONG, "max_retry_seconds": LONG}
    return DrsClient(url, "p", auth or TokenAuth("a-token"), **{**limits, **settings})


def login(drs: DrsClient) -> object:
    return run_tests(drs, parse_endpoints([endpoint(1), endpoint(1, end_point_type="ta"), endpoint(2)]))


def read(drs: DrsClient) -> object:
    return drs.job_statuses([job_id(1)])


def stopped(drs: DrsClient, call: Callable[[DrsClient], object], peer: Peer, reached: Callable[[], bool]) -> int:
    """Start a call, wait until ``reached``, and stop the client. Return how many requests had arrived by then."""
    running = Running(lambda: call(drs))
    while not reached():
        assert not peer.over.wait(0.01)
    before = len(peer.requests)
    drs.cancel()
    assert isinstance(running.end(), DrsStoppedError)
    return before


WAITING: dict[str, tuple[bytes, bytes]] = {
    "for the answer": (b"", b""),
    "for headers": (HEAD, b""),
    "for dripping headers": (HEAD + b"X: ", b"x"),
    "for the body": (HEAD + b"Content-Length: 1000\r\n\r\n", b""),
    "for a dripping body": (HEAD + b"\r\n", b" "),
    "for interim answers": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
}


@pytest.mark.parametrize("call", [login, read])
@pytest.mark.parametrize("name", WAITING)
def test_a_stop_interrupts_a_wait(name, call):
    def script(connection: socket.socket, number: int) -> None:
        peer.read(connection)
        peer.drip(connection, *WAITING[name])

    with Peer(script) as peer:
        before = stopped(client(peer.url), call, peer, lambda: bool(peer.requests))
        peer.over.wait(0.1)

    # two calls run at once, so the second may arrive after the stop; a later call may not
    assert len(peer.requests) <= max(before, 2)


def test_a_stop_interrupts_name_resolution(monkeypatch):
    with Peer(lambda connection, number: None) as peer:
        asked: list[object] = []

        def never(*args: object, **settings: object) -> list[Any]:
            asked.append(args)
            peer.over.wait(30)
            return []

        monkeypatch.setattr(socket, "getaddrinfo", never)
        stopped(client("https://drs.example.org"), read, peer, lambda: bool(asked))


def test_a_stop_interrupts_connecting(monkeypatch):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, Peer(lambda connection, number: None) as peer:
        queue = [socket.socket() for _ in range(4)]
        for waiting in queue:
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        port = full.getsockname()[1]
        drs = client(f"http://127.0.0.1:{port}")
        stopped(drs, read, peer, lambda: peer.over.wait(0.2) or True)
        for waiting in queue:
            waiting.close()


def test_a_stop_interrupts_the_handshake():
    with Peer(lambda connection, number: peer.over.wait(30)) as peer:
        stopped(client(f"https://127.0.0.1:{peer.port}", max_attempts=1), read, peer, lambda: peer.connections > 0)


def test_a_stop_interrupts_a_request_over_tls_that_the_service_does_not_read(tmp_path):
    context, pem = certificate(tmp_path, "127.0.0.1")
    reached = []

    def script(connection: socket.socket, number: int) -> None:
        with context.wrap_socket(connection, server_side=True):
            reached.append(number)
            peer.over.wait(30)

    big = parse_endpoints([endpoint(1, db_name="x" * 60, ssl_link=False)])
    with Peer(script) as peer:
        drs = client(f"https://127.0.0.1:{peer.port}", verify=pem)
        stopped(drs, lambda drs: drs.test_connections(big), peer, lambda: bool(reached))


@pytest.mark.parametrize("call", [login, read])
def test_a_stop_interrupts_the_pause_before_a_retry_and_the_wait_of_other_calls_for_the_pacer(call):
    def script(connection: socket.socket, number: int) -> None:
        while peer.read(connection):
            connection.sendall(THROTTLED)

    with Peer(script) as peer:
        before = stopped(client(peer.url), call, peer, lambda: bool(peer.requests))
        peer.over.wait(0.1)

    assert len(peer.requests) <= max(before, 2)


def test_a_stop_interrupts_the_delay_before_a_retest():
    def script(connection: socket.socket, number: int) -> None:
        peer.read(connection)
        connection.sendall(HEAD + b"Content-Length: 28\r\n\r\n" + b'{"results": [], "count": 0  }')

    with Peer(script) as peer:
        endpoints = parse_endpoints([endpoint(1)])
        stopped(
            client(peer.url),
            lambda drs: run_tests(drs, endpoints, retest_attempts=5, retest_delay=LONG),
            peer,
            lambda: bool(peer.requests),
        )
        peer.over.wait(0.1)

    assert len(peer.requests) == 1


def test_a_stop_interrupts_a_login_and_the_wait_for_the_login_of_another_client():
    def script(connection: socket.socket, number: int) -> None:
        peer.read(connection)
        peer.over.wait(30)

    def auth() -> PasswordAuth:
        iam = Iam(peer.url, connect_timeout=LONG, read_timeout=LONG)
        return PasswordAuth("alice", "a-password", domain="d", project={"id": "p"}, iam=iam)

    with Peer(script) as peer:
        first, second = client(peer.url, auth()), client(peer.url, auth())
        logging_in = Running(lambda: read(first))
        while not peer.requests:
            assert not peer.over.wait(0.01)
        waiting = Running(lambda: read(second))
        peer.over.wait(0.1)
        second.cancel()
        assert isinstance(waiting.end(), DrsStoppedError)
        assert len(peer.requests) == 1
        first.cancel()
        assert isinstance(logging_in.end(), DrsStoppedError)
        peer.over.wait(0.1)

    assert len(peer.requests) == 1
    assert all(b"/auth/tokens" in request for request in peer.requests)


def test_after_a_stop_at_any_moment_nothing_is_sent():
    def script(connection: socket.socket, number: int) -> None:
        while peer.read(connection):
            connection.sendall(THROTTLED.replace(b"100", b"0"))

    for pause in range(8):
        with Peer(script) as peer, ThreadPoolExecutor(4) as pool:
            drs = client(peer.url, max_attempts=1000)
            running = [pool.submit(read, drs) for _ in range(4)]
            peer.over.wait(pause / 100)
            drs.cancel()
            for future in running:
                assert isinstance(future.exception(timeout=20), DrsStoppedError)
            # the peer may take a moment to read what was sent before the stop
            peer.over.wait(0.05)
            before = len(peer.requests)
            peer.over.wait(0.02)
            with pytest.raises(DrsStoppedError):
                read(drs)
            assert len(peer.requests) == before


def test_a_stop_interrupts_the_request_to_a_proxy(monkeypatch):
    def script(connection: socket.socket, number: int) -> None:
        connection.recv(2**16)
        asked.append(number)
        peer.over.wait(30)

    asked: list[int] = []
    for name in ("https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Peer(script) as peer:
        monkeypatch.setenv("HTTPS_PROXY", peer.url)
        stopped(client("https://drs.example.org"), read, peer, lambda: bool(asked))

    assert asked == [0]


def test_a_stop_interrupts_no_body_that_has_ended():
    cancellation = Cancellation()
    interrupted: list[str] = []
    with cancellation.interrupting(lambda: interrupted.append("over")):
        pass
    with pytest.raises(DrsStoppedError), cancellation.interrupting(lambda: interrupted.append("running")):
        cancellation.cancel()

    assert interrupted == ["running"]


def test_a_stop_interrupts_a_body_that_starts_at_the_same_moment():
    class StoppedAsItBegins(Cancellation):
        def check(self) -> None:
            super().check()
            self.cancel()

    interrupted: list[bool] = []
    with pytest.raises(DrsStoppedError), StoppedAsItBegins().interrupting(lambda: interrupted.append(True)):
        pass

    assert interrupted == [True]


def test_after_a_stop_no_body_starts_and_no_pause_is_slept():
    cancellation = Cancellation()
    cancellation.cancel()
    begun: list[bool] = []

    with pytest.raises(DrsStoppedError), cancellation.interrupting(lambda: None):
        begun.append(True)
    error = outcome(lambda: cancellation.sleep(LONG))

    assert isinstance(error, DrsStoppedError)
    assert begun == []
