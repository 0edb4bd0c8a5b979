"""Runs the probes one after the other, and ends when a credential is refused or a stranger answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from airflow.providers.common.compat.sdk import Connection

from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.errors import DrsError, DrsInputError
from airflow_provider_drs.livecheck.client import Exchange
from airflow_provider_drs.livecheck.connect import connect
from airflow_provider_drs.livecheck.contact import Contact, error_told
from airflow_provider_drs.livecheck.findings import Check, Finding, Findings
from airflow_provider_drs.livecheck.options import INTERRUPTED, NO_SERVICE, REFUSED, WELL
from airflow_provider_drs.livecheck.probes.access import check_access
from airflow_provider_drs.livecheck.probes.dialect import look_for_v5, send_an_unknown_member
from airflow_provider_drs.livecheck.probes.exchanges import look_at_exchanges
from airflow_provider_drs.livecheck.probes.jobs import read_an_unknown_job, read_jobs
from airflow_provider_drs.livecheck.probes.knock import knock
from airflow_provider_drs.livecheck.probes.login import log_in
from airflow_provider_drs.livecheck.redaction import Redactor

PROBES: tuple[Callable[[Contact], Iterator[Check | Finding]], ...] = (
    check_access,
    read_jobs,
    read_an_unknown_job,
    send_an_unknown_member,
    look_for_v5,
)
"""Each only reads."""


def run(
    connection: Connection, redactor: Redactor, job_ids: Sequence[str], endpoints: Sequence[Endpoint]
) -> tuple[int, Findings, list[Exchange]]:
    """Return the exit code, what was found, and all exchanges in their order. After Ctrl-C they are those so far.

    :param connection: the Connection.
    :param redactor: makes what may be told.
    :param job_ids: the named jobs.
    :param endpoints: what is to be tested.
    :raises DrsInputError: when the Connection is wrong; nothing was sent.
    """
    findings = Findings()
    at_iam: list[Exchange] = []
    at_drs: list[Exchange] = []
    is_drs, interrupted = False, False
    try:
        client = connect(connection, at_iam)
        with client:
            redactor.hide([client.project_id])
            # the same list grows while the client works
            at_drs = client.exchanges
            is_drs = _probe(Contact(client, redactor, job_ids, endpoints), findings)
    except DrsError as error:
        if isinstance(error, DrsInputError) and not at_iam:
            raise
        findings.add([Check("project", False, f"its look-up in IAM failed: {error_told(error)}")])
    except KeyboardInterrupt:
        interrupted = True
        findings.add([Check("end", False, "the check was interrupted")])
    code = INTERRUPTED if interrupted else NO_SERVICE if not is_drs else WELL if findings.passed else REFUSED
    return code, findings, sorted([*at_iam, *at_drs], key=lambda exchange: exchange.began)


def _probe(contact: Contact, findings: Findings) -> bool:
    """Add what is found, and return whether it is DRS that answers."""
    service = knock(contact)
    findings.add([service])
    if not service.passed:
        return False
    try:
        for probe in (*PROBES, *((log_in,) if contact.endpoints else ())):
            findings.add(probe(contact))
    except DrsError as error:
        findings.add([Check("end", False, f"the check ended early: {error_told(error)}")])
    findings.add(look_at_exchanges(contact))
    return True
