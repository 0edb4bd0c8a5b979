"""The connection test of named jobs: the only probe that logs in to databases, and only on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from airflow_provider_drs.api.batch import cut_into_calls
from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.model.job_detail import JobDetail
from airflow_provider_drs.api.wire.answers import code_and_text
from airflow_provider_drs.livecheck import words
from airflow_provider_drs.livecheck.client import Exchange
from airflow_provider_drs.livecheck.contact import Contact
from airflow_provider_drs.livecheck.findings import Check, Finding
from airflow_provider_drs.livecheck.probes.access import permission


def log_in(contact: Contact) -> Iterator[Check | Finding]:
    """Have DRS log in to each endpoint once, and look whether that has stored it."""
    before = _stored(contact)
    passed: set[tuple[str, str]] = set()
    for number, positions in enumerate(cut_into_calls(contact.endpoints)):
        endpoints = [contact.endpoints[position] for position in positions]
        verdicts, exchanges = contact.ask(contact.client.test_connections, endpoints)
        good = {verdict.job_id for verdict in verdicts or () if verdict.passed}
        passed |= {(endpoint.id, endpoint.side) for endpoint in endpoints if endpoint.id in good}
        for exchange in exchanges:
            if not number:
                yield from permission(contact, exchange)
            if exchange.considered:
                yield from _told(contact, exchange, endpoints, good)
    tested = {(endpoint.id, endpoint.side) for endpoint in contact.endpoints}
    yield Check("connection test", tested <= passed, f"{len(passed)} of {len(tested)} endpoints passed")
    if new := passed - before:
        stored = new & _stored(contact)
        yield Finding("test-stores", {"passed_and_not_stored_before": len(new), "stored_after": len(stored)})


def _told(contact: Contact, exchange: Exchange, endpoints: Sequence[Endpoint], good: set[str]) -> Iterator[Finding]:
    name = exchange.operation.name
    yield Finding("test-seconds", {name: {"endpoints": len(endpoints), "seconds": exchange.seconds}})
    failed = [endpoint.id for endpoint in endpoints if endpoint.id not in good]
    if any(contact.statuses.get(job_id) == "CONFIGURATION" for job_id in failed):
        yield Finding("test-failed-login", _facts(contact, exchange))
    if states := {contact.statuses[job_id] for job_id in failed if job_id in contact.statuses} - {"CONFIGURATION"}:
        state = contact.redactor.body({"status": sorted(states)[0]})["status"]
        yield Finding("test-wrong-state", {state: _facts(contact, exchange)})
    if good:
        affirmed = next(item for item in exchange.results if item.get("id") in good)
        yield Finding("test-words", {"result": contact.redactor.body(affirmed)})
    with_sum = {endpoint.id for endpoint in endpoints if endpoint.ssl_cert_check_sum}
    if with_sum:
        yield Finding("certificate-checksum", {"sent": len(with_sum), "passed": len(with_sum & good)})


def _facts(contact: Contact, exchange: Exchange) -> dict[str, Any]:
    code = words.code((code_and_text(exchange.body) or (None, ""))[0])
    return {"code": code, **contact.shape(exchange)}


def _stored(contact: Contact) -> set[tuple[str, str]]:
    details = contact.client.look_up_details([endpoint.id for endpoint in contact.endpoints])
    return {
        (job_id, side)
        for job_id, detail in details.items()
        for side in ("source", "target")
        if isinstance(detail, JobDetail) and getattr(detail, side)
    }
