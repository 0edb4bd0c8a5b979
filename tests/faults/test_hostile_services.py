"""Against a misbehaving service, a run returns a whole report, passes only what DRS affirms, and sends few requests."""

from __future__ import annotations

import gzip
import socket
import time
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import pytest
from hostile import Hostile, Script, certificate, http, passing
from samples import endpoint, job_id
from virtual_time import VirtualTime

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.model.report import Report

ONE, TWO = job_id(1), job_id(2)
READ_TIMEOUT = 0.4
"""Seconds for a service that is too slow."""
LONG = 30
"""Seconds for any other service, so that a busy machine fails no test."""


@dataclass
class Outcome:
    report: Report
    requests: int
    waits: list[float]

    def passed(self) -> list[bool]:
        return [verdict.passed for verdict in self.report.endpoints]

    def texts(self) -> str:
        return " | ".join(f"{verdict.code}: {verdict.text}" for verdict in self.report.failed)


def outcome_of(url: str, server: Hostile | None = None, read_timeout: float = LONG, **settings: Any) -> Outcome:
    virtual = VirtualTime()
    endpoints = parse_endpoints([endpoint(1), endpoint(2)])
    auth = TokenAuth("a-token")
    with DrsClient(url, "p", auth, read_timeout=read_timeout, pacer=virtual.pacer(), **settings) as client:
        report = run_tests(client, endpoints)
    return Outcome(report, server.requests if server else 0, virtual.waits)


def against(script: Script) -> Outcome:
    with Hostile(script) as server:
        return outcome_of(server.url, server, READ_TIMEOUT if script in (silent, drip) else LONG)


def answering(*parts: Any, **settings: Any) -> Script:
    return lambda before, request: http(*parts, **settings)


def result(job: str | int, **members: Any) -> dict[str, Any]:
    return {"id": job, "status": "success", "success": True, **members}


def results(*items: Any, count: Any = None) -> dict[str, Any]:
    return {"results": list(items), "count": len(items) if count is None else count}


def silent(before: int, request: dict[str, Any]) -> Any:
    time.sleep(READ_TIMEOUT * 3)  # in the thread of the server, so that the answer is too late
    yield b""


def hangs_up(before: int, request: dict[str, Any]) -> Any:
    yield b""


