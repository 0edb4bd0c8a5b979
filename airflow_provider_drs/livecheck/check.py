"""Runs the probes one after the other, and ends when a credential is refused or a stranger answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.livecheck.contact import Contact, error_told
from airflow_provider_drs.livecheck.findings import Check, Finding, Findings
from airflow_provider_drs.livecheck.probes.access import check_access
from airflow_provider_drs.livecheck.probes.dialect import look_for_v5, send_an_unknown_member
from airflow_provider_drs.livecheck.probes.exchanges import look_at_exchanges
from airflow_provider_drs.livecheck.probes.jobs import read_an_unknown_job, read_jobs
from airflow_provider_drs.livecheck.probes.knock import knock
from airflow_provider_drs.livecheck.probes.login import log_in

PROBES: tuple[Callable[[Contact], Iterator[Check | Finding]], ...] = (
    check_access,
    read_jobs,
    read_an_unknown_job,
    send_an_unknown_member,
    look_for_v5,
)
"""Each only reads."""


def run(contact: Contact) -> tuple[Findings, bool]:
    """Return what was found, and whether it is DRS that answers."""
    findings = Findings()
    service = knock(contact)
    findings.add([service])
    if not service.passed:
        return findings, False
    try:
        for probe in (*PROBES, *((log_in,) if contact.endpoints else ())):
            findings.add(probe(contact))
    except DrsError as error:
        findings.add([Check("end", False, f"the check ended early: {error_told(error)}")])
    findings.add(look_at_exchanges(contact))
    return findings, True
