"""Reads of the named jobs, and of a job that does not exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.operations.connection_test import CONNECTION_TEST
from airflow_provider_drs.api.statuses import concerns_job
from airflow_provider_drs.livecheck.contact import ABSENT, NO_STATUS, Contact
from airflow_provider_drs.livecheck.findings import Check, Finding
from airflow_provider_drs.livecheck.probes.access import permission


def read_jobs(contact: Contact) -> Iterator[Check | Finding]:
    """Read status, details and pre-check of the named jobs."""
    if not contact.job_ids:
        return
    for read in _reads(contact):
        results, exchanges = contact.ask(read, contact.job_ids)
        for job_id, each in results.items():
            if isinstance(each, JobStatus):
                contact.statuses[job_id] = each.value
            elif isinstance(each, DrsError) and concerns_job(job_id, each):
                contact.statuses.setdefault(job_id, NO_STATUS)
        # none was sent if a limit is met
        for exchange in exchanges[:1]:
            yield from permission(contact, exchange)
        items = [item for exchange in exchanges for item in exchange.results]
        yield from _secrets(items)
        yield from _running(contact, items)
    known = sum(contact.statuses.get(job_id) in JobStatus.__members__ for job_id in contact.job_ids)
    yield Check("jobs", known == len(contact.job_ids), f"{known} of {len(contact.job_ids)} have a known status")


def read_an_unknown_job(contact: Contact) -> Iterator[Check | Finding]:
    """Read a job that does not exist, beside the named ones if there are some."""
    asked = [*contact.job_ids[:9], ABSENT]
    for read in _reads(contact):
        for exchange in contact.ask(read, asked)[1][:1]:
            if not contact.job_ids:
                yield from permission(contact, exchange)
            if exchange.considered:
                yield Finding("unknown-job", {exchange.operation.name: contact.shape(exchange)})


def _reads(contact: Contact) -> tuple[Callable[[Sequence[str]], Any], ...]:
    return contact.client.look_up, contact.client.look_up_details, contact.client.precheck_results


def _secrets(items: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    ends = [item.get(f"{side}_endpoint") for item in items for side in ("source", "target")]
    stored = [end for end in ends if isinstance(end, dict) and end]
    if stored:
        parts = [part for end in stored for part in (end, end.get("kafka_security_config")) if isinstance(part, dict)]
        names = CONNECTION_TEST.secret_members
        told = [(name, part[name]) for part in parts for name in names & part.keys() if part[name]]
        secret = {name for name, value in told if str(value).strip("*")}
        masked = {name for name, _ in told} - secret
        facts = {"secret_members": sorted(secret), "masked_members": sorted(masked)}
        yield Finding("stored-secrets", {"stored_endpoints": len(stored), **facts})


def _running(contact: Contact, items: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    for item in items:
        if item.get("process") not in (None, "", "100%"):
            yield Finding("precheck-running", {"result": contact.redactor.body(item)})