def body_that_breaks_off(before: int, request: dict[str, Any]) -> Any:
    yield b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"results": ['


def endless_body(before: int, request: dict[str, Any]) -> Any:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"10000\r\n" + b" " * 2**16 + b"\r\n"


def drip(before: int, request: dict[str, Any]) -> Any:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"1\r\n \r\n"
        time.sleep(READ_TIMEOUT / 4)


NEVER_REPEATED: dict[str, tuple[Script, str]] = {
    "accepts and stays silent": (silent, "no whole answer within"),
    "closes during the body": (body_that_breaks_off, "broke off"),
    "truncated JSON": (answering('{"results": [{"id"'), "not one of DRS"),
    "JSON of another shape": (answering({"result": []}), "not one of DRS"),
    "a JSON list": (answering([1, 2]), "not one of DRS"),
    "results that are no list": (answering({"results": {"id": ONE}}), "not one of DRS"),
    "HTML with 200": (answering("<html>sign in</html>", kind="text/html"), "20 bytes of text/html"),
    "an empty body": (answering(b""), "an empty body"),
    "10 MB": (answering(b" " * 10_000_000), "longer than"),
    "a body without end": (endless_body, "longer than"),
    "a body that drips": (drip, "no whole answer within"),
    "another charset": (answering('{"error_code": "X", "error_msg": "nein"}'.encode("utf-16")), "not one of DRS"),
    "a gzip bomb": (answering(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"), "is packed"),
    "a hundred headers too many": (answering({}, **{f"X-{number}": "x" for number in range(200)}), "is not valid HTTP"),
    "no HTTP at all": (lambda before, request: [b"SSH-2.0-OpenSSH_9.2\r\n"], "is not valid HTTP"),
    "a redirect": (answering(b"", "307 Temporary Redirect", Location="http://127.0.0.1:1/"), "a redirect"),
    "deeply nested JSON": (answering(b"[" * 100_000), "not one of DRS"),
    "a flat error with 200": (answering({"error_code": "DRS.M00202", "error_msg": "bad"}), "DRS.M00202: bad"),
    "camel case": (answering({"errorCode": "X.1", "errorMsg": "bad"}, "400 Bad Request"), "X.1: bad"),
    "code and message": (answering({"code": "X.2", "message": "bad"}, "400 Bad Request"), "X.2: bad"),
    "external message": (answering({"errCode": "X.3", "externalMessage": "bad"}, "400 Bad Request"), "X.3: bad"),
    "IAM's shape": (
        answering({"error": {"code": 401, "message": "bad", "title": "t"}}, "401 Unauthorized"),
        "401: bad",
    ),
    "a wrapper": (answering({"badRequest": {"code": "X.4", "message": "bad"}}, "400 Bad Request"), "X.4: bad"),
    "wrapper, flat inside": (answering({"e": {"error_code": "X.5", "error_msg": "bad"}}, "400 Bad"), "X.5: bad"),
    "404 in HTML": (answering("<html>", "404 Not Found", "text/html"), "HTTP 404 with 6 bytes of text/html"),
    "413": (answering({"error_code": "APIGW.0201", "error_msg": "large"}, "413 Too Large"), "APIGW.0201: large"),
    "422": (answering({"error_code": "DRS.M05006", "error_msg": "no"}, "422 Unprocessable"), "DRS.M05006: no"),
    "stale token as 403": (answering({"error_code": "DRS.M00100", "error_msg": "old"}, "403 Forbidden"), "M00100: old"),
    "stale token as 401": (answering({"error_code": "APIG.0307", "error_msg": "old"}, "401 No"), "APIG.0307: old"),
    "no permission as 401": (answering({"error_code": "DRS.M00103", "error_msg": "no"}, "401 No"), "M00103: no"),
    "no permission as 403": (answering({"error_code": "APIGW.0302", "error_msg": "no"}, "403 No"), "APIGW.0302: no"),
    "nulls everywhere": (
        answering({"results": [None, {"id": None, "status": None}], "count": None}),
        "no result for this job",
    ),
    "null results": (answering({"results": None, "count": 2}), "not one of DRS"),
    "numbers for strings": (answering(results(result(1), result(2, status=1))), "no result for this job"),
}


@pytest.mark.parametrize("name", NEVER_REPEATED)
def test_an_answer_that_affirms_nothing_fails_every_endpoint_with_one_request(name):
    script, reason = NEVER_REPEATED[name]

    outcome = against(script)

    assert outcome.passed() == [False, False]
    assert reason in outcome.texts()
    assert outcome.requests == 1, "a second request would be another login"
    assert outcome.waits == []


JUDGED: dict[str, tuple[dict[str, Any], list[bool], str]] = {
    "reordered": (results(result(TWO), result(ONE)), [True, True], ""),
    "the status 'true'": (results(result(ONE, status="true"), result(TWO, status="TRUE")), [True, True], ""),
    "short, counting what was asked": (results(result(ONE), count=2), [True, False], "no result for this job"),
    "short": (results(result(ONE)), [True, False], "no result for this job"),
    "long": (results(result(ONE), result(TWO), result(job_id(3))), [False, False], "was not asked about"),
    "doubled": (results(result(ONE), result(ONE), result(TWO)), [False, True], "2 results for this job"),
    "an unknown id": (results(result(ONE), result("who")), [False, False], "who, which was not asked about"),
    "a wrong count": (results(result(ONE), result(TWO), count=1), [False, False], "2 results and counts 1"),
    "contradiction": (results(result(ONE, success=False), result(TWO)), [False, True], "contradicts itself"),
    "nulls": (results(result(ONE, error_code=None, error_msg=None), {"id": TWO}), [True, False], "unknown status None"),
    "a number as status": (results(result(ONE, status=1), result(TWO)), [False, True], "unknown status 1"),
}


@pytest.mark.parametrize("name", JUDGED)
def test_an_endpoint_passes_only_if_its_result_affirms_it(name):
    answer, passed, reason = JUDGED[name]

    outcome = against(answering(answer))

    assert outcome.passed() == passed
    assert reason in outcome.texts()
    assert outcome.requests == 1


def test_an_answer_with_status_400_fails_every_endpoint_with_its_reasons():
    items = [{"id": ONE, "error_code": "DRS.M00289", "error_msg": "no such job"}, result(TWO)]

    outcome = against(answering(results(*items), "400 Bad Request"))

    assert outcome.passed() == [False, False]
    assert "no such job" in outcome.texts()
    assert outcome.requests == 1


REFUSED_BEFORE_DRS: dict[str, list[bytes]] = {
    "429 with nothing": list(http(b"", "429 Too Many")),
    "429 with a code": list(http({"error_code": "APIGW.0308", "error_msg": "slow"}, "429 Too Many")),
    "429 with a code of DRS": list(http({"error_code": "DRS.M00004", "error_msg": "busy"}, "429 Too Many")),
}


@pytest.mark.parametrize("name", REFUSED_BEFORE_DRS)
def test_a_connection_test_that_was_certainly_not_done_is_retried(name):
    refusal = REFUSED_BEFORE_DRS[name]

    outcome = against(lambda before, request: refusal if before < 2 else http(passing(request)))

    assert outcome.passed() == [True, True]
    assert outcome.requests == 3
    assert [verdict.attempts for verdict in outcome.report.endpoints] == [3, 3]


@pytest.mark.parametrize("name", REFUSED_BEFORE_DRS)
def test_an_endless_refusal_ends_the_call_after_the_maximum_of_attempts(name):
    outcome = against(lambda before, request: REFUSED_BEFORE_DRS[name])

    assert outcome.passed() == [False, False]
    assert outcome.requests == 5
    assert [verdict.attempts for verdict in outcome.report.endpoints] == [5, 5]
    assert all(verdict.text for verdict in outcome.report.endpoints)


PERHAPS_DONE: dict[str, list[bytes]] = {
    "500": list(http({"error_code": "DRS.M00004", "error_msg": "busy"}, "500 Oops")),
    "502 in HTML": list(http("<html>Bad Gateway</html>", "502 Bad Gateway", "text/html")),
    "503 without a body": list(http(b"", "503 Unavailable")),
    "504": list(http({"error_msg": "late"}, "504 Timeout")),
    "another operation is running": list(http({"error_code": "DRS.M01504", "error_msg": "busy"}, "400 Bad Request")),
    "hanging up": [b""],
    "hanging up within the status line": [b"HTTP/1.1 2"],
    "hanging up within the headers": [b"HTTP/1.1 200 OK\r\nContent-Type: appl"],
}


@pytest.mark.parametrize("name", PERHAPS_DONE)
def test_a_connection_test_that_may_have_been_done_is_not_retried(name):
    outcome = against(lambda before, request: PERHAPS_DONE[name] if before == 0 else http(passing(request)))

    assert outcome.passed() == [False, False]
    assert outcome.requests == 1
    assert all(verdict.text for verdict in outcome.report.endpoints)


@pytest.mark.parametrize(
    ("headers", "text", "at_least", "at_most"),
    [
        ({"Retry_After": "7"}, "slow down", 7, 7.1),
        ({"Retry_After": "date"}, "slow down", 8, 10.1),
        ({}, "policy user over ratelimit,limit:200,time:5 minute", 300, 300.1),
        ({}, "slow down", 1, 1.25),
    ],
    ids=["seconds", "date", "the window in the text", "nothing"],
)
def test_the_pause_before_a_retry_is_the_one_that_the_refusal_names(headers, text, at_least, at_most):
    if headers.get("Retry_After") == "date":
        headers = {"Retry_After": formatdate(time.time() + 10, usegmt=True)}
    refusal = list(http({"error_code": "APIGW.0308", "error_msg": text}, "429 Too Many Requests", **headers))

    outcome = against(lambda before, request: refusal if before == 0 else http(passing(request)))

    assert outcome.passed() == [True, True]
    assert outcome.requests == 2
    assert at_least - 0.5 <= outcome.waits[0] <= at_most


def test_the_time_for_retries_is_capped():
    refusal = list(http({}, "429 Too Many Requests", Retry_After="100"))
    virtual = VirtualTime()
    with Hostile(lambda before, request: refusal) as server:
        client = DrsClient(
            server.url, "p", TokenAuth("t"), max_attempts=99, max_retry_seconds=350, pacer=virtual.pacer()
        )
        report = run_tests(client, parse_endpoints([endpoint(1)]))

    assert not report.passed
    assert sum(virtual.waits) <= 350
    assert server.requests == 4, "attempts start at 0, 100, 200 and 300 seconds"


def test_a_closed_port_is_reported_and_retried():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

    outcome = outcome_of(url)

    assert outcome.passed() == [False, False]
    assert "Connection refused" in outcome.texts()
    assert len(outcome.waits) == 4


def test_a_network_without_a_route_is_reported():
    # the kernel itself refuses to connect to the broadcast address, so nothing leaves the machine
    outcome = outcome_of("https://255.255.255.255")

    assert outcome.passed() == [False, False]
    assert "unreachable" in outcome.texts().lower()


def test_an_unknown_host_is_reported():
    outcome = outcome_of("https://no-such-host.invalid")

    assert outcome.passed() == [False, False]
    assert "the host name was not found" in outcome.texts()


@pytest.mark.parametrize(
    ("name", "days", "reason"),
    [("drs.example.org", (-1, 30), "mismatch"), ("127.0.0.1", (-30, -1), "expired")],
    ids=["for another name", "expired"],
)
def test_bad_tls_is_reported_and_never_retried(tmp_path, name, days, reason):
    tls, pem = certificate(tmp_path, name, days=days)
    with Hostile(lambda before, request: http(passing(request)), tls) as server:
        outcome = outcome_of(server.url, server, verify=pem)

    assert outcome.passed() == [False, False]
    assert reason in outcome.texts().lower()
    assert (server.requests, outcome.waits) == (0, [])


def test_the_ca_bundle_of_the_client_takes_precedence_over_that_of_the_environment(tmp_path, monkeypatch):
    tls, pem = certificate(tmp_path, "127.0.0.1")
    _, other = certificate(tmp_path, "drs.example.org")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", other)
    with Hostile(lambda before, request: http(passing(request)), tls) as server:
        outcome = outcome_of(server.url, server, verify=pem)

    assert outcome.passed() == [True, True]
