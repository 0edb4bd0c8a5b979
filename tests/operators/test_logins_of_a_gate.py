"""What a gate does to the accounts of its databases, and what one run of it reports, in real runs."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from airflow_runs import run_dag
from samples import endpoint, job_id
from wire import Reply, Request, Service

pytestmark = pytest.mark.usefixtures("airflow_db")

WRONG_PASSWORD = {"status": "failed", "error_code": "DRS.KE0002", "error_msg": "Access denied"}
CLOSED_PORT = {"status": "failed", "error_code": "DRS.M01501", "error_msg": "Connection refused"}
PASSED = {"status": "success"}


class Databases(Service):
    """DRS with a result for each job, and a status if that is not CONFIGURATION. It counts the logins of each job."""

    def __init__(self, results: dict[str, dict[str, str]], statuses: dict[str, str] | None = None) -> None:
        super().__init__(self._reply)
        self.logins: Counter[str] = Counter()
        self._results, self._statuses = results, statuses or {}

    def _reply(self, request: Request) -> Reply:
        if request.path.endswith("batch-status"):
            jobs = request.json["jobs"]
            results = [{"id": job, "status": self._statuses.get(job, "CONFIGURATION")} for job in jobs]
        else:
            jobs = [entry["id"] for entry in request.entries]
            self.logins.update(jobs)
            results = [{"id": job, **self._results.get(job, PASSED)} for job in jobs]
        return Reply({"results": results, "count": len(results)})


@pytest.fixture
def gate(monkeypatch):
    """Run a gate over jobs, with three retries of Airflow and three retests in the task."""

    def run(databases, jobs):
        with databases:
            connection = {
                "conn_type": "drs",
                "host": databases.url,
                "password": "a-token",
                "extra": {"project_id": "p"},
            }
            monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))
            return run_dag("retested.py", {"endpoints": [endpoint(number, label=f"job {number}") for number in jobs]})

    return run


def test_a_wrong_password_is_sent_once_and_a_closed_port_beside_it_is_tested_again(gate):
    databases = Databases({job_id(1): WRONG_PASSWORD, job_id(2): CLOSED_PORT})

    run = gate(databases, [1, 2])

    assert databases.logins == {job_id(1): 1, job_id(2): 4}
    assert (run.states["test"], run.tries["test"]) == ("failed", 1)
    assert [item["attempts"] for item in run.xcoms["test"]["endpoints"]] == [1, 4]


def test_without_a_wrong_password_airflows_retries_test_again(gate):
    databases = Databases({job_id(2): CLOSED_PORT})

    run = gate(databases, [2])

    assert run.tries["test"] == 4
    assert databases.logins == {job_id(2): 16}


def test_one_run_reports_a_failed_job_a_wrong_password_and_a_closed_port(gate, console):
    databases = Databases({job_id(1): WRONG_PASSWORD, job_id(2): CLOSED_PORT}, {job_id(3): "CREATE_FAILED"})

    run = gate(databases, [1, 2, 3, 4, 5, 6])

    report = run.xcoms["test"]
    assert {item["label"]: item["code"] or item["status"] for item in report["endpoints"] if not item["passed"]} == {
        "job 1": "DRS.KE0002",
        "job 2": "DRS.M01501",
        "job 3": "CREATE_FAILED",
    }
    assert report["failed"] == 3
    assert job_id(3) not in databases.logins
    log = console()
    passed, counted, failed = (
        log.index(text) for text in ("job 4 (source): passed", "3 of 6 endpoints passed", "job 1 (")
    )
    assert passed < counted < failed


def test_bad_input_leaves_a_report_with_every_violation(gate):
    databases = Databases({})

    run = gate(databases, [])

    assert run.states["test"] == "failed"
    report = run.xcoms["test"]
    assert (report["passed"], report["endpoints"], len(report["errors"])) == (False, [], 1)
    assert databases.requests == []
