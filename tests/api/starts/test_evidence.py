"""What reports prove of a job, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from samples import job_id
from starts import at, green, proven, report

from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.shown_reports import read_reports
from airflow_provider_drs.api.starts.evidence import KINDS, Evidence

JOB = job_id(1)


def objections(*reports: Any, max_age: float = 3600, now: datetime | None = None) -> list[str]:
    evidence = Evidence(read_reports(list(reports), "evidence"))
    return evidence.objections(JOB, KINDS, now or datetime.now(timezone.utc), max_age)


def test_good_evidence_has_no_objection_however_it_is_nested():
    connections, precheck = (
        report("connections", proven(JOB)),
        report("precheck", green(JOB), seconds_ago=3),
    )

    assert objections(connections, precheck) == []
    assert objections([[connections], [precheck]], str([precheck])) == []


def test_the_newest_entry_of_a_job_decides():
    old, new = proven(JOB, passed=False), proven(JOB)
    precheck = report("precheck", green(JOB, 2), seconds_ago=3)

    assert objections(report("connections", old, seconds_ago=60), report("connections", new), precheck) == []
    assert (
        "did not pass"
        in objections(report("connections", new, seconds_ago=60), report("connections", old), precheck)[0]
    )


def test_of_two_entries_of_one_time_the_one_that_did_not_pass_decides():
    precheck = report("precheck", green(JOB, 2), seconds_ago=3)
    for jobs in (
        [proven(JOB), proven(JOB, passed=False)],
        [proven(JOB, passed=False), proven(JOB)],
    ):
        (reason,) = objections(report("connections", *jobs), precheck)
        assert "did not pass" in reason


def test_a_pre_check_of_before_the_connection_test_says_nothing_of_what_is_stored_now():
    connections = report("connections", proven(JOB), seconds_ago=10)

    (reason,) = objections(connections, report("precheck", green(JOB, 20), seconds_ago=21))
    assert "began before its connection test had ended" in reason
    # its result was read after the test, but it began before
    assert objections(connections, report("precheck", green(JOB, 2), seconds_ago=21)) == [reason]


def test_a_pre_check_that_began_before_the_store_says_nothing_of_what_is_stored_now():
    connections = report("connections", proven(JOB, checked_at=at(30)), seconds_ago=100)

    (reason,) = objections(connections, report("precheck", green(JOB, 20), seconds_ago=50))
    assert "began before its connection test had ended" in reason
    assert objections(connections, report("precheck", green(JOB, 20), seconds_ago=29)) == []


def test_a_pre_check_is_as_old_as_its_request_however_late_its_result_was_read():
    connections = report("connections", proven(JOB), seconds_ago=100)
    precheck = report("precheck", green(JOB, 2), seconds_ago=90)

    (reason,) = Evidence([connections, precheck]).objections(JOB, ("precheck",), datetime.now(timezone.utc), 80)
    assert "its pre-check is 9" in reason


def test_a_failure_counts_until_a_step_that_began_after_it_has_passed():
    passed = report("connections", proven(JOB, checked_at=at(10)), seconds_ago=100)
    precheck = report("precheck", green(JOB), seconds_ago=3)

    for failure in (
        report("connections", proven(JOB, passed=False), seconds_ago=50),
        report("connections", proven(JOB, passed=False, checked_at=at(50)), seconds_ago=200),
    ):
        assert "did not pass" in objections(passed, failure, precheck)[0]
    assert objections(passed, report("connections", proven(JOB, passed=False), seconds_ago=101), precheck) == []


@pytest.mark.parametrize(("age", "fine"), [(0, True), (100, True), (102, False), (-50, True), (-70, False)])
def test_a_report_counts_for_max_age_and_one_minute_into_the_future(age, fine):
    now = datetime.now(timezone.utc).replace(microsecond=0)
    when: dict[str, Any] = {"checked_at": (now - timedelta(seconds=age)).isoformat()}
    reports = report("connections", proven(JOB), **when), report("precheck", green(JOB, **when), **when)

    assert (objections(*reports, max_age=101, now=now) == []) is fine


def test_a_job_without_a_report_is_told_what_is_missing():
    assert [reason.split(" of it")[0] for reason in objections(report("start"))] == [
        "evidence has no connection test",
        "evidence has no pre-check",
    ]


def test_one_error_names_everything_that_is_no_report():
    odd = report("connections", {"job_id": 1, "passed": "yes"}, checked_at="2026-01-01T00:00:00")
    with pytest.raises(DrsInputError) as caught:
        objections(
            odd,
            report("approval"),
            report("precheck", jobs=None),
            report("precheck", green(JOB, checked_at="now")),
        )

    assert caught.value.violations == [
        "evidence[0]: checked_at must be a time with its offset",
        "evidence[0].jobs[0]: job_id is not as a step of this package writes it",
        "evidence[0].jobs[0]: passed is not as a step of this package writes it",
        "evidence[1]: kind must be connections, precheck or start",
        "evidence[2]: jobs must be a list",
        "evidence[3].jobs[0]: checked_at must be a time with its offset",
    ]
