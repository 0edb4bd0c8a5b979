"""Tests endpoints, stores those of each job that passed, and compares what DRS has stored with what was tested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from itertools import chain
from typing import Any

from airflow_provider_drs.api.batch import run_calls
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.comparison import compare_stored
from airflow_provider_drs.api.endpoint import Endpoint, parse_endpoints
from airflow_provider_drs.api.errors import DrsError, DrsInputError, DrsStoppedError
from airflow_provider_drs.api.model.inputs import gathering
from airflow_provider_drs.api.model.job_detail import JobDetail
from airflow_provider_drs.api.model.job_settings import JobSettings, parse_job_settings
from airflow_provider_drs.api.model.job_status import TESTABLE
from airflow_provider_drs.api.model.job_verdict import MAX_REASON, JobVerdict
from airflow_provider_drs.api.model.report import Report
from airflow_provider_drs.api.model.rules import broken_when_stored
from airflow_provider_drs.api.model.shorthand import ConnectionReader, no_connections
from airflow_provider_drs.api.operations import job_details, job_modification
from airflow_provider_drs.api.operations.connection_test import secrets_by_job
from airflow_provider_drs.api.operations.job_details import JOB_DETAILS
from airflow_provider_drs.api.operations.job_modification import JOB_MODIFICATION, StoreRequest
from airflow_provider_drs.api.readiness import run_ready_tests
from airflow_provider_drs.api.statuses import concerns_job
from airflow_provider_drs.api.texts import printable

_TAKEN_OVER = ("node_type", "engine_type", "job_direction", "is_target_readonly", "replace_definer")
"""The members of a store that are what the job's details say, unless the DAG gives them."""
_NEEDED = ("node_type", "engine_type")

_CHANGED = "Another person or program has changed the job since. Find out who, then run this task again."
_OTHER_NODE = "Let the firewalls of both databases admit the addresses of the new node, then run this task again."

Details = Mapping[str, JobDetail | DrsError]


def parse_for_store(
    jobs: object, job_settings: object, look_up: ConnectionReader = no_connections
) -> tuple[list[Endpoint], dict[str, JobSettings]]:
    """Return endpoints and settings that can be stored, after a check of every rule of all of them.

    :param jobs: as for :func:`parse_endpoints`.
    :param job_settings: as for :func:`parse_job_settings`.
    :param look_up: reads the Connection that a ``db_conn_id`` names.
    :return: the endpoints, and the settings of each job that has some.
    :raises DrsInputError: naming every broken rule of the test and of the store.
    :raises DrsUnreachableError: when Airflow cannot read a Connection right now.
    """
    endpoints: list[Endpoint] = []
    settings: dict[str, JobSettings] = {}
    violations: list[str] = []
    with gathering(violations):
        endpoints = parse_endpoints(jobs, look_up)
    with gathering(violations):
        settings = parse_job_settings(job_settings, {endpoint.id for endpoint in endpoints})
    # Drop the input before raising: a traceback with local variables would show it.
    del jobs, job_settings
    violations += _broken_by_store(endpoints, settings)
    if violations:
        raise DrsInputError(violations)
    return endpoints, settings


def _broken_by_store(endpoints: Sequence[Endpoint], settings: Mapping[str, JobSettings]) -> Iterator[str]:
    ends = Counter((endpoint.id, endpoint.side) for endpoint in endpoints)
    names = Counter(job.name.lower() for job in settings.values() if job.name)
    yield from (f"job_settings: {number} jobs would have one name" for number in names.values() if number > 1)
    networks: dict[str, str] = {}
    for position, endpoint in enumerate(endpoints):
        where = f"jobs[{position}]"
        if ends[endpoint.id, endpoint.side] > 1:
            yield f"{where}.end_point_type: a job has one {endpoint.side} to be stored, not several"
        if networks.setdefault(endpoint.id, endpoint.net_type) != endpoint.net_type:
            yield f"{where}.net_type: differs from the other end, and a job is stored with one net_type"
        job = settings.get(endpoint.id)
        if job and job.net_type not in (None, endpoint.net_type):
            yield f"{where}.net_type: differs from that of job_settings"
        yield from (
            f"{where}.{member}: {why}" for member, why in broken_when_stored(endpoint.stored_form(), endpoint.side)
        )


