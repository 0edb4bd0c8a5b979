"""Green is only what DRS affirmed without contradicting itself."""

from __future__ import annotations

import pytest
from samples import endpoint, job_id

from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.model.report import Report
from airflow_provider_drs.api.operations.connection_test import judge

ONE, TWO = job_id(1), job_id(2)


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
    told = verdicts(good(ONE), good(TWO), good(job_id(9)))

    assert [verdict.passed for verdict in told] == [False, False]
    assert job_id(9) in told[0].text


def test_an_answer_whose_count_does_not_fit_vouches_for_nothing():
    assert [verdict.passed for verdict in verdicts(good(ONE), good(TWO), count=3)] == [False, False]


def test_results_that_are_no_objects_vouch_for_nothing():
    assert [verdict.passed for verdict in verdicts(None, "success")] == [False, False]


def test_a_known_code_comes_with_what_to_do():
    bad, _ = verdicts({"id": ONE, "status": "failed", "error_code": "DRS.KE0002", "error_msg": "denied"}, good(TWO))

    assert "user or password" in bad.hint


def test_a_report_is_plain_json_in_the_order_given():
    report = Report(tuple(verdicts({"id": ONE, "status": "failed", "error_msg": "no"}, good(TWO))))

    assert report.to_dict() == {
        "passed": False,
        "endpoints": [
            {
                "job_id": job,
                "label": None,
                "side": "source",
                "db_type": "mysql",
                "address": "192.0.2.10:3306",
                "passed": passed,
                "code": None,
                "text": text,
                "hint": None,
                "request_id": None,
                "seconds": 0.0,
                "attempts": 1,
            }
            for job, passed, text in ((ONE, False, "no"), (TWO, True, None))
        ],
    }


def test_a_report_on_nothing_has_not_passed():
    assert not Report(()).passed
