"""Answers about pre-checks for tests."""

from __future__ import annotations

import json
from typing import Any

from raw_answers import answer
from samples import job_id
from wire import Reply, Request, Service

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.precheck import PrecheckResult
from airflow_provider_drs.api.operations.precheck_result import PRECHECK_RESULT, results

JOB = job_id(1)
GREEN = [
    {"item": "srcDbConnection", "result": "PASSED", "group": "network"},
    {"item": "dstDbConnection", "result": "PASSED", "group": "network"},
]


def item(name: str, result: Any = "PASSED", **members: Any) -> dict[str, Any]:
    """Return an item of an answer."""
    return {"item": name, "result": result, "group": "db_params", **members}


def alarm(name: str, reason: str = "SRC_HAS_TTL_INDEXES", **members: Any) -> dict[str, Any]:
    """Return an item with an alarm."""
    return item(name, "ALARM", failed_reason=reason, **members)


def failed(name: str, reason: str = "X_IS_WRONG", **members: Any) -> dict[str, Any]:
    """Return an item that has failed."""
    return item(name, "FAILED", failed_reason=reason, **members)


def running(process: str = "35%", job: str = JOB) -> dict[str, Any]:
    """Return the result of a job whose check goes on."""
    return {"precheck_id": job, "process": process, "result": False}


def finished(*items: Any, job: str = JOB, **members: Any) -> dict[str, Any]:
    """Return the result of a job whose check DRS calls passed, with further items than those that passed."""
    whole = {"precheck_id": job, "process": "100%", "total_passed_rate": "100%", "result": True}
    return {**whole, "precheck_result": [*GREEN, *items], **members}


def red(*items: Any, job: str = JOB, **members: Any) -> dict[str, Any]:
    """Return the result of a job whose check DRS calls failed."""
    return finished(*(items or [failed("srcDbBinlogIsOff")]), job=job, total_passed_rate="66%", result=False, **members)


def read_all(*entries: Any, asked: list[str] | None = None, **facts: Any) -> dict[str, PrecheckResult | DrsError]:
    """Return what is read from an answer with these results."""
    payload = {"results": list(entries), "count": len(entries)}
    whole = answer(payload, PRECHECK_RESULT, headers={"X-Request-Id": "r-1"})
    return results(asked or [entry["precheck_id"] for entry in entries], whole, **facts)


def read(entry: Any, **facts: Any) -> PrecheckResult:
    """Return the result of one job as it is read from an answer."""
    result = read_all(entry, asked=[JOB], **facts)[JOB]
    assert isinstance(result, PrecheckResult), result
    return result


class CheckingService(Service):
    """DRS with the result of each job's check; before a request no check has begun.

    :param entries: the results that the checks have, one for each job.
    :param requests: for a job, members of the answer to its request.
    """

    def __init__(self, *entries: dict[str, Any], requests: dict[str, dict[str, str]] | None = None) -> None:
        super().__init__(self._reply)
        self.entries = {entry["precheck_id"]: entry for entry in entries}
        self.requested: list[str] = []
        self._requests = requests or {}

    def _reply(self, request: Request) -> Reply:
        if request.path.endswith("/batch-precheck"):
            jobs = [entry["job_id"] for entry in request.entries]
            self.requested += jobs
            answers = [{"id": job, "status": "success", **self._requests.get(job, {})} for job in jobs]
            return Reply({"results": answers, "count": len(jobs)})
        jobs = request.json["jobs"]
        results = [self.entries[job] if job in self.requested else running("0%", job) for job in jobs]
        return Reply({"results": results, "count": len(results)})

    @property
    def connection(self) -> str:
        """An Airflow Connection to it, as JSON."""
        extra = {"project_id": "p", "max_attempts": 1}
        return json.dumps({"conn_type": "drs", "host": self.url, "password": "a-token", "extra": extra})
