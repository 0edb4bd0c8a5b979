"""Credential, project, permissions, and what the list of jobs shows beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_drs.api.errors import DrsCredentialError, DrsError, DrsPermissionError
from airflow_provider_drs.api.operations.job_list import JOB_LIST
from airflow_provider_drs.api.wire.answers import code_and_text
from airflow_provider_drs.livecheck import words
from airflow_provider_drs.livecheck.client import Exchange
from airflow_provider_drs.livecheck.contact import Contact, error_told
from airflow_provider_drs.livecheck.findings import Check, Finding

_OTHER_PROJECT = "DRS.M00261"


def check_access(contact: Contact) -> Iterator[Check | Finding]:
    """Use the credential for the first time, and say what became of it.

    :raises DrsError: when the first call fails in a way in which every other call would fail, too.
    """
    before = len(contact.client.exchanges)
    try:
        contact.client.check_access()
    except DrsPermissionError as error:
        if len(contact.client.exchanges) == before:
            yield Check("credential", False, f"IAM gives none: {error_told(error)}")
            raise
        # the caller is known, and other calls may be allowed
        yield Check("credential", True, "accepted")
        yield Check("project", False if error.code == _OTHER_PROJECT else None, error_told(error))
    except DrsError as error:
        yield Check("credential", False if isinstance(error, DrsCredentialError) else None, error_told(error))
        raise
    else:
        yield Check("credential", True, "accepted")
        yield Check("project", True, "accepted")
    # the last one: before it, a key that had ended may have been refused and renewed
    exchange = contact.client.exchanges[-1]
    yield from permission(contact, exchange)
    yield from _actions(contact, exchange)


def permission(contact: Contact, exchange: Exchange) -> Iterator[Check | Finding]:
    """Say whether the caller may make this call, and which action the refusal names."""
    name = exchange.operation.name
    if exchange.answer is None:
        yield Check(f"permission {name}", False, error_told(exchange.error) if exchange.error else "no answer")
        return
    status, code = exchange.status, exchange.code
    # a limit, a fault or a gateway that does not serve the call says nothing of the permission, but not all is well
    allowed = False if status in (401, 403) else True if status in (200, 202, 400, 422) else None
    facts: dict[str, Any] = {"allowed": allowed, "http_status": status, "code": code}
    facts["documented_action"] = exchange.operation.permission
    text = (code_and_text(exchange.body) or (None, ""))[1]
    facts["named_actions"] = words.actions_in(text) if allowed is False else []
    shown = {True: "allowed", False: "denied", None: f"HTTP {status}"}[allowed]
    yield Check(f"permission {name}", allowed is True, f"{shown} ({code})" if code else shown)
    yield Finding("permissions", {name: facts})


def _actions(contact: Contact, exchange: Exchange) -> Iterator[Finding]:
    jobs = exchange.body.get(JOB_LIST.expected_key)
    for job in jobs if isinstance(jobs, list) else ():
        if isinstance(job, dict) and isinstance(job.get("job_action"), dict):
            told = contact.redactor.body({"status": job.get("status"), "job_action": job["job_action"]})
            # a name of the answers is not searched for values any more
            yield Finding("actions", {str(contact.redactor.told(told["status"])): told["job_action"]})
