"""``batchValidateConnections``: green is only what DRS affirmed without contradicting itself."""

from __future__ import annotations

import pytest
from calls import PROJECT, client, times_sent
from raw_answers import good as all_passed
from samples import VENDOR_EXAMPLES, endpoint, job_id
from wire import Reply, Service

from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsUnavailableError
from airflow_provider_drs.api.model.report import Report
from airflow_provider_drs.api.operations.connection_test import CONNECTION_TEST, body, judge, verdict_of_error

ONE, TWO = job_id(1), job_id(2)

# --- what is asked ---


@pytest.mark.parametrize("example", VENDOR_EXAMPLES, ids=[str(number) for number in range(1, 8)])
def test_a_test_is_sent_as_the_vendors_page_shows_it(example):
    with Service() as service, client(service, language="zh-cn") as drs:
        drs.test_connections(parse_endpoints([example]))

    (request,) = service.requests
    assert (request.method, request.path) == ("POST", f"/v3/{PROJECT}/jobs/batch-connection")
    assert request.json == {"jobs": [example]}
    assert request.headers["X-Auth-Token"] == "a-token"
    assert request.headers["X-Language"] == "zh-cn"
    assert request.headers["Content-Type"] == "application/json"


def test_a_call_never_holds_two_endpoints_of_one_job():
    both_sides = parse_endpoints([endpoint(1), endpoint(1, end_point_type="ta")])

    with Service() as service, client(service) as drs, pytest.raises(ValueError, match="each of another job"):
        drs.test_connections(both_sides)

    assert service.requests == []


def test_a_call_holds_ten_endpoints_at_most():
    endpoints = parse_endpoints([endpoint(number) for number in range(11)])

    assert len(body(endpoints[:10])["jobs"]) == 10
    with pytest.raises(ValueError, match="at most 10 endpoints"):
        body(endpoints)


def test_every_password_of_a_request_is_known_as_a_secret_and_not_shown():
    stores = {"trust_store_password": "s3cr3t-trust", "key_store_password": "s3cr3t-key", "key_password": "s3cr3t-own"}
    kafka = {"type": "SSL", "trust_store_key_name": "a.jks", "trust_store_key": "YQ==", **stores}
    secrets = {"s3cr3t-db", "s3cr3t-cert", *stores.values()}
    entry = endpoint(
        1,
        db_type="kafka",
        ip="192.0.2.10:9092",
        db_port=None,
        db_password="s3cr3t-db",
        ssl_cert_password="s3cr3t-cert",
        kafka_security_config=kafka,
    )

    request = body(parse_endpoints([entry]))

    assert secrets <= set(CONNECTION_TEST.secrets_in(request))
    assert "s3cr3t" not in repr(request)


# --- how an answer is read ---


def verdicts(*results, **members):
    endpoints = parse_endpoints([endpoint(1), endpoint(2)])
    return judge(endpoints, {"results": list(results), "count": len(results), **members})


def good(job):
    return {"id": job, "status": "success", "success": True}


@pytest.mark.parametrize(
    "result",
    [
        {"status": "success", "success": True},
        {"status": "SUCCESS"},
        {"status": "true"},
        {"status": "success", "success": None, "error_code": None, "error_msg": None},
        {"status": "success", "error_code": ""},
    ],
)
def test_an_affirmed_endpoint_has_passed_in_every_spelling_the_documents_know(result):
    assert [verdict.passed for verdict in verdicts({"id": ONE, **result}, good(TWO))] == [True, True]


@pytest.mark.parametrize(
    "member", [{"job_id": TWO}, {"jobId": "another"}, {"end_point_type": "ta"}, {"job_id": [ONE]}, {"ID": TWO}]
)
def test_a_result_that_also_names_another_job_or_side_has_not_passed(member):
    verdict, _ = verdicts({**good(ONE), **member}, good(TWO))

    assert not verdict.passed
    assert next(iter(member)) in str(verdict.text)


def test_a_result_may_name_its_endpoint_more_than_once():
    first, _ = verdicts({**good(ONE), "job_id": ONE, "end_point_type": "so", "jobId": None}, good(TWO))

    assert first.passed


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"status": "failed", "error_code": "DRS.M01501", "error_msg": "port closed"}, "port closed"),
        ({"status": "false"}, "no reason"),
        ({"status": "success", "success": False}, "contradicts itself"),
        ({"status": "success", "success": True, "error_code": "DRS.KE0002"}, "contradicts itself"),
        ({"status": "success", "success": "true"}, "contradicts itself"),
        ({"status": "testing"}, "unknown status 'testing'"),
        ({"status": None, "success": True}, "unknown status None"),
        ({"status": True}, "unknown status True"),
        ({"status": 1}, "unknown status 1"),
        ({"success": True}, "unknown status None"),
    ],
)
def test_anything_else_has_not_passed_and_says_why(result, text):
    bad, other = verdicts({"id": ONE, **result}, good(TWO))

    assert not bad.passed
    assert text in bad.text
    assert other.passed


