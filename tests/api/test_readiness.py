"""Jobs that are not ready hide no other endpoint's fault: each has a verdict that names its status."""

from __future__ import annotations

from typing import Any

import pytest
from calls import client
from samples import endpoint, job_id
from wire import Reply, Request, Service, all_pass

from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsStoppedError
from airflow_provider_drs.api.model.report import Report
from airflow_provider_drs.api.readiness import run_ready_tests


def against(statuses: Any, numbers: Any = (1, 2), **settings: Any) -> tuple[Report, Service]:
    """Test an endpoint of each job against a service with these statuses, or with this answer to a status call."""

    def answer(request: Request) -> Reply:
        if not request.path.endswith("batch-status"):
            return all_pass(request)
        if isinstance(statuses, Reply):
            return statuses
        jobs = request.json["jobs"]
        results = [{"id": job, "status": statuses.get(job, "CONFIGURATION")} for job in jobs]
        return Reply({"results": results, "count": len(results)})

    with Service(answer) as service, client(service, **settings) as drs:
        report = run_ready_tests(drs, parse_endpoints([endpoint(number) for number in numbers]))
    return report, service


def sent(service: Service) -> list[str]:
    return [entry["id"] for request in service.calls("batch-connection") for entry in request.entries]


@pytest.mark.parametrize(
    ("status", "hint", "retryable"),
    [
        ("CREATING", "Wait for the job", True),
        ("STARTJOBING", "Remove them from this gate", False),
        ("FULL_TRANSFER_STARTED", "Remove them from this gate", False),
        ("CREATE_FAILED", "Repair the job", False),
        ("DELETED", "Create it again", False),
    ],
)
def test_an_endpoint_of_a_job_that_is_not_ready_is_not_tested_and_its_verdict_names_the_status(status, hint, retryable):
    report, service = against({job_id(2): status})

    ready, other = report.endpoints
    assert sent(service) == [job_id(1)]
    assert ready.passed
    assert (other.passed, other.status, other.attempts, other.retryable) == (False, status, 0, retryable)
    assert other.text == f"the job is in {status}; DRS tests endpoints only in CONFIGURATION"
    assert hint in (other.hint or "")


def test_the_verdicts_keep_the_order_of_the_endpoints():
    report, _ = against({job_id(2): "CREATING", job_id(4): "CREATE_FAILED"}, [4, 1, 2, 3])

    assert [verdict.job_id for verdict in report.endpoints] == [job_id(number) for number in (4, 1, 2, 3)]
    assert [verdict.passed for verdict in report.endpoints] == [False, True, False, True]


def test_nothing_is_tested_when_no_job_is_ready():
    report, service = against({job_id(1): "CREATING", job_id(2): "CREATING"})

    assert sent(service) == []
    assert len(report.failed) == 2


def test_a_status_that_this_package_does_not_know_is_left_to_the_test():
    report, service = against({job_id(1): "BRAND_NEW"})

    assert report.passed
    assert sorted(sent(service)) == [job_id(1), job_id(2)]


def test_a_job_that_drs_does_not_know_hides_no_other():
    gone = {"id": job_id(2), "error_code": "DRS.M05003", "error_msg": "the job does not exist"}

    def answer(request: Request) -> Reply:
        if not request.path.endswith("batch-status"):
            return all_pass(request)
        if job_id(2) in request.json["jobs"]:
            return Reply({"error_code": "DRS.M05003", "error_msg": "no job", "results": [gone]}, status=400)
        return Reply({"results": [{"id": job, "status": "CONFIGURATION"} for job in request.json["jobs"]]})

    with Service(answer) as service, client(service) as drs:
        report = run_ready_tests(drs, parse_endpoints([endpoint(1), endpoint(2)]))

    assert [verdict.passed for verdict in report.endpoints] == [True, False]
    assert (report.endpoints[1].code, report.endpoints[1].attempts) == ("DRS.M05003", 0)
    assert sent(service) == [job_id(1)]


def test_an_item_that_refuses_one_job_hides_no_other():
    def answer(request: Request) -> Reply:
        if not request.path.endswith("batch-status"):
            return all_pass(request)
        gone = {"id": job_id(2), "error_code": "DRS.M05004", "error_msg": "released"}
        return Reply({"results": [{"id": job_id(1), "status": "CONFIGURATION"}, gone], "count": 2})

    with Service(answer) as service, client(service) as drs:
        report = run_ready_tests(drs, parse_endpoints([endpoint(1), endpoint(2)]))

    assert [(verdict.passed, verdict.code, verdict.text) for verdict in report.endpoints] == [
        (True, None, None),
        (False, "DRS.M05004", "DRS.M05004: released"),
    ]
    assert sent(service) == [job_id(1)]


def test_jobs_that_share_a_call_with_many_unknown_ones_are_tested():
    unknown = {job_id(number) for number in range(0, 20, 2)}

    def answer(request: Request) -> Reply:
        if not request.path.endswith("batch-status"):
            return all_pass(request)
        if unknown & {*request.json["jobs"]}:
            return Reply({"error_code": "DRS.M05003", "error_msg": "no job"}, status=400)
        results = [{"id": job, "status": "CONFIGURATION"} for job in request.json["jobs"]]
        return Reply({"results": results, "count": len(results)})

    with Service(answer) as service, client(service) as drs:
        report = run_ready_tests(drs, parse_endpoints([endpoint(number) for number in range(20)]))

    assert [verdict.passed for verdict in report.endpoints][1::2] == [True] * 10


FAULTS = {
    "down": Reply({"error_code": "DRS.M00004", "error_msg": "down"}, status=503),
    "throttled": Reply({"error_code": "APIGW.0308", "error_msg": "slow"}, 429, {"Retry-After": "0"}),
    "not allowed": Reply({"error_code": "DRS.M00103", "error_msg": "no"}, status=403),
    "refused": Reply({"error_code": "DRS.M00202", "error_msg": "bad"}, status=400),
    "lost": Reply({}, headers={"Content-Length": "99", "Connection": "close"}),
    "not of DRS": Reply(raw=b"<html>"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_read_of_the_statuses_is_a_warning_and_every_endpoint_is_tested(fault, caplog):
    report, service = against(FAULTS[fault])

    assert report.passed
    assert sorted(sent(service)) == [job_id(1), job_id(2)]
    (warning,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "endpoints are tested without them" in warning.getMessage()


def test_a_read_that_fails_is_not_repeated_nor_are_further_pages_read():
    _, service = against(FAULTS["down"], range(250))

    assert len(service.calls("batch-status")) == 1


def test_statuses_take_one_call_for_a_hundred_jobs():
    _, service = against({}, [*range(250), 1, 2])

    assert [len(request.json["jobs"]) for request in service.calls("batch-status")] == [100, 100, 50]


def test_a_client_that_was_stopped_tests_nothing():
    with Service() as service, client(service) as drs:
        drs.cancel()
        with pytest.raises(DrsStoppedError):
            run_ready_tests(drs, parse_endpoints([endpoint(1)]))

    assert service.requests == []
