"""Property-based: with any bytes in any packets a call ends, and an endpoint passes only for a plain good answer."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from any_json import VALUES, a_list, an_object, objects
from bounded import outcome
from hostile import Peer
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import endpoint, job_id
from virtual_time import VirtualTime

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.model.report import Report

READ_TIMEOUT = 0.15
TOO_LONG = 2 * READ_TIMEOUT
JOBS = [job_id(number) for number in range(3)]
ENDPOINTS = parse_endpoints([endpoint(number) for number in range(3)])
PASSED = json.dumps({
    "results": [{"id": job, "status": "success", "success": True} for job in JOBS], "count": 3
}).encode()  # fmt: skip
READY = json.dumps({"results": [{"id": job, "status": "CONFIGURATION"} for job in JOBS], "count": 3}).encode()


@dataclass(frozen=True)
class Packets:
    """The parts of an answer, each with the seconds of the pause before it."""

    parts: list[tuple[float, bytes]]

    @property
    def data(self) -> bytes:
        return b"".join(part for _, part in self.parts)


@pytest.fixture(scope="module")
def send():
    """Return a function that makes one call to a service that answers with these packets."""
    sent: list[Packets] = []

    def script(connection: Any, number: int) -> None:
        peer.read(connection)
        for pause, part in sent[-1].parts:
            time.sleep(pause)  # in the thread of the server
            connection.sendall(part)

    def send(packets: Packets, call: Callable[[DrsClient], Any], read_timeout: float = READ_TIMEOUT) -> Any:
        sent.append(packets)
        pacer = VirtualTime().pacer()
        with DrsClient(
            peer.url, "p", TokenAuth("a-token"), read_timeout=read_timeout, max_attempts=1, pacer=pacer
        ) as client:
            return outcome(lambda: call(client))

    with Peer(script) as peer:
        yield send


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def framed(body: bytes, framing: str) -> bytes:
    """Return the headers that state the end of a body, and the body."""
    return {
        "a length": b"Content-Length: %d\r\n\r\n%s" % (len(body), body),
        "chunks": b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, 50),
        "the end": b"\r\n" + body,
        "a length too long": b"Content-Length: %d\r\n\r\n%s" % (len(body) + 1, body),
        "a length too short": b"Content-Length: %d\r\n\r\n%s" % (max(0, len(body) - 1), body),
        "both": b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n%s" % (len(body), chunked(body, 50)),
        "two lengths": b"Content-Length: %d\r\nContent-Length: 1\r\n\r\n%s" % (len(body), body),
    }[framing]


SOUND = ("a length", "chunks", "the end")
UNSOUND = ("a length too long", "a length too short", "both", "two lengths")
OK = b"HTTP/1.1 200 OK\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
START_LINES = st.sampled_from([OK, b"HTTP/1.1 200\r\n", b"HTTP/1.0 200 OK\r\n", INTERIM + OK]) | st.builds(
    lambda status: b"HTTP/1.1 %d X\r\n" % status, st.integers(99, 600)
)
HEADER_NAMES = st.sampled_from([
    *(b"Retry-After", b"X-Request-Id", b"Content-Type", b"Content-Encoding", b"Content-Length", b"Transfer-Encoding"),
    *(b"Age", b"Date", b"X-Cache", b"Warning", b"Location", b"Set-Cookie", b"Connection", b"Upgrade"),
])  # fmt: skip
DATES = st.lists(st.sampled_from(["Mon,", "1", "99", "Jan", ",", ":", "12:00:00", "9" * 30, "GMT", "+9999", "-", "."]))
HEADER_VALUES = (
    st.binary(max_size=30)
    | DATES.map(lambda words: " ".join(words).encode())
    | st.sampled_from([b"0", b"-1", b"9" * 400, b"1e999", b"identity", b"gzip", b"chunked", b"close", b"HIT", b"\xff"])
)
HEADERS = st.lists(st.tuples(HEADER_NAMES | st.binary(max_size=9), HEADER_VALUES), max_size=4).map(
    lambda pairs: b"".join(b"%s: %s\r\n" % pair for pair in pairs)
)
PIECES = st.binary(max_size=12) | st.sampled_from([
    *(b"\r\n\r\n", b"\0", b"\x80", b'"', b"{", b"}", b"]", b",", b"false", b'"failed"', b'"error_code": "X",'),
    *(b"1e999", b"NaN", b"\\ud800", b"\\u0000", OK, INTERIM, b"0\r\n\r\n", JOBS[0].encode(), JOBS[2].encode()),
])  # fmt: skip


def spoilt(data: bytes, place: float, length: int, piece: bytes) -> bytes:
    start = int(place * len(data))
    return data[:start] + piece + data[start + length :]


def spoiling(data: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return a strategy that replaces some bytes at any place by a piece."""
    return st.builds(spoilt, data, st.floats(0, 1), st.integers(0, 40), PIECES)


TOKENS = re.compile(rb'"[^"]*"|\w+')
WORDS = st.sampled_from(
    [
        b"false",
        b"null",
        b"0",
        b'"failed"',
        b'"false"',
        b'"error"',
        b'"id"',
        b"[]",
        b"{}",
        b"",
        b'"success\\n"',
        b'"CONFIGURATION\\n"',
    ]
)