def test_results_in_another_order_find_their_endpoints():
    bad = {"id": ONE, "status": "failed", "error_msg": "no"}

    assert [verdict.passed for verdict in verdicts(good(TWO), bad)] == [False, True]


def test_a_missing_result_fails_its_endpoint_only():
    missing, other = verdicts(good(TWO))

    assert not missing.passed
    assert "no result" in missing.text
    assert other.passed


def test_a_doubled_result_fails_its_endpoint_only_even_if_both_are_good():
    doubled, other = verdicts(good(ONE), good(ONE), good(TWO))

    assert not doubled.passed
    assert "2 results" in doubled.text
    assert other.passed


def test_an_answer_about_a_job_nobody_asked_about_vouches_for_nothing():
    actual = verdicts(good(ONE), good(TWO), good(job_id(9)))

    assert [verdict.passed for verdict in actual] == [False, False]
    assert job_id(9) in actual[0].text


def test_an_answer_whose_count_does_not_fit_vouches_for_nothing():
    assert [verdict.passed for verdict in verdicts(good(ONE), good(TWO), count=3)] == [False, False]


def test_results_that_are_no_objects_vouch_for_nothing():
    assert [verdict.passed for verdict in verdicts(None, "success")] == [False, False]


def test_a_known_code_comes_with_what_to_do():
    bad, _ = verdicts({"id": ONE, "status": "failed", "error_code": "DRS.KE0002", "error_msg": "denied"}, good(TWO))

    assert "user or password" in bad.hint


@pytest.mark.parametrize("name", ["success_count", "successNum", "passed_count"])
@pytest.mark.parametrize(("count", "passed"), [(1, [False, True]), (2, [False, False]), (0, [False, False])])
def test_a_count_of_successes_is_that_of_the_affirmed_results(name, count, passed):
    results = [{"id": ONE, "status": "failed", "error_msg": "no"}, good(TWO)]

    judged = judge(parse_endpoints([endpoint(1), endpoint(2)]), {"results": results, "count": 2, name: count})

    assert [verdict.passed for verdict in judged] == passed


def test_a_report_on_nothing_has_not_passed():
    assert not Report(()).passed


def test_a_verdict_tells_what_was_tested_and_what_it_took_and_no_text_of_a_dag_breaks_its_line():
    (tested,) = parse_endpoints([endpoint(1, label="orders\npassed", end_point_type="ta")])

    (verdict,) = judge([tested], {"results": [good(ONE)]}, request_id="r-1", seconds=1.5, attempts=2)

    assert (verdict.job_id, verdict.side, verdict.address) == (ONE, "target", "192.0.2.10:3306")
    assert (verdict.request_id, verdict.seconds, verdict.attempts) == ("r-1", 1.5, 2)
    assert "\n" not in str(verdict.label)


def test_an_endpoint_whose_call_failed_has_not_passed_and_tells_the_error_of_the_call():
    (tested,) = parse_endpoints([endpoint(1)])
    error = DrsUnavailableError("it broke", code="DRS.M00004", request_id="r-1", hint="Wait.")

    verdict = verdict_of_error(tested, error, attempts=3)

    assert (verdict.passed, verdict.code, verdict.text) == (False, "DRS.M00004", "it broke")
    assert (verdict.hint, verdict.request_id, verdict.attempts) == ("Wait.", "r-1", 3)


def test_an_error_that_speaks_of_single_jobs_tells_each_endpoint_its_own():
    tested = parse_endpoints([endpoint(1), endpoint(2)])
    error = DrsUnavailableError("some are busy", jobs={ONE: "this one is busy"})

    assert [verdict_of_error(each, error).text for each in tested] == ["this one is busy", "some are busy"]


# --- what is repeated ---


@pytest.mark.parametrize(("failure", "times"), [("throttled", 2), ("unavailable", 1), ("lost", 1)])
def test_a_test_is_sent_again_only_if_it_was_certainly_not_done(failure, times):
    endpoints = parse_endpoints([endpoint(1), endpoint(2)])

    assert (
        times_sent(failure, Reply(all_passed()), lambda service: client(service).test_connections(endpoints)) == times
    )
