"""A connection test is a login. A run logs in once to each endpoint, even when the answer is lost."""

from __future__ import annotations

import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hostile import RESET, Hostile, certificate, http, passing
from hypothesis import example, given, settings
from hypothesis import strategies as st
from samples import endpoint
from virtual_time import VirtualTime

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.model.report import Report

READ_TIMEOUT = 0.3


@dataclass
class Outcome:
    report: Report
    logins: Counter[str]
    """Number of logins that DRS was asked for, by job id."""


def run_against(
    answer: Callable[[dict[str, Any]], Iterable[bytes]],
    *,
    tls: tuple[ssl.SSLContext, str] | None = None,
    refuses: Callable[[int], bytes | None] = lambda before: None,
) -> Outcome:
    """Test two endpoints in one call. ``answer`` makes the first answer, and all later answers are good.

    An endpoint that passes although the first answer was lost was therefore logged in to twice.
    """
    logins: Counter[str] = Counter()

    def script(before: int, request: dict[str, Any]) -> Iterable[bytes]:
        logins.update(entry["id"] for entry in request["jobs"])
        return http(passing(request)) if before else answer(request)

    with Hostile(script, tls[0] if tls else None, refuses=refuses) as server:
        client = DrsClient(
            server.url,
            "p",
            TokenAuth("t"),
            verify=tls[1] if tls else True,
            read_timeout=READ_TIMEOUT,
            pacer=VirtualTime().pacer(),
        )
        with client:
            report = run_tests(client, parse_endpoints([endpoint(1), endpoint(2)]))
    return Outcome(report, logins)


def assert_one_login_and_red(outcome: Outcome) -> None:
    assert max(outcome.logins.values()) == 1
    assert not any(verdict.passed for verdict in outcome.report.endpoints)
    assert all(verdict.text for verdict in outcome.report.endpoints)


def silence() -> Iterator[bytes]:
    time.sleep(READ_TIMEOUT * 2)
    yield b""


def good(request: dict[str, Any]) -> bytes:
    return b"".join(http(passing(request)))


def good_alone(request: dict[str, Any]) -> Iterable[bytes]:
    return [good(request)]


ENDS: dict[str, Callable[[], Iterable[bytes]]] = {
    "hanging up": lambda: [b""],
    "a reset": lambda: [RESET],
    "silence": silence,
    "something else": lambda: [b"\0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"],
}


@settings(max_examples=60)
@given(part=st.floats(0, 1, exclude_max=True), end=st.sampled_from(sorted(ENDS)))
@example(part=0.0, end="hanging up")
@example(part=0.0, end="a reset")
@example(part=0.0, end="silence")
def test_an_answer_that_is_lost_at_any_byte_causes_no_second_login(part, end):
    def cut(request: dict[str, Any]) -> Iterator[bytes]:
        whole = good(request)
        yield whole[: int(part * len(whole))]
        yield from ENDS[end]()

    assert_one_login_and_red(run_against(lambda request: cut(request)))


