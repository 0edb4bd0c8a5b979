"""An exchange always ends at its deadline, and returns only a complete and valid answer."""

from __future__ import annotations

import gzip
import json
import socket
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from threading import Barrier, Event
from typing import Any

import pytest
from bounded import Running, outcome
from hostile import Peer
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import job_id

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsConnectionLostError,
    DrsError,
    DrsTimeoutError,
    DrsTransportError,
)
from airflow_provider_drs.api.operation import MAX_BODY, Operation
from airflow_provider_drs.api.operations.connection_test import CONNECTION_TEST
from airflow_provider_drs.api.operations.job_status import JOB_STATUS
from airflow_provider_drs.api.wire.answers import Answer
from airflow_provider_drs.api.wire.connection import Connection
from airflow_provider_drs.api.wire.transport import Transport

SOON = 0.3
PAYLOAD: dict[str, Any] = {"results": [{"id": job_id(1), "status": "CONFIGURATION"}], "count": 1}
BODY = json.dumps(PAYLOAD).encode()
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = OK + LENGTH % len(BODY) + BODY
AWAY = b"HTTP/1.1 307 Away\r\nLocation: http://127.0.0.1:1/\r\n"


def exchange(transport: Transport, operation: Operation = JOB_STATUS) -> Answer:
    return transport.exchange(operation, "/", b"{}", auth=TokenAuth("a-token"))


def asked(peer: Peer, operation: Operation = JOB_STATUS, read_timeout: float = SOON) -> Any:
    transport = Transport(peer.url, connect_timeout=SOON, read_timeout=read_timeout)
    return outcome(lambda: exchange(transport, operation))


def answering(*parts: bytes) -> Peer:
    """Return a peer that answers one request with these bytes and hangs up."""

    def script(connection: Any, number: int) -> None:
        peer.read(connection)
        for part in parts:
            connection.sendall(part)

    peer = Peer(script)
    return peer


DRIPPING = {
    "status line": (b"HTTP/1.1 200 ", b"O"),
    "nothing but line breaks": (b"", b"\r\n"),
    "100 Continue again and again": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "102 Processing again and again": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "headers": (OK + b"X-Slow: ", b"a"),
    "header after header": (OK, b"X: a\r\n"),
    "body with a length": (OK + LENGTH % 10_000, b" "),
    "body without a length": (OK + b"\r\n", b" "),
    "body of HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\n", b" "),
    "one chunk": (CHUNKED + b"10000\r\n", b" "),
    "chunk after chunk": (CHUNKED, b"1\r\n \r\n"),
    "length of a chunk": (CHUNKED, b"0"),
    "extension of a chunk": (CHUNKED + b"1;", b"x"),
    "trailers": (CHUNKED + b"0\r\nX: ", b"0"),
    "body of a redirect": (AWAY + LENGTH % 10_000, b" "),
    "body of an error": (b"HTTP/1.1 503 No\r\n" + LENGTH % 10_000, b" "),
    "silence": (b"", b""),
}


@pytest.mark.parametrize("name", DRIPPING)
def test_an_exchange_with_a_dripping_answer_ends_at_the_deadline(name):
    start, drop = DRIPPING[name]

    def script(connection: Any, number: int) -> None:
        peer.read(connection)
        peer.drip(connection, start, drop)

    with Peer(script) as peer:
        error = asked(peer)

    assert type(error) in (DrsTimeoutError, DrsAnswerError), error
    assert isinstance(error, DrsTimeoutError) or name in ("length of a chunk", "nothing but line breaks")
    assert "within 0.3 s" in str(error) or "is not valid HTTP" in str(error)
    assert error.retryable


def test_an_exchange_ends_at_the_deadline_when_the_service_does_not_read_the_request():
    with Peer(lambda connection, number: peer.over.wait(30)) as peer:
        transport = Transport(peer.url, read_timeout=SOON)
        error = outcome(lambda: transport.exchange(CONNECTION_TEST, "/", b" " * 30_000_000, auth=TokenAuth("a-token")))

    assert isinstance(error, DrsTimeoutError)


