"""Tests the endpoints of the jobs that are ready, so that a job that is not ready hides no other endpoint's fault."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from itertools import chain
from typing import Any

from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.errors import DrsError, DrsStoppedError
from airflow_provider_drs.api.model.job_detail import JobDetail
from airflow_provider_drs.api.model.job_status import TESTABLE, JobStatus, Phase
from airflow_provider_drs.api.model.report import Report, Verdict
from airflow_provider_drs.api.operations.connection_test import secrets_by_job, verdict_of_error, verdict_on
from airflow_provider_drs.api.statuses import MAX_IDS, concerns_job
from airflow_provider_drs.api.wire.scrubber import Scrubber

_log = logging.getLogger(__name__)

NO_DETAILS: Mapping[str, JobDetail | DrsError] = {}

_NODE_LOST = "DRS has released the node of the job, as it does after three days in CONFIGURATION"
_NEW_NODE = (
    "Configure the job in the DRS console, so that it gets a new node. The node has new addresses, which the firewalls "
    "of both databases must admit."
)
_HINTS = {
    Phase.BEFORE: "Wait for the job with DrsJobStatusSensor before this task.",
    Phase.PAST: "The job was started, so its endpoints can no longer be tested. Remove them from this gate.",
    Phase.FAILED: "Repair the job in the DRS console, or create it again.",
    Phase.GONE: "The job has ended. Create it again.",
}


def run_ready_tests(
    client: DrsClient,
    endpoints: Sequence[Endpoint],
    *,
    details: Mapping[str, JobDetail | DrsError] = NO_DETAILS,
    **settings: Any,
) -> Report:
    """Read the statuses of all jobs, then test the endpoints of those that DRS can test.

    An endpoint of another job gets a verdict that names the job's status. If DRS gives no statuses, a warning is logged
    and every endpoint is tested: the result of the test decides.

    :param client: makes the calls.
    :param endpoints: any number, several of one job among them.
    :param details: what DRS tells of the jobs, or the error in its place. An endpoint of a job without a node is not
        tested, nor one of a job that DRS gives no details of.
    :param settings: those of :func:`run_tests`.
    :raises DrsStoppedError: when the client was stopped.
    """
    started = datetime.now(timezone.utc)
    verdicts = _verdicts_without_test(client, endpoints, details)
    ready = [position for position in range(len(endpoints)) if position not in verdicts]
    report = run_tests(client, [endpoints[position] for position in ready], **settings)
    verdicts |= dict(zip(ready, report.endpoints, strict=True))
    whole = tuple(verdicts[position] for position in range(len(endpoints)))
    return replace(report, endpoints=whole, checked_at=started)


def _verdicts_without_test(
    client: DrsClient, endpoints: Sequence[Endpoint], details: Mapping[str, JobDetail | DrsError]
) -> dict[int, Verdict]:
    secrets = secrets_by_job(endpoints)
    results = _statuses(client, secrets)
    verdicts = {}
    for position, endpoint in enumerate(endpoints):
        result, detail = results.get(endpoint.id), details.get(endpoint.id)
        if isinstance(result, DrsError) and concerns_job(endpoint.id, result):
            # a job may have stored what its endpoints hold, and the call about its status knows no secret
            scrub = Scrubber(secrets[endpoint.id])
            verdict = verdict_of_error(endpoint, result, attempts=0)
            verdicts[position] = replace(
                verdict, code=verdict.code and scrub(verdict.code), text=scrub(verdict.text or "")
            )
        elif isinstance(result, JobStatus) and result.phase not in (Phase.TARGET, None):
            text = f"the job is in {result}; DRS tests endpoints only in {TESTABLE}"
            hint = _HINTS[result.phase]
            verdicts[position] = verdict_on(endpoint, text=text, hint=hint, status=str(result), attempts=0)
        elif isinstance(detail, DrsError):
            verdicts[position] = verdict_of_error(endpoint, detail, attempts=0)
        elif detail and not detail.node_alive:
            verdicts[position] = verdict_on(endpoint, text=_NODE_LOST, hint=_NEW_NODE, attempts=0)
    return verdicts


def _statuses(client: DrsClient, secrets: Mapping[str, list[str]]) -> dict[str, JobStatus | DrsError]:
    job_ids = list(secrets)
    results: dict[str, JobStatus | DrsError] = {}
    for start in range(0, len(job_ids), MAX_IDS):
        page = client.look_up(job_ids[start : start + MAX_IDS], repeat=False)
        results |= page
        for job_id, error in page.items():
            if isinstance(error, DrsStoppedError):
                raise error
            if isinstance(error, DrsError) and not concerns_job(job_id, error):
                # the tests need not wait for another call that fails in the same way
                text = Scrubber(chain.from_iterable(secrets.values()))(str(error))
                _log.warning("DRS gives no job statuses, so endpoints are tested without them: %s", text)
                return results
    return results
