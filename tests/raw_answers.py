"""Raw answers, and the results that the package reads from them, without a server."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from requests.structures import CaseInsensitiveDict
from samples import endpoint, job_id

from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.hidden import HiddenBytes
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.model.report import Report
from airflow_provider_drs.api.operation import Operation
from airflow_provider_drs.api.operations import job_status
from airflow_provider_drs.api.operations.connection_test import CONNECTION_TEST, judge, verdict_of_error
from airflow_provider_drs.api.operations.job_status import JOB_STATUS
from airflow_provider_drs.api.wire.answers import Answer, read_answer
from airflow_provider_drs.api.wire.connection import RawAnswer
from airflow_provider_drs.api.wire.scrubber import Scrubber

JOBS = [job_id(1), job_id(2)]
ENDPOINTS = parse_endpoints([endpoint(1), endpoint(2)])


def good(**beside: Any) -> dict[str, Any]:
    """Return an answer that affirms two endpoints, with further members beside its results."""
    results = [{"id": job, "status": "success", "success": True} for job in JOBS]
    return {"results": results, "count": len(results), **beside}


def ready(**beside: Any) -> dict[str, Any]:
    """Return an answer about two jobs in CONFIGURATION, with further members beside its results."""
    return {"results": [{"id": job, "status": "CONFIGURATION"} for job in JOBS], "count": len(JOBS), **beside}


def answer(
    payload: Any,
    operation: Operation = CONNECTION_TEST,
    status: int = 200,
    headers: dict[str, str] | None = None,
    secrets: Iterable[str] = (),
    earlier: Answer | None = None,
) -> Answer:
    """Read an answer. A payload that is not bytes is encoded as JSON."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    raw = RawAnswer(status, CaseInsensitiveDict(headers or {}), HiddenBytes(body))
    return read_answer(operation, raw, Scrubber(secrets), earlier)


def report(payload: Any, **facts: Any) -> Report:
    """Return the report on two endpoints, from the answer to their test."""
    try:
        read = answer(payload, **facts)
    except DrsError as error:
        return Report(tuple(verdict_of_error(item, error) for item in ENDPOINTS), (error,))
    return Report(tuple(judge(ENDPOINTS, read.payload, request_id=read.request_id)))


def statuses(payload: Any, **facts: Any) -> dict[str, JobStatus | DrsError]:
    """Return the status or the error of two jobs, from the answer about them."""
    try:
        return job_status.statuses(JOBS, answer(payload, JOB_STATUS, **facts))
    except DrsError as error:
        return dict.fromkeys(JOBS, error)


def passed(payload: Any) -> list[bool]:
    """Return for each of two endpoints whether it passes, from the answer to their test."""
    return [verdict.passed for verdict in report(payload).endpoints]


def known(payload: Any) -> list[bool]:
    """Return for each of two jobs whether its status is known, from the answer about them."""
    return [isinstance(status, JobStatus) for status in statuses(payload).values()]
