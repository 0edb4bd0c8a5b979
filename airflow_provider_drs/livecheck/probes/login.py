"""The connection test of named jobs: the only probe that logs in to databases, and only on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from airflow_provider_drs.api.batch import cut_into_calls
from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.model.job_detail import JobDetail
from airflow_provider_drs.livecheck.client import Exchange
from airflow_provider_drs.livecheck.contact import NO_STATUS, Contact
from airflow_provider_drs.livecheck.findings import Check, Finding
from airflow_provider_drs.livecheck.probes.access import permission


def log_in(contact: Contact) -> Iterator[Check | Finding]:
    """Have DRS log in to each endpoint once, and look whether that has stored it."""
    before = _stored(contact)
    judged, passed = list[Endpoint](), list[Endpoint]()
    for number, positions in enumerate(cut_into_calls(contact.endpoints)):
        endpoints = [contact.endpoints[position] for position in positions]
        verdicts, exchanges = contact.ask(contact.client.test_connections, endpoints)
        good = {verdict.job_id for verdict in verdicts or () if verdict.passed}
        passed += [endpoint for endpoint in endpoints if endpoint.id in good]
        # none was sent if a limit is met
        for exchange in exchanges:
            if not number:
                yield from permission(contact, exchange)
            if exchange.considered:
                judged += endpoints
                yield from _told(contact, exchange, endpoints, good)
    every = len(contact.endpoints)
    yield Check("connection test", len(passed) == every, f"{len(passed)} of {every} endpoints passed")
    if sent := _with_checksum(judged):
        yield Finding("certificate-checksum", {"sent": sent, "passed": _with_checksum(passed)})
    new = {(endpoint.id, endpoint.side) for endpoint in passed} & {end for end, stored in before.items() if not stored}
    after = _stored(contact) if new else {}
    if known := new & after.keys():
        stored = sum(after[end] for end in known)
        yield Finding("test-stores", {"passed_and_not_stored_before": len(known), "stored_after": stored})


def _told(contact: Contact, exchange: Exchange, endpoints: Sequence[Endpoint], good: set[str]) -> Iterator[Finding]:
    name = exchange.operation.name
    yield Finding("test-seconds", {name: {"endpoints": len(endpoints), "seconds": exchange.seconds}})
    job_ids = {endpoint.id for endpoint in endpoints}
    named = job_ids & {str(item.get("id")) for item in exchange.results}
    states = {contact.statuses.get(job_id) for job_id in (named or job_ids) - good}
    # a refusal of the whole call does not say which of its jobs it is about
    for state in states if named or len(states) == 1 else ():
        if state == "CONFIGURATION":
            yield Finding("test-failed-login", _facts(contact, exchange))
        elif state == NO_STATUS:
            yield Finding("test-unknown-job", _facts(contact, exchange))
        elif state:
            told = contact.redactor.told(contact.redactor.body({"status": state}))
            yield Finding("test-wrong-state", {told["status"]: _facts(contact, exchange)})
    if good:
        affirmed = next(item for item in exchange.results if item.get("id") in good)
        yield Finding("test-words", {"result": contact.redactor.body(affirmed)})


def _facts(contact: Contact, exchange: Exchange) -> dict[str, Any]:
    return {"code": exchange.code, **contact.shape(exchange)}


def _with_checksum(endpoints: Sequence[Endpoint]) -> int:
    return sum(bool(endpoint.ssl_cert_check_sum) for endpoint in endpoints)


def _stored(contact: Contact) -> dict[tuple[str, str], bool]:
    """Return whether an end of a job is stored, by job and side, for the jobs whose details can be read."""
    details = contact.client.look_up_details([endpoint.id for endpoint in contact.endpoints])
    return {
        (job_id, side): bool(getattr(detail, side))
        for job_id, detail in details.items()
        for side in ("source", "target")
        if isinstance(detail, JobDetail)
    }