def run_tests_and_store(
    client: DrsClient,
    endpoints: Sequence[Endpoint],
    settings: Mapping[str, JobSettings],
    tested: Sequence[Endpoint],
    *,
    max_concurrency: int,
    **test_settings: Any,
) -> Report:
    """Test endpoints, store those of each job whose source and target passed, and compare what DRS has stored.

    The details of all jobs are read first: a job without a node is not tested, and members that the store needs and
    ``settings`` do not give are those of the job. The store is ``batchUpdateJob`` with ``store_db_info``.

    :param client: makes the calls.
    :param endpoints: at most one source and one target of each job; these are stored.
    :param settings: those of each job; they win over the job's own.
    :param tested: the endpoints to be tested, each host of one by itself or not.
    :param max_concurrency: the most concurrent calls.
    :param test_settings: further ones of :func:`run_tests`.
    :return: the report, with a verdict on each job.
    :raises DrsInputError: when a job has not all that the store needs; nothing is tested then.
    :raises DrsError: when DRS gives no details at all.
    """
    secrets = secrets_by_job(endpoints)
    details, errors = _details(client, list(secrets), secrets, max_concurrency)
    if errors and not any(isinstance(detail, JobDetail) for detail in details.values()):
        # nothing can be stored without them, so no database is logged in to
        raise errors[0]
    requests = _requests(endpoints, settings, details)
    report = run_ready_tests(client, tested, details=details, max_concurrency=max_concurrency, **test_settings)
    failed = {verdict.job_id for verdict in report.endpoints if not verdict.passed}
    storable = [request for job_id, request in requests.items() if job_id not in failed]
    verdicts, store_errors = _stored(client, storable, max_concurrency)
    affirmed = [request for request in storable if verdicts[request.job_id].stored]
    after, _ = _details(client, [request.job_id for request in affirmed], secrets, max_concurrency)
    for request in affirmed:
        job_id = request.job_id
        verdicts[job_id] = _compared(verdicts[job_id], request, details[job_id], after[job_id])
    names: dict[str, list[str]] = {}
    for verdict in report.endpoints:
        names.setdefault(verdict.job_id, []).append(verdict.name)
    stores = []
    for job in report.jobs:
        detail = details[job.job_id]
        if job.job_id in failed:
            text = "an endpoint of the job did not pass"
        elif isinstance(detail, JobDetail) and detail.status != TESTABLE:
            text = f"the job was in {detail.status} when its details were read"
        else:
            text = "jobs has only one end of the job"
        store = verdicts.get(job.job_id) or replace(job, passed=False, stored=False, text=f"not stored: {text}")
        databases = printable(", ".join(names[job.job_id]), MAX_REASON)
        stores.append(replace(store, digest=store.digest or job.digest, databases=databases))
    return replace(report, stores=tuple(stores), errors=(*report.errors, *store_errors))


def _details(
    client: DrsClient, job_ids: Sequence[str], secrets: Mapping[str, Sequence[str]], max_concurrency: int
) -> tuple[Details, list[DrsError]]:
    """Return the details of each job, or the error in its place, and the errors of calls that failed as a whole."""
    size = job_details.MAX_JOBS
    pages = [job_ids[start : start + size] for start in range(0, len(job_ids), size)]

    def send(page: Sequence[str]) -> list[JobDetail | DrsError]:
        of_page = [secret for job_id in page for secret in secrets[job_id]]
        results = list(client.look_up_details(page, secrets=of_page).values())
        for result in results:
            if isinstance(result, DrsStoppedError):
                raise result
        first = results[0]
        if (
            isinstance(first, DrsError)
            and all(result is first for result in results)
            and not concerns_job(page[0], first)
        ):
            raise first
        return results

    def of_error(job_id: str, error: DrsError, **_: Any) -> DrsError:
        return error

    results, errors = run_calls(client, JOB_DETAILS, pages, send, of_error, max_concurrency)
    return dict(zip(job_ids, chain.from_iterable(results), strict=True)), errors


def _requests(
    endpoints: Sequence[Endpoint], settings: Mapping[str, JobSettings], details: Details
) -> dict[str, StoreRequest]:
    """Return the store of each job that has both ends and can be tested."""
    requests: dict[str, StoreRequest] = {}
    violations = []
    by_job: dict[str, dict[str, Endpoint]] = {}
    for endpoint in endpoints:
        by_job.setdefault(endpoint.id, {})[endpoint.side] = endpoint
    for job_id, ends in by_job.items():
        detail = details[job_id]
        if not isinstance(detail, JobDetail) or detail.status != TESTABLE or not detail.node_alive or len(ends) < 2:
            continue
        own = {name: value for name in _TAKEN_OVER if (value := getattr(detail, name)) is not None}
        wire = settings[job_id].wire() if job_id in settings else {}
        requests[job_id] = StoreRequest(ends["source"], ends["target"], {**own, **wire})
        stored = requests[job_id].settings
        needed = [*_NEEDED, *(["replace_definer"] if stored.get("engine_type") == "mysql" else [])]
        violations += [
            f"job_settings: {name} of job {job_id} is missing, and DRS does not tell it"
            for name in needed
            if name not in stored
        ]
    if violations:
        raise DrsInputError(violations, "nothing was tested")
    return requests


def _stored(
    client: DrsClient, requests: Sequence[StoreRequest], max_concurrency: int
) -> tuple[dict[str, JobVerdict], list[DrsError]]:
    size = job_modification.MAX_JOBS
    batches = [requests[start : start + size] for start in range(0, len(requests), size)]
    results, errors = run_calls(
        client, JOB_MODIFICATION, batches, client.store_endpoints, job_modification.verdict_of_error, max_concurrency
    )
    return {verdict.job_id: verdict for batch in results for verdict in batch}, errors


def _compared(
    verdict: JobVerdict, request: StoreRequest, before: JobDetail | DrsError, after: JobDetail | DrsError
) -> JobVerdict:
    if isinstance(after, DrsError) or isinstance(before, DrsError):
        text = f"DRS has affirmed the store, but what it has stored cannot be compared: {after}"
        return replace(verdict, passed=False, stored=False, text=text, answered=False)
    comparison = compare_stored(request, before, after)
    different = [*comparison.different, *([] if after.status == TESTABLE else [f"status {after.status}"])]
    verdict = replace(
        verdict,
        unproven=comparison.unproven,
        warnings=tuple(f"{name} is stored otherwise than it was tested" for name in comparison.doubtful),
        digest=after.digest,
        node=after.node_addresses,
        update_time=after.update_time,
        checked_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    if different:
        text = f"not stored as tested: {', '.join(different)}"
        return replace(verdict, passed=False, stored=False, text=text, hint=_CHANGED, changed=True)
    if comparison.other_node or not after.node_alive:
        text = "the job has no longer the node that DRS tested from"
        return replace(verdict, passed=False, stored=False, text=text, hint=_OTHER_NODE)
    return verdict