ENDLESS: dict[str, tuple[bytes, bytes]] = {
    "body": (OK + b"\r\n", b" " * 2**16),
    "chunks": (CHUNKED, b"10000\r\n" + b" " * 2**16 + b"\r\n"),
    "chunks of two bytes": (CHUNKED, b"2\r\n  \r\n" * 10_000),
    "status line": (b"HTTP/1.1 200 ", b"O" * 2**16),
    "header": (OK + b"X: ", b"x" * 2**16),
    "headers": (OK, b"X: x\r\n" * 10_000),
    "length of a chunk": (CHUNKED, b"0" * 2**16),
    "extension of a chunk": (CHUNKED + b"1;", b"x" * 2**16),
    "trailer": (CHUNKED + b"0\r\nX: ", b"x" * 2**16),
    "trailers": (CHUNKED + b"0\r\n", b"X: x\r\n" * 10_000),
    "body of a redirect": (AWAY + b"\r\n", b" " * 2**16),
    "interim answers": (b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 2_000),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_an_endless_answer_is_an_error_and_takes_little_memory(name):
    start, part = ENDLESS[name]

    def script(connection: Any, number: int) -> None:
        peer.read(connection)
        connection.sendall(start)
        while True:
            connection.sendall(part)

    with Peer(script) as peer:
        tracemalloc.start()
        try:
            error = asked(peer, read_timeout=2)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert isinstance(error, DrsAnswerError | DrsTimeoutError), error
    assert peak < 8 * MAX_BODY


BOMBS = {
    "gzip": (b"Content-Encoding: gzip\r\n", gzip.compress(b" " * 20_000_000)),
    "objects": (b"", b'{"results":[' + b",".join([b"{}"] * 300_000) + b"]}"),
    "lists": (b"", b'{"results":[' + b"[" * 400_000 + b"]" * 400_000 + b"]}"),
    "texts": (b"", b'{"results":[' + b",".join(b'"%05d"' % number for number in range(100_000)) + b"]}"),
    "an escaped text": (b"", b'{"results":[],"x":"' + b"\\u0041" * 150_000 + b'"}'),
    "a long number": (b"", b'{"results":[],"x":' + b"9" * 900_000 + b"}"),
    "a huge exponent": (b"", b'{"results":[],"x":1e999999}'),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_decompression_or_json_bomb_takes_little_memory(name):
    header, body = BOMBS[name]
    with answering(OK + header + LENGTH % len(body) + body) as peer:
        tracemalloc.start()
        try:
            error = asked(peer, read_timeout=10)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert isinstance(error, DrsAnswerError | Answer)
    assert peak < 10 * MAX_BODY


ODD: dict[str, tuple[bytes, type[DrsTransportError]]] = {
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", DrsAnswerError),
    "HTTP/2": (b"HTTP/2 200\r\n\r\n", DrsAnswerError),
    "a status of two digits": (b"HTTP/1.1 20 OK\r\n\r\n", DrsAnswerError),
    "a status that is no number": (b"HTTP/1.1 abc OK\r\n\r\n", DrsAnswerError),
    "two lengths": (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", DrsAnswerError),
    "a negative length": (OK + b"Content-Length: -1\r\n\r\n", DrsAnswerError),
    "length and chunks": (
        OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
        DrsAnswerError,
    ),
    "another transfer encoding": (OK + b"Transfer-Encoding: gzip\r\n\r\n", DrsAnswerError),
    "a chunk that is none": (CHUNKED + b"zz\r\n", DrsAnswerError),
    "a chunk of a negative length": (CHUNKED + b"-5\r\n", DrsAnswerError),
    "a chunk longer than it says": (CHUNKED + b"1\r\n{}\r\n0\r\n\r\n", DrsAnswerError),
    "a header without a colon": (OK + b"nonsense\r\n\r\n", DrsAnswerError),
    "a blank before the colon": (OK + b"Content-Length : 5\r\n\r\n", DrsAnswerError),
    "a NUL in a header": (OK + b"X: a\x00b\r\n\r\n", DrsAnswerError),
    "too many headers": (OK + b"X: x\r\n" * 101 + LENGTH % len(BODY) + BODY, DrsAnswerError),
    "switching protocols": (
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + BODY,
        DrsAnswerError,
    ),
    "nothing": (b"", DrsConnectionLostError),
    "half a status line": (b"HTTP/1.1 2", DrsConnectionLostError),
    "half the headers": (OK, DrsConnectionLostError),
    "an interim answer alone": (b"HTTP/1.1 100 Continue\r\n\r\n", DrsConnectionLostError),
    "no body": (OK + LENGTH % len(BODY), DrsConnectionLostError),
    "half a body": (OK + LENGTH % len(BODY) + BODY[:9], DrsConnectionLostError),
    "half a chunk": (CHUNKED + b"%x\r\n%s" % (len(BODY), BODY[:9]), DrsConnectionLostError),
    "no last chunk": (CHUNKED + b"%x\r\n%s\r\n" % (len(BODY), BODY), DrsConnectionLostError),
    "half the trailers": (CHUNKED + b"%x\r\n%s\r\n0\r\nX:" % (len(BODY), BODY), DrsConnectionLostError),
}


@pytest.mark.parametrize("name", ODD)
def test_an_incomplete_or_invalid_answer_raises_the_error_of_its_kind(name):
    data, kind = ODD[name]
    with answering(data) as peer:
        error = asked(peer, read_timeout=5)

    assert type(error) is kind, error
    assert len(peer.requests) == 1


GOOD_WAYS = {
    "with a length": WHOLE,
    "without a length": OK + b"\r\n" + BODY,
    "by HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
    "in chunks": CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
    "in chunks with extensions and trailers": CHUNKED + b"%x;a=b\r\n%s\r\n0\r\nX: y\r\n\r\n" % (len(BODY), BODY),
    "after an interim answer": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + WHOLE,
    "without a reason": b"HTTP/1.1 200\r\n" + LENGTH % len(BODY) + BODY,
}


@pytest.mark.parametrize("name", GOOD_WAYS)
@pytest.mark.parametrize("size", [1, 10_000])
def test_a_complete_answer_is_read_in_every_framing_of_http(name, size):
    data = GOOD_WAYS[name]
    with answering(*(data[start : start + size] for start in range(0, len(data), size))) as peer:
        assert asked(peer, read_timeout=5).payload == PAYLOAD


UNUSUAL: dict[str, bytes] = {
    "an interim answer": b"HTTP/1.1 102 Processing\r\n\r\n" + WHOLE,
    "an empty 200": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "304": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "a redirect": AWAY + LENGTH % 2 + b"{}",
    "bytes after the answer": WHOLE + b"x",
    "an answer after the answer": WHOLE + WHOLE,
    "Connection: close": OK + b"Connection: close\r\n" + LENGTH % len(BODY) + BODY,
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n" + LENGTH % len(BODY) + BODY,
}


def serving(first: bytes, then: Callable[[Any], object] = lambda connection: None) -> Peer:
    """Return a peer that keeps connections alive; it answers the first request with these bytes, all others well."""

    def script(connection: Any, number: int) -> None:
        while peer.read(connection):
            if len(peer.requests) == 1:
                connection.sendall(first)
                then(connection)
            else:
                connection.sendall(WHOLE)

    peer = Peer(script)
    return peer


@pytest.mark.parametrize("name", UNUSUAL)
def test_after_an_unusual_answer_the_next_request_uses_a_new_connection(name):
    with serving(UNUSUAL[name]) as peer:
        transport = Transport(peer.url, read_timeout=5)
        outcome(lambda: exchange(transport))
        for _ in range(3):
            assert outcome(lambda: exchange(transport)).payload == PAYLOAD
        transport.close()

    assert (peer.connections, len(peer.requests)) == (2, 4)


LATE: dict[str, Callable[[Any], object]] = {
    "a whole answer": lambda connection: connection.sendall(WHOLE.replace(b"CONFIGURATION", b"CREATE_FAILED")),
    "a byte": lambda connection: connection.sendall(b"x"),
    "the end": lambda connection: connection.shutdown(2),
}


@pytest.mark.parametrize("name", LATE)
def test_an_idle_connection_that_receives_anything_is_not_used_again(name):
    def late(connection: Any) -> None:
        peer.over.wait(0.05)
        LATE[name](connection)

    with serving(WHOLE, late) as peer:
        transport = Transport(peer.url, read_timeout=5)
        exchange(transport)
        peer.over.wait(0.3)
        assert outcome(lambda: exchange(transport)).payload == PAYLOAD

    assert peer.connections == 2


def test_reads_share_a_connection_and_logins_never_do():
    with serving(WHOLE) as peer:
        transport = Transport(peer.url, read_timeout=5)
        for operation in (JOB_STATUS, JOB_STATUS, CONNECTION_TEST, JOB_STATUS, CONNECTION_TEST):
            outcome(partial(exchange, transport, operation))
        transport.close()

    assert peer.connections == 3
    assert [b"\r\nConnection: close" in request for request in peer.requests] == [False, False, True, False, True]


def test_a_connection_is_not_quiet_when_bytes_arrive_before_the_request():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection = Connection(ours, Cancellation())
        assert connection.quiet()
        theirs.sendall(WHOLE)
        assert not connection.quiet()


@settings(max_examples=60)
@given(
    data=st.binary(max_size=60)
    | st.builds(
        lambda head, body, cut: (head + body)[:cut] + b"\x00" * (cut % 3 == 0),
        st.sampled_from([OK + b"\r\n", CHUNKED, b"HTTP/1.1 100 x\r\n\r\n", AWAY, WHOLE, OK + LENGTH % 5]),
        st.binary(max_size=40),
        st.integers(0, 200),
    ),
    cuts=st.lists(st.integers(0, 100), max_size=4),
)
def test_any_bytes_in_any_packets_give_a_drs_error_or_a_complete_answer(data, cuts):
    with answering(*(data[start:end] for start, end in pairwise([0, *sorted(cuts), len(data)]))) as peer:
        result = asked(peer, read_timeout=5)

    assert isinstance(result, DrsError) or (result.payload == PAYLOAD and data.startswith(WHOLE))
    assert not isinstance(result, DrsTimeoutError)


def test_a_late_answer_is_not_taken_for_the_answer_to_the_next_request():
    asked_again = Event()

    def script(connection: socket.socket, number: int) -> None:
        while peer.read(connection):
            if len(peer.requests) == 1:
                asked_again.wait(10)
                connection.sendall(WHOLE.replace(b"CONFIGURATION", b"CREATE_FAILED"))
            else:
                asked_again.set()
                connection.sendall(WHOLE)

    with Peer(script) as peer:
        transport = Transport(peer.url, read_timeout=SOON)
        assert isinstance(outcome(lambda: exchange(transport)), DrsTimeoutError)
        assert outcome(lambda: exchange(transport)).payload == PAYLOAD
        transport.close()

    assert peer.connections == 2


def test_a_connection_in_use_during_the_close_is_closed_after_its_exchange():
    closing, closed = Event(), Event()

    def script(connection: socket.socket, number: int) -> None:
        while peer.read(connection):
            closing.wait(10)
            connection.sendall(WHOLE)
        closed.set()

    with Peer(script) as peer:
        transport = Transport(peer.url, read_timeout=20)
        running = Running(lambda: exchange(transport))
        while not peer.requests:
            assert not peer.over.wait(0.01)
        transport.close()
        closing.set()
        assert running.end().payload == PAYLOAD
        assert closed.wait(10)
        assert transport.endpoint == peer.url, "keep a reference: only close may close the connection"


def test_the_transport_keeps_as_many_connections_as_were_used_at_once():
    together = Barrier(12)

    def script(connection: socket.socket, number: int) -> None:
        while peer.read(connection):
            together.wait(20)
            connection.sendall(WHOLE)

    with Peer(script) as peer, ThreadPoolExecutor(together.parties) as pool:
        transport = Transport(peer.url, read_timeout=20)
        for _ in range(3):
            calls = [pool.submit(exchange, transport) for _ in range(together.parties)]
            assert [call.result().payload for call in calls] == [PAYLOAD] * together.parties
        transport.close()

    assert peer.connections == together.parties