def head(first: str, *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {first}", *lines, "", ""]).encode()


ODD: dict[str, Callable[[dict[str, Any]], Iterable[bytes]]] = {
    "two lengths": lambda request: [head("200 OK", "Content-Length: 5", "Content-Length: 6"), b"{}    "],
    "a negative length": lambda request: [head("200 OK", "Content-Length: -1"), b"{}"],
    "a length that is no number": lambda request: [head("200 OK", "Content-Length: many"), b"{}"],
    "a length that is too long": lambda request: [head("200 OK", "Content-Length: " + "9" * 50), b"{}"],
    "length and chunks": lambda request: [
        head("200 OK", "Content-Length: 2", "Transfer-Encoding: chunked"),
        b"0\r\n\r\n",
    ],
    "an unknown coding": lambda request: [head("200 OK", "Transfer-Encoding: gzip, chunked"), b"0\r\n\r\n"],
    "a chunk that is no number": lambda request: [
        head("200 OK", "Transfer-Encoding: chunked"),
        b"zz\r\n{}\r\n0\r\n\r\n",
    ],
    "a Location that cannot be read": lambda request: [
        head("302 Found", "Location: http://[::1", "Content-Length: 0"),
    ],
    "a Location to itself": lambda request: [head("307 Temporary Redirect", "Location: /", "Content-Length: 0")],
    "a header without a name": lambda request: [head("200 OK", ": nothing", "Content-Length: 2"), b"{}"],
    "a NUL in a header": lambda request: [head("200 OK", "X: \0", "Content-Length: 2"), b"{}"],
    "a header that goes on": lambda request: [head("200 OK", "X: a", "\tb", "Content-Length: 2"), b"{}"],
    "headers without an end": lambda request: [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000],
    "another protocol": lambda request: [head("101 Switching Protocols", "Upgrade: h2c", "Connection: Upgrade")],
    "no body": lambda request: [head("204 No Content")],
    "an empty body": lambda request: http(b""),
    "HTTP/0.9": lambda request: [b"{}"],
    "HTTP/2": lambda request: [b"\0\0\x12\x04\0\0\0\0\0\0\0"],
    "a TLS alert": lambda request: [b"\x15\x03\x01\0\x02\x02\x28"],
    **{
        f"interim answer {status} and no more": lambda request, status=status: [head(f"{status} Wait")]  # type: ignore[misc]
        for status in (100, 102, 103, 199)
    },
    **{
        f"HTTP {status}": lambda request, status=status: http({"error_msg": "no"}, f"{status} No")  # type: ignore[misc]
        for status in (300, 301, 304, 400, 401, 403, 404, 408, 409, 413, 421, 425, 431, *range(500, 512), 520, 599)
    },
    "unavailable with a pause": lambda request: http({"error_msg": "no"}, "503 No", Retry_After="1"),
    "busy with a good status": lambda request: http({"error_code": "DRS.M01504", "error_msg": "another"}),
    "throttling without 429": lambda request: http({"error_code": "APIGW.0308", "error_msg": "slow"}, "403 No"),
    "a gateway that lost its backend": lambda request: http({"error_code": "APIGW.0202", "error_msg": "x"}, "502 No"),
}


@pytest.mark.parametrize("name", ODD)
def test_an_invalid_answer_causes_no_second_login(name):
    assert_one_login_and_red(run_against(ODD[name]))


def test_a_call_that_the_gateway_refuses_is_no_login_and_is_retried():
    outcome = run_against(lambda request: http({"error_code": "APIGW.0308"}, "429 Too Many Requests"))

    assert outcome.report.passed
    assert {verdict.attempts for verdict in outcome.report.endpoints} == {2}


FAREWELLS = {"hangs up": b"", "resets": RESET, "speaks": head("408 Request Timeout", "Content-Length: 0")}


@pytest.mark.parametrize("way", FAREWELLS)
def test_a_connection_that_ends_before_the_request_causes_at_most_one_login(way):
    outcome = run_against(good_alone, refuses=lambda before: FAREWELLS[way] if before == 0 else None)

    # the network decides whether the end arrives before the request or after it
    assert max(outcome.logins.values(), default=0) <= 1
    assert outcome.report.passed == bool(outcome.logins)


@pytest.mark.parametrize("way", FAREWELLS)
def test_a_broken_off_tls_handshake_is_no_login_and_is_retried_if_it_may_succeed(tmp_path, way):
    tls = certificate(tmp_path, "127.0.0.1")
    outcome = run_against(good_alone, tls=tls, refuses=lambda before: FAREWELLS[way] if before == 0 else None)

    assert set(outcome.logins.values()) <= {1}
    # a server that sends other bytes than TLS is no restarting load balancer, so a retry is useless
    assert outcome.report.passed == (way != "speaks")


@pytest.mark.parametrize("end", sorted(ENDS))
def test_an_answer_that_is_lost_over_tls_causes_no_second_login(tmp_path, end):
    tls = certificate(tmp_path, "127.0.0.1")

    assert_one_login_and_red(run_against(lambda request: ENDS[end](), tls=tls))


@pytest.mark.parametrize("max_attempts", [1, 5, 100])
def test_a_refused_port_is_no_login(max_attempts):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    virtual = VirtualTime()
    with DrsClient(url, "p", TokenAuth("t"), max_attempts=max_attempts, pacer=virtual.pacer()) as client:
        report = run_tests(client, parse_endpoints([endpoint(1)]))

    assert 1 <= report.endpoints[0].attempts <= max_attempts
    assert not report.passed


def test_an_endpoint_with_a_lost_answer_is_logged_in_to_again_only_by_a_retest():
    def lost_at_first(before: int, request: dict[str, Any]) -> Iterable[bytes]:
        return http(passing(request)) if before else [RESET]

    with Hostile(lost_at_first) as server:
        client = DrsClient(server.url, "p", TokenAuth("t"), pacer=VirtualTime().pacer())
        report = run_tests(client, parse_endpoints([endpoint(1)]), retest_attempts=3)

    assert report.passed
    assert server.requests == 2
