"""Answers as the wire delivers them, and what the package makes of them without a server."""

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
    """Return an answer that affirms two endpoints, and what stands beside its results."""
    results = [{"id": job, "status": "success", "success": True} for job in JOBS]
    return {"results": results, "count": len(results), **beside}


def ready(**beside: Any) -> dict[str, Any]:
    """Return an answer about two jobs in CONFIGURATION, and what stands beside its results."""
    return {"results": [{"id": job, "status": "CONFIGURATION"} for job in JOBS], "count": len(JOBS), **beside}


def answer(
    payload: Any,
    operation: Operation = CONNECTION_TEST,
    status: int = 200,
    headers: dict[str, str] | None = None,
    secrets: Iterable[str] = (),
) -> Answer:
    """Read an answer; a payload that is not bytes is sent as JSON."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    raw = RawAnswer(status, CaseInsensitiveDict(headers or {}), HiddenBytes(body))
    return read_answer(operation, raw, Scrubber(secrets))


def report(payload: Any, **facts: Any) -> Report:
    """Return the report on two endpoints that this is the answer about."""
    try:
        read = answer(payload, **facts)
    except DrsError as error:
        return Report(tuple(verdict_of_error(one, error) for one in ENDPOINTS), (error,))
    return Report(tuple(judge(ENDPOINTS, read.payload, request_id=read.request_id)))


def statuses(payload: Any, **facts: Any) -> dict[str, JobStatus | DrsError]:
    """Return what is known of two jobs that this is the answer about."""
    try:
        return job_status.statuses(JOBS, answer(payload, JOB_STATUS, **facts))
    except DrsError as error:
        return dict.fromkeys(JOBS, error)


def passed(payload: Any) -> list[bool]:
    """Return for two endpoints whether they passed, if this is the answer about them."""
    return [verdict.passed for verdict in report(payload).endpoints]


def known(payload: Any) -> list[bool]:
    """Return for two jobs whether their status is known, if this is the answer about them."""
    return [isinstance(status, JobStatus) for status in statuses(payload).values()]
