"""Which answer is a good one, and which error every other one stands for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_answers import JOBS, answer, good, passed, ready

from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsCredentialError,
    DrsError,
    DrsJobsRefusedError,
    DrsPermissionError,
    DrsRequestError,
    DrsThrottledError,
    DrsUnavailableError,
)
from airflow_provider_drs.api.operations.cluster_connection_test import CLUSTER_CONNECTION_TEST
from airflow_provider_drs.api.operations.connection_test import CONNECTION_TEST
from airflow_provider_drs.api.operations.iam_projects import IAM_PROJECTS
from airflow_provider_drs.api.operations.iam_token import IAM_TOKEN
from airflow_provider_drs.api.operations.job_details import JOB_DETAILS
from airflow_provider_drs.api.operations.job_list import JOB_LIST
from airflow_provider_drs.api.operations.job_modification import JOB_MODIFICATION
from airflow_provider_drs.api.operations.job_start import JOB_START
from airflow_provider_drs.api.operations.job_status import JOB_STATUS
from airflow_provider_drs.api.operations.precheck import PRECHECK
from airflow_provider_drs.api.operations.precheck_result import PRECHECK_RESULT
from airflow_provider_drs.api.texts import MAX_TEXT
from airflow_provider_drs.api.wire.answers import MAX_FACT, MAX_JOBS

GOOD: dict[Any, Any] = {
    CONNECTION_TEST: good(),
    CLUSTER_CONNECTION_TEST: {"results": [{"id": JOBS[0], "status": "true"}], "count": 1},
    JOB_STATUS: ready(),
    JOB_DETAILS: {"results": [{"id": JOBS[0], "status": "CONFIGURATION", "failed_reason": None}], "count": 1},
    JOB_MODIFICATION: {"results": [{"id": JOBS[0], "status": "failed", "error_code": "DRS.M00304"}], "count": 1},
    PRECHECK: {"results": [{"id": JOBS[0], "precheck_id": JOBS[0], "status": "success"}], "count": 1},
    PRECHECK_RESULT: {"results": [{"precheck_id": JOBS[0], "process": "35%", "result": False}], "count": 1},
    JOB_START: {"results": [{"id": JOBS[0], "status": "success", "order_id": "CS26010112345678"}], "count": 1},
    JOB_LIST: {
        "total_record": 1,
        "jobs": [{"id": JOBS[0], "description": "nothing failed", "status": "CREATE_FAILED"}],
    },
    IAM_PROJECTS: {"projects": [{"id": "p"}], "links": {"self": "https://iam.example.org/v3/projects", "next": None}},
    IAM_TOKEN: {"token": {"expires_at": "2026-11-27T00:00:00.000000Z", "methods": ["password"]}},
}


@pytest.mark.parametrize("operation", GOOD, ids=lambda operation: operation.name)
def test_a_good_answer_has_one_status_and_the_member_it_is_known_by(operation):
    for status in operation.good_statuses:
        assert answer(GOOD[operation], operation, status).payload == GOOD[operation]
    for status in {200, 201, 202, 203, 204, 206, 302, 304, 400, 404, 429, 500, 503} - {*operation.good_statuses}:
        with pytest.raises(DrsError):
            answer(GOOD[operation], operation, status)
    for other in (
        None,
        "x",
        1,
        True,
        {} if operation is not IAM_TOKEN else [],
        [] if operation is IAM_TOKEN else {"0": 1},
    ):
        with pytest.raises(DrsAnswerError):
            answer({**GOOD[operation], operation.expected_key: other}, operation, operation.good_statuses[0])


@pytest.mark.parametrize("operation", GOOD, ids=lambda operation: operation.name)
def test_an_error_beside_what_was_asked_for_is_believed_first(operation):
    for against in ({"error_code": "DRS.M00004", "error_msg": "no"}, {"error": {"message": "no"}}, {"ok": False}):
        with pytest.raises(DrsError):
            answer({**GOOD[operation], **against}, operation, operation.good_statuses[0])


CACHED = [
    {"Age": "86400"},
    {"Age": "1"},
    {"Age": "soon"},
    {"Warning": '110 - "Response is Stale"'},
    {"X-Cache": "HIT"},
    {"X-Cache": "Hit from cloudfront"},
    {"Cache-Status": "proxy; hit"},
]


@pytest.mark.parametrize("headers", CACHED, ids=str)
def test_what_a_cache_gives_may_be_of_an_earlier_call(headers):
    with pytest.raises(DrsAnswerError, match="a cache on the way"):
        answer(good(), headers=headers)


@pytest.mark.parametrize("headers", [{"Age": "0"}, {"X-Cache": "MISS"}, {"Cache-Status": "proxy; fwd=miss"}], ids=str)
def test_what_went_through_a_cache_is_as_good_as_any(headers):
    assert answer(good(), headers=headers).payload == good()


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "identity, gzip", "x"])
def test_a_packed_answer_is_not_unpacked(coding):
    with pytest.raises(DrsAnswerError, match="packed"):
        answer(good(), headers={"Content-Encoding": coding})


def test_texts_of_an_error_do_not_grow_with_the_answer():
    huge: list[Any] = ["x" * 10_000, ["x" * 400] * 1000, {"x" * 90: ["x" * 400] * 1000}]
    for value in huge:
        for name in ("error_code", "error_msg", "request_id"):
            with pytest.raises(DrsError) as caught:
                answer({"error_code": "X.1", "error_msg": "no", name: value}, status=400, headers={"X-Request-Id": ""})
            assert len(caught.value.text) <= MAX_TEXT
            assert len(caught.value.code or "") <= MAX_FACT
            assert len(caught.value.request_id or "") <= MAX_FACT
    items = [{"id": f"{number}", "error_code": "DRS.M00289", "error_msg": "x" * 900} for number in range(2000)]
    with pytest.raises(DrsJobsRefusedError) as refused:
        answer({"results": items, "count": 2000}, status=400)
    assert len(refused.value.jobs) == MAX_JOBS


@pytest.mark.parametrize(
    "body", [b"<html>sign in, bob</html>", b"sign in, bob", b'{"who": "sign in, bob"}', b'"sign in, bob"']
)
@pytest.mark.parametrize("status", [200, 302, 404, 502])
def test_a_body_that_is_no_error_of_the_service_is_never_repeated(body, status):
    with pytest.raises(DrsError) as caught:
        answer(body, status=status, headers={"Content-Type": "text/html; sign in, bob"})

    assert "bob" not in str(caught.value) + str(caught.value.to_dict())


@pytest.mark.parametrize("code", ["0", 200, "200", "success", None])
def test_a_code_that_says_that_there_is_no_error_is_none(code):
    assert passed(good(code=code, message="ok")) == [True, True]


def test_an_error_without_a_known_member_still_tells_its_status():
    with pytest.raises(DrsRequestError, match=r"HTTP 418 with 2 bytes of no content type"):
        answer({}, status=418)


CLASSES = {401: DrsCredentialError, 403: DrsPermissionError, 429: DrsThrottledError}


@pytest.mark.parametrize("status", [*range(400, 431), 499, *range(500, 506), 599])
def test_the_http_status_selects_the_class_of_an_error_whose_code_is_in_no_list(status):
    with pytest.raises(DrsError) as caught:
        answer({"error_code": "X.1", "error_msg": "no"}, status=status)

    assert type(caught.value) is CLASSES.get(status, DrsUnavailableError if status >= 500 else DrsRequestError)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("DRS.M00004", 400, DrsUnavailableError),
        ("DRS.M00004", 503, DrsUnavailableError),
        ("APIGW.0308", 403, DrsThrottledError),
        ("APIGW.0303", 403, DrsCredentialError),
    ],
)
def test_a_code_in_the_list_selects_the_class_whatever_the_http_status(code, status, kind):
    with pytest.raises(DrsError) as caught:
        answer({"error_code": code, "error_msg": "no"}, status=status)

    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("DRS.M00004", DrsThrottledError),
        ("APIGW.0301", DrsCredentialError),
        ("DRS.M00202", DrsRequestError),
        ("401", DrsCredentialError),
        ("403", DrsPermissionError),
    ],
)
def test_http_429_is_throttled_unless_the_code_names_an_error_that_is_not_retryable(code, kind):
    with pytest.raises(DrsError) as caught:
        answer({"error_code": code, "error_msg": "no"}, status=429)

    assert type(caught.value) is kind


def test_a_code_that_is_an_http_status_is_read_only_beside_http_429():
    with pytest.raises(DrsCredentialError):
        answer({"error_code": "404", "error_msg": "no"}, status=401)


@settings(max_examples=200)
@given(
    status=st.integers(100, 599).filter(lambda status: status != 200),
    headers=st.dictionaries(
        st.sampled_from(["Retry-After", "X-Request-Id", "Content-Type", "Age"]), st.text(max_size=40)
    ),
)
def test_a_good_body_with_another_status_passes_nothing(status, headers):
    with pytest.raises(DrsError) as caught:
        answer(good(), status=status, headers=headers)

    assert str(caught.value).isprintable()


def test_a_job_whose_status_is_told_is_not_refused_although_a_code_stands_beside_it():
    refused = {"id": JOBS[0], "error_code": "DRS.M00289", "error_msg": "no such job"}
    actual = {"id": JOBS[1], "status": "CREATE_FAILED", "error_code": "DRS.M00001", "error_msg": "it broke"}

    with pytest.raises(DrsJobsRefusedError) as caught:
        answer({"results": [refused, actual], "count": 2}, JOB_STATUS, 400)

    assert caught.value.jobs == {JOBS[0]: "DRS.M00289: no such job"}
