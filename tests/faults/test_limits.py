"""A run of 1,000 endpoints against a failing service returns a whole report within the limits that the user set."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle, pairwise
from typing import Any

import pytest
from hostile import Hostile
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict
from samples import endpoint
from virtual_time import ThreadsTime
from wire import Reply, Request, Service

from airflow_provider_drs.api import batch
from airflow_provider_drs.api.auth import PasswordAuth, TokenAuth, tokens
from airflow_provider_drs.api.auth.iam import Iam
from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsConnectionLostError, DrsError, DrsTimeoutError, DrsUnreachableError
from airflow_provider_drs.api.model.hidden import HiddenBytes
from airflow_provider_drs.api.model.report import Report
from airflow_provider_drs.api.operation import Operation
from airflow_provider_drs.api.operations.connection_test import MAX_ENDPOINTS
from airflow_provider_drs.api.wire.answers import Answer, read_answer
from airflow_provider_drs.api.wire.connection import RawAnswer
from airflow_provider_drs.api.wire.scrubber import Scrubber

ENDPOINTS = parse_endpoints([endpoint(number) for number in range(1000)])
CONNECT_TIMEOUT, READ_TIMEOUT = 10.0, 120.0

Fault = tuple[float, Callable[[Operation], Answer]]
"""The seconds of an exchange, and a function that returns its answer or raises its error."""


def failing(kind: type[DrsError], seconds: float = 0.0) -> Fault:
    def end(operation: Operation) -> Answer:
        raise kind("no answer")

    return seconds, end


def answering(status: int, seconds: float = 0.0, text: str = "no", **headers: str) -> Fault:
    body = HiddenBytes(json.dumps({"error_code": "X.1", "error_msg": text}).encode())
    raw = RawAnswer(status, CaseInsensitiveDict({"Retry-After": headers["after"]} if headers else {}), body)
    return seconds, lambda operation: read_answer(operation, raw, Scrubber([]))


@dataclass
class Wire:
    """A stand-in for the transport. Each exchange takes virtual time, and ends with a fault."""

    time: ThreadsTime
    fault: Callable[[], Fault]
    exchanges: list[float] = field(default_factory=list)

    def exchange(self, operation: Operation, *_: Any, **__: Any) -> Answer:
        self.exchanges.append(self.time.now)
        seconds, end = self.fault()
        self.time.sleep(seconds)
        return end(operation)

    def close(self) -> None:
        pass


@dataclass
class Outcome:
    report: Report
    seconds: float
    exchanges: list[float]


def run_against(fault: Callable[[], Fault], *, max_concurrency: int = 8, **limits: Any) -> Outcome:
    virtual = ThreadsTime()
    client = DrsClient("http://127.0.0.1:1", "p", TokenAuth("t"), pacer=virtual.pacer(), **limits)
    wire = client._transport = Wire(virtual, fault)  # type: ignore[assignment]
    with virtual.of(batch):
        report = run_tests(client, ENDPOINTS, max_concurrency=max_concurrency)
    return Outcome(report, virtual.now, wire.exchanges)


def assert_whole_and_red(report: Report) -> None:
    assert [verdict.job_id for verdict in report.endpoints] == [item.id for item in ENDPOINTS]
    assert not any(verdict.passed for verdict in report.endpoints)
    assert all(verdict.text for verdict in report.endpoints)
    json.dumps(report.to_dict(), allow_nan=False)


WITHIN_ONE_CALL: dict[str, Fault] = {
    "unreachable": failing(DrsUnreachableError),
    "unreachable after the connect timeout": failing(DrsUnreachableError, CONNECT_TIMEOUT),
    "unavailable": answering(503),
    "unavailable with a pause": answering(503, after="100"),
    "unavailable for a day": answering(503, after="86400"),
    "unavailable after a minute": answering(504, 60),
    "silent, or dripping": failing(DrsTimeoutError, CONNECT_TIMEOUT + READ_TIMEOUT),
    "hanging up after a minute": failing(DrsConnectionLostError, 60),
    "throttling": answering(429),
    "throttling with a pause": answering(429, after="60"),
    "throttling for a day": answering(429, after="86400"),
    "throttling for an enormous time": answering(429, after="9" * 400),
    "throttling until a past date": answering(429, after="Mon, 01 Jan 2001 00:00:00 GMT"),
    "throttling by a window": answering(429, text="over ratelimit,limit:10,time:1 hour"),
    "throttling by a window of a day": answering(429, text="over ratelimit,limit:1,time:999999999 day"),
    "throttling after a second": answering(429, 1),
}
LIMITS: dict[str, dict[str, Any]] = {
    "the defaults": {"max_attempts": 5, "max_retry_seconds": 600},
    "many attempts": {"max_attempts": 100, "max_retry_seconds": 600},
    "little time": {"max_attempts": 100, "max_retry_seconds": 5},
    "no time": {"max_attempts": 100, "max_retry_seconds": 0},
    "one attempt": {"max_attempts": 1, "max_retry_seconds": 600},
}


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("service", WITHIN_ONE_CALL)
def test_a_service_that_serves_no_call_ends_the_run_within_the_limits_of_one_call(service, limits):
    outcome = run_against(lambda: WITHIN_ONE_CALL[service], **LIMITS[limits])

    assert_whole_and_red(outcome.report)
    assert outcome.seconds <= LIMITS[limits]["max_retry_seconds"] + CONNECT_TIMEOUT + READ_TIMEOUT


def test_concurrent_failures_of_an_unavailable_service_count_as_one_and_later_calls_start_one_by_one():
    outcome = run_against(lambda: answering(503, 1), max_concurrency=4, max_retry_seconds=100)

    # at the deadline, all remaining calls start once
    before = [at for at in outcome.exchanges if at < 100]
    assert before[3] < 1
    assert all(later - earlier >= 1 for earlier, later in pairwise(before[3:]))
    assert before[7] <= 1 + 4 * 1.25


def test_endpoints_that_are_not_sent_are_reported_with_0_attempts():
    outcome = run_against(lambda: answering(503), max_concurrency=1, max_retry_seconds=100)

    gaps = [later - earlier for earlier, later in pairwise(outcome.exchanges)]
    for gap, at_least in zip(gaps[:-1], [1, 2, 4, 8, 16, 32], strict=True):
        assert at_least <= gap <= 1.25 * at_least
    assert outcome.exchanges[-1] == 100
    sent = MAX_ENDPOINTS * len(outcome.exchanges)
    assert Counter(verdict.attempts for verdict in outcome.report.endpoints) == {1: sent, 0: len(ENDPOINTS) - sent}


ROUNDS = math.ceil(len(ENDPOINTS) / MAX_ENDPOINTS / 8)
NEVER_REPEATED: dict[str, Fault] = {
    "hanging up": failing(DrsConnectionLostError, 1),
    "an error with status 200": answering(200, 1),
}


@pytest.mark.parametrize("service", NEVER_REPEATED)
def test_a_call_that_may_have_logged_in_is_sent_once_and_slows_no_other_call(service):
    seconds, _ = NEVER_REPEATED[service]
    outcome = run_against(lambda: NEVER_REPEATED[service])

    assert_whole_and_red(outcome.report)
    assert len(outcome.exchanges) == len(ENDPOINTS) / MAX_ENDPOINTS
    # until the first refusal, calls start 10 ms apart
    assert outcome.seconds <= ROUNDS * seconds + 1


def test_a_service_that_alternates_between_unavailable_and_silent_ends_the_run_within_the_limits_of_one_call():
    silent = failing(DrsTimeoutError, CONNECT_TIMEOUT + READ_TIMEOUT)
    faults = cycle([answering(503), answering(503, after="100"), silent])
    outcome = run_against(lambda: next(faults))

    assert_whole_and_red(outcome.report)
    assert outcome.seconds <= 600 + CONNECT_TIMEOUT + READ_TIMEOUT


def test_calls_without_an_answer_do_not_end_a_run_in_which_other_calls_get_answers():
    # each call takes longer than max_retry_seconds
    faults = cycle([failing(DrsTimeoutError, 120), *[answering(200, 70)] * 7])
    outcome = run_against(lambda: next(faults), max_retry_seconds=30)

    assert len(outcome.exchanges) == len(ENDPOINTS) / MAX_ENDPOINTS


IAM_FAULTS = {
    "throttling": Reply({"error": {"code": 429, "message": "slow"}}, status=429, headers={"Retry-After": "soon"}),
    "throttling with a pause": Reply({"error": {"code": 429}}, status=429, headers={"Retry-After": "1"}),
    "throttling for a day": Reply({"error": {"code": 429}}, status=429, headers={"Retry-After": "86400"}),
    "unavailable": Reply({"error": {"code": 503, "message": "down"}}, status=503),
    "unavailable for a day": Reply({"error": {"code": 503}}, status=503, headers={"Retry-After": "86400"}),
}


@pytest.mark.parametrize("way", IAM_FAULTS)
def test_an_iam_that_issues_no_token_ends_the_run_within_the_limits_of_one_call(way, monkeypatch):
    monkeypatch.setattr(tokens, "_shared", {})
    logins: list[float] = []
    virtual = ThreadsTime()

    def refuse(request: Request) -> Reply:
        assert request.path.startswith("/v3/auth/tokens"), "nothing is sent to DRS"
        logins.append(virtual.now)
        return IAM_FAULTS[way]

    with Service(refuse) as service:
        # Iam sleeps in real time
        iam = Iam(service.url, max_retry_seconds=2)
        auth = PasswordAuth("u", "a-password", domain="d", project={"id": "p"}, iam=iam)
        client = DrsClient(service.url, "p", auth, pacer=virtual.pacer())
        with virtual.of(batch):
            report = run_tests(client, ENDPOINTS)

    assert_whole_and_red(report)
    assert {verdict.attempts for verdict in report.endpoints} == {0}
    assert virtual.now <= 600
    # far fewer logins than calls; when IAM names a pause, only the attempts of a single login
    assert len(logins) <= (3 if "throttling" in way and "day" not in way else 50)


ANY_FAULT = st.one_of(
    st.builds(failing, st.just(DrsUnreachableError), st.floats(0, CONNECT_TIMEOUT)),
    st.builds(failing, st.sampled_from([DrsTimeoutError, DrsConnectionLostError]), st.floats(0, READ_TIMEOUT)),
    st.builds(answering, st.sampled_from([200, 400, 500, 502, 503, 504]), st.floats(0, READ_TIMEOUT)),
    st.builds(
        lambda status, after: answering(status, after=str(after)),
        st.sampled_from([429, 503]),
        st.integers(0, 100_000) | st.just("9" * 400),
    ),
)


@settings(max_examples=60)
@given(
    faults=st.lists(ANY_FAULT, min_size=1, max_size=8),
    max_concurrency=st.integers(1, 16),
    max_attempts=st.integers(1, 20),
    max_retry_seconds=st.sampled_from([0, 1, 30, 600]),
)
def test_in_any_sequence_of_faults_each_call_ends_within_its_limits(
    faults, max_concurrency, max_attempts, max_retry_seconds
):
    count = iter(range(10**9))
    outcome = run_against(
        lambda: faults[next(count) % len(faults)],
        max_concurrency=max_concurrency,
        max_attempts=max_attempts,
        max_retry_seconds=max_retry_seconds,
    )

    assert_whole_and_red(outcome.report)
    rounds = math.ceil(len(ENDPOINTS) / MAX_ENDPOINTS / max_concurrency)
    assert outcome.seconds <= rounds * (max_retry_seconds + CONNECT_TIMEOUT + READ_TIMEOUT)


DRIPPING: dict[str, list[bytes]] = {
    "status line": [b"HTTP/1.1 200 " + b"O" * 200],
    "interim answers": [b"HTTP/1.1 102 Processing\r\n\r\n"] * 500,
    "headers": [b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 90],
    "chunk line": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0" * 200],
    "body": [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" " * 1000],
    "trailers": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", b"X-A: b\r\n" * 50],
}


@pytest.mark.parametrize("part", DRIPPING)
def test_a_dripping_service_on_a_real_socket_ends_the_call_at_the_read_timeout(part):
    def drip(before: int, request: dict[str, Any]) -> Any:
        start, *rest = DRIPPING[part]
        yield start
        for byte in b"".join(rest) + b" " * 1000:
            yield bytes([byte])
            # in the thread of the server; without a timeout the answer takes more than half a minute
            time.sleep(0.03)

    endpoints = parse_endpoints([endpoint(number) for number in range(4)])
    with Hostile(drip) as server, DrsClient(server.url, "p", TokenAuth("t"), read_timeout=0.3) as client:
        report = run_tests(client, endpoints, batch_size=1)

    assert {verdict.text for verdict in report.endpoints} == {f"{server.url} gave no whole answer within 0.3 s"}
    assert server.requests == len(endpoints)
