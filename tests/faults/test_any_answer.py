"""Property-based: any answer gives one verdict for each endpoint, and an endpoint passes only if DRS affirms it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict
from samples import endpoint, job_id
from virtual_time import VirtualTime
from wire import Reply, Service

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.hidden import HiddenBytes
from airflow_provider_drs.api.operations.connection_test import CONNECTION_TEST
from airflow_provider_drs.api.wire.answers import read_answer
from airflow_provider_drs.api.wire.connection import RawAnswer
from airflow_provider_drs.api.wire.scrubber import Scrubber

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))
IDS = st.sampled_from([job_id(number) for number in range(4)]) | SCALARS
RESULT = st.fixed_dictionaries(
    {},
    optional={
        "id": IDS,
        "status": st.sampled_from(["success", "SUCCESS", "true", "failed", "false", "odd"]) | SCALARS,
        "success": st.booleans() | SCALARS,
        "error_code": st.sampled_from([None, "", "DRS.KE0002"]) | SCALARS,
        "error_msg": SCALARS,
    },
)
ANSWER = st.fixed_dictionaries(
    {"results": st.lists(RESULT | JSON, max_size=5) | JSON}, optional={"count": st.integers(0, 5) | SCALARS}
)
MEMBERS = st.sampled_from(
    ["results", "count", "error_code", "error_msg", "errorCode", "errorMsg", "code", "message", "error", "id", "status"]
)
ODD_OBJECT = st.dictionaries(MEMBERS, JSON | st.dictionaries(MEMBERS, JSON) | st.lists(st.dictionaries(MEMBERS, JSON)))
HEADERS = st.dictionaries(st.sampled_from(["Retry-After", "X-Request-Id", "Content-Type"]), st.text(max_size=30))


AFFIRMATIONS = [
    {"status": status, **beside} for status in ("success", "SUCCESS", "true") for beside in ({}, {"success": True})
]
"""The members of a good result besides the job id, in every spelling that is generated here."""


def affirmed(job: str, results: object) -> bool:
    """Return whether exactly one result names the job, and has no member that a good result lacks."""
    items = results if isinstance(results, list) else []
    about = [item for item in items if isinstance(item, dict) and item.get("id") == job]
    members = [
        {name: value for name, value in item.items() if value or (name == "success" and value is not None)}
        for item in about
    ]
    return members in [[{"id": job, **good}] for good in AFFIRMATIONS]


@pytest.fixture(scope="module")
def service():
    with Service() as service:
        yield service


@settings(max_examples=150)
@given(
    jobs=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["so", "ta"])), min_size=1, max_size=6), answer=ANSWER
)
def test_every_endpoint_has_one_verdict_and_passes_only_if_affirmed(service, jobs, answer):
    service.answer = lambda request: Reply(answer)
    endpoints = parse_endpoints([endpoint(number, end_point_type=side) for number, side in jobs])

    with DrsClient(service.url, "p", TokenAuth("t"), pacer=VirtualTime().pacer()) as client:
        report = run_tests(client, endpoints)

    assert [(verdict.job_id, verdict.side) for verdict in report.endpoints] == [
        (item.id, item.side) for item in endpoints
    ]
    for verdict in report.endpoints:
        assert affirmed(verdict.job_id, answer["results"]) or not verdict.passed
        assert verdict.passed or verdict.text
    json.dumps(report.to_dict(), allow_nan=False)


@settings(max_examples=400)
@given(status=st.integers(100, 599), headers=HEADERS, body=st.binary(max_size=40) | (ODD_OBJECT | JSON).map(json.dumps))
def test_any_answer_is_good_or_raises_a_drs_error(status, headers, body):
    body = body.encode() if isinstance(body, str) else body
    try:
        raw = RawAnswer(status, CaseInsensitiveDict(headers), HiddenBytes(body))
        answer = read_answer(CONNECTION_TEST, raw, Scrubber([]))
    except DrsError as error:
        assert str(error)
    else:
        assert isinstance(answer.payload["results"], list)


@settings(max_examples=100)
@given(answer=st.fixed_dictionaries({"results": st.lists(RESULT | JSON, max_size=4) | JSON}))
def test_any_answer_to_a_status_call_gives_statuses_or_raises_a_drs_error(service, answer):
    service.answer = lambda request: Reply(answer)
    asked = [job_id(0), job_id(1)]

    with DrsClient(service.url, "p", TokenAuth("t"), max_attempts=1, pacer=VirtualTime().pacer()) as client:
        try:
            statuses = client.job_statuses(asked)
        except DrsError as error:
            assert str(error)
        else:
            assert list(statuses) == asked