def mostly(often: st.SearchStrategy[Any], *seldom: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from([often] * len(seldom) + list(seldom)).flatmap(lambda strategy: strategy)


def with_other_tokens(good: bytes) -> st.SearchStrategy[bytes]:
    """Return a strategy that replaces one name or value by another."""
    return st.builds(
        lambda token, other: good[: token.start()] + other + good[token.end() :],
        st.sampled_from(list(TOKENS.finditer(good))),
        WORDS | VALUES.map(str.encode),
    )


def bodies(good: bytes) -> st.SearchStrategy[bytes]:
    odd = VALUES | objects("results") | st.lists(objects("id", "status"), max_size=4).map(results_of)
    return mostly(
        with_other_tokens(good), st.just(good), spoiling(st.just(good)), odd.map(str.encode), st.binary(max_size=60)
    )


def results_of(items: list[str]) -> str:
    return an_object([("results", a_list(items))])


def cut(data: bytes, places: list[float], pauses: list[float]) -> Packets:
    borders = [0, *sorted(int(place * len(data)) for place in places), len(data)]
    parts = [data[start:end] for start, end in pairwise(borders)]
    return Packets(list(zip([*pauses, *[0.0] * len(parts)], parts, strict=False)))


def packets(data: st.SearchStrategy[bytes], pauses: list[float]) -> st.SearchStrategy[Packets]:
    return st.builds(cut, data, st.lists(st.floats(0, 1), max_size=5), st.lists(st.sampled_from(pauses), max_size=5))


def any_packets(good: bytes) -> st.SearchStrategy[Packets]:
    """Return a strategy of arbitrary packets, many of them close to a good answer."""
    plain = st.builds(lambda body, framing: OK + framed(body, framing), bodies(good), st.sampled_from(SOUND))
    whole = st.builds(
        lambda line, headers, body, framing: line + headers + framed(body, framing),
        START_LINES, HEADERS, bodies(good), st.sampled_from(SOUND + UNSOUND),
    )  # fmt: skip
    data = mostly(plain, whole, spoiling(plain), st.binary(max_size=80))
    return packets(data, [0.0] * 9 + [0.002, 0.02, TOO_LONG])


def good_packets(good: bytes) -> st.SearchStrategy[Packets]:
    whole = st.builds(
        lambda line, framing: line + framed(good, framing),
        st.sampled_from([OK, b"HTTP/1.1 200\r\n", INTERIM + OK]), st.sampled_from(SOUND),
    )  # fmt: skip
    return packets(whole, [0.0, 0.001, 0.01])


class _Sent:
    """A stand-in for the socket of ``http.client``."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> BytesIO:
        return BytesIO(self._data)


def read_by_http_client(data: bytes) -> dict[str, Any]:
    """Return the JSON of a complete answer with status 200 as ``http.client`` reads it, or an empty object."""

    def unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(members)) == len(members)
        return dict(members)

    while data.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1")):
        data = data.partition(b"\r\n\r\n")[2]
    try:
        response = HTTPResponse(_Sent(data))  # type: ignore[arg-type]
        response.begin()
        body = response.read()
        payload = json.loads(body.decode("utf-8-sig", "replace"), object_pairs_hook=unique)
    except (HTTPException, ValueError, OverflowError, RecursionError, AssertionError):
        return {}
    return payload if response.status == 200 and isinstance(payload, dict) else {}


def items_about(job: str, payload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the results that name a job, or an empty list when the answer has an error or an unknown job."""
    results = payload.get("results")
    if not isinstance(results, list) or not all(isinstance(item, dict) and item.get("id") in JOBS for item in results):
        return []
    if any(payload.get(name) for name in ("error", "error_code", "errorCode", "error_msg")):
        return []
    return [item for item in results if item["id"] == job]


def affirmed(job: str, payload: dict[str, Any]) -> bool:
    about = items_about(job, payload)
    return [
        (str(item.get("status")).lower() in ("success", "true"), item.get("success") in (None, True))
        for item in about
        if not item.get("error_code") and not item.get("error_msg")
    ] == [(True, True)] and len(about) == 1


@settings(max_examples=150)
@given(sent=any_packets(PASSED))
def test_whatever_comes_the_report_is_whole_and_green_only_by_a_plain_good_answer(send, sent):
    report = send(sent, lambda client: run_tests(client, ENDPOINTS))

    assert isinstance(report, Report), report
    assert [verdict.job_id for verdict in report.endpoints] == JOBS
    payload = read_by_http_client(sent.data) if len(report.failed) < len(JOBS) else {}
    for verdict in report.endpoints:
        assert not verdict.passed or affirmed(verdict.job_id, payload)
        assert verdict.passed or verdict.text


@settings(max_examples=150)
@given(sent=any_packets(READY))
def test_for_any_bytes_each_job_has_the_status_that_was_sent_or_a_drs_error(send, sent):
    results = send(sent, lambda client: client.look_up(JOBS))

    assert isinstance(results, dict), results
    assert list(results) == JOBS
    known = any(isinstance(status, JobStatus) for status in results.values())
    payload = read_by_http_client(sent.data) if known else {}
    for job, status in results.items():
        if isinstance(status, JobStatus) and status.phase is not None:
            assert [item.get("status") for item in items_about(job, payload)] == [str(status)]
        else:
            assert isinstance(status, JobStatus | DrsError)
            assert str(status)


@settings(max_examples=40)
@given(sent=good_packets(PASSED))
def test_a_good_answer_passes_in_any_packets(send, sent):
    report = send(sent, lambda client: run_tests(client, ENDPOINTS), read_timeout=10)

    assert report.passed, report


@settings(max_examples=40)
@given(sent=good_packets(READY))
def test_statuses_are_known_in_any_packets(send, sent):
    results = send(sent, lambda client: client.look_up(JOBS), read_timeout=10)

    assert results == dict.fromkeys(JOBS, JobStatus.CONFIGURATION)
