"""Decides whether a job may start: what the evidence proves, held against what DRS says of the job now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.job_detail import JobDetail
from airflow_provider_drs.api.model.job_status import JobStatus, Phase
from airflow_provider_drs.api.starts.evidence import CONNECTIONS, Entry, Evidence
from airflow_provider_drs.api.starts.times import is_past


@dataclass(frozen=True)
class StartRules:
    """What must be true of a job before its start.

    :param require: the kinds of reports that must prove it.
    :param max_age: seconds that a report counts.
    :param allow_order: whether a prepaid job may start, which orders and pays it.
    :param clock: returns the time.
    """

    require: Sequence[str]
    max_age: float
    allow_order: bool
    clock: Callable[[], datetime]


@dataclass(frozen=True)
class Clearance:
    """Whether a job may start.

    :param job_id: id of the job.
    :param status: its status, or ``None`` if DRS does not tell.
    :param already: whether somebody has started it before.
    :param objections: every reason against its start, each with what to do.
    :param remarks: what could not be compared.
    :param retryable: whether the same may be allowed later without a change of the DAG.
    """

    job_id: str
    status: JobStatus | None
    already: bool = False
    objections: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    retryable: bool = False


def clear(
    job_id: str, detail: JobDetail | DrsError, evidence: Evidence, rules: StartRules, start_time: int | None
) -> Clearance:
    """Return whether a job may start.

    :param job_id: the job.
    :param detail: what DRS says of it now, or the error in its place.
    :param evidence: the reports of the steps before.
    :param rules: what must be true.
    :param start_time: when it is to start, in milliseconds since 1970; ``None`` is at once.
    """
    # the details of many jobs may have taken long
    now = rules.clock()
    proofs = evidence.objections(job_id, rules.require, now, rules.max_age)
    if isinstance(detail, DrsError):
        reasons = [f"its details cannot be read: {detail}", *proofs]
        return Clearance(job_id, None, objections=tuple(reasons), retryable=detail.retryable and not proofs)
    status = detail.status
    if status.phase is Phase.PAST:
        return Clearance(job_id, status, already=True)
    if against := _against_status(status):
        is_early = status.phase is Phase.BEFORE
        return Clearance(job_id, status, objections=(against, *proofs), retryable=is_early and not proofs)
    remarks: list[str] = []
    if not detail.node_alive:
        proofs.append(
            "DRS has released its node, as it does after three days in CONFIGURATION: configure the job again, and run "
            "the gate from its beginning"
        )
    tested = evidence.newest(CONNECTIONS, job_id)
    if CONNECTIONS not in rules.require:
        remarks.append("nothing says what was tested, so what DRS has stored is not compared with it")
    elif tested:
        proofs += _drift(tested, detail)
        if tested.update_time is None or detail.update_time is None:
            remarks.append("DRS does not tell when it was changed last, so that is not compared")
    if is_past(start_time, now):
        proofs.append("its start_time has passed, and DRS would start it at once: set another one")
    if detail.prepaid and not rules.allow_order:
        proofs.append("its start orders and pays it, because it is prepaid: set allow_order=True if that is wanted")
    return Clearance(job_id, status, objections=tuple(proofs), remarks=tuple(remarks))


def _against_status(status: JobStatus) -> str:
    if status.phase is Phase.TARGET:
        return ""
    if status.phase is Phase.BEFORE:
        return f"it is {status}, and a job starts from CONFIGURATION: wait for that first"
    if status.phase is None:
        return f"it is {status}, which this package does not know: look at it in the DRS console"
    return f"it is {status}, and a job starts from CONFIGURATION: mend or replace it in the DRS console"


def _drift(tested: Entry, detail: JobDetail) -> list[str]:
    """Return what has changed since the test."""
    reasons = []
    if detail.digest != tested.digest:
        reasons.append("what DRS has stored in it is not what was stored after the test: test, store and check again")
    if detail.node_addresses != tested.node:
        before, now = (_addresses(node) for node in (tested.node or {}, detail.node_addresses))
        reasons.append(
            f"it was tested from another node ({before}, now {now}): let the firewalls admit the new addresses, and "
            "test again"
        )
    if None not in (tested.update_time, detail.update_time) and detail.update_time != tested.update_time:
        reasons.append("somebody has changed it since it was tested and stored: test, store and check again")
    return reasons


def _addresses(node: dict[str, str | None] | object) -> str:
    values = node.values() if isinstance(node, dict) else ()
    return ", ".join(str(address) for address in values if address) or "no address"
