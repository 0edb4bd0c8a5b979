"""Judges for each job of a call whether DRS has accepted it; what is not certain is unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from airflow_provider_drs.api.codes import hint_for
from airflow_provider_drs.api.errors import DrsError, DrsServiceError, DrsStoppedError
from airflow_provider_drs.api.operation import Operation
from airflow_provider_drs.api.texts import printable, short
from airflow_provider_drs.api.wire.answers import Answer, code_and_text
from airflow_provider_drs.api.wire.objections import miscount, objection
from airflow_provider_drs.api.wire.scrubber import without_passwords

Acceptance = TypeVar("Acceptance")
Maker = Callable[[str, bool | None, str | None, str | None, str | None, str | None], Acceptance]
"""Takes job id, whether it was accepted, code, text, hint and request id."""
_COMMON = frozenset({"id", "status", "error_code", "error_msg"})


def judge_acceptance(
    make: Maker[Acceptance],
    job_ids: Sequence[str],
    answer: Answer,
    own_member: str,
    contradicts: Callable[[Mapping[str, Any]], bool],
) -> dict[str, Acceptance]:
    """Return for each job whether DRS has accepted the request.

    Of a job about which the answer contradicts itself, that is not known: DRS may do what was requested.

    :param make: makes what is returned for a job.
    :param job_ids: those asked about.
    :param answer: the good answer.
    :param own_member: the member that results of this call have beside those of every such call.
    :param contradicts: whether that member of a result contradicts the rest of it.
    """
    results: list[Any] = answer.payload["results"]
    named = [item for item in results if isinstance(item, Mapping) and isinstance(item.get("id"), str)]
    by_job, times = {item["id"]: item for item in named}, Counter(item["id"] for item in named)
    fault = miscount(answer.payload, len(job_ids), sum(item.get("status") == "success" for item in named))
    if len(named) < len(results):
        fault = "the answer holds an item that names no job"
    elif strangers := set(times) - set(job_ids):
        fault = f"the answer speaks of {printable(', '.join(sorted(strangers)))}, which was not asked about"

    def of(job_id: str) -> Acceptance:
        if times[job_id] != 1:
            count = f"the answer holds {times[job_id]} results for this job, one was asked for"
            return make(job_id, None, None, count, None, answer.request_id)
        item = by_job[job_id]
        against = f"{own_member} {short(item[own_member])}" if contradicts(item) else None
        accepted, code, text = _judged(item, _COMMON | {own_member}, against)
        if accepted and fault:
            accepted, text = None, fault
        return make(job_id, accepted, code, text and without_passwords(text), hint_for(code), answer.request_id)

    return {job_id: of(job_id) for job_id in job_ids}


def acceptance_of_error(make: Maker[Acceptance], operation: Operation, job_id: str, error: DrsError) -> Acceptance:
    """Return what is known of a job whose call failed as a whole.

    :param make: makes what is returned for a job.
    :param operation: the call.
    :param job_id: the job.
    :param error: the error of the call.
    """
    by_job = error.jobs if isinstance(error, DrsServiceError) else {}
    text = by_job.get(job_id, "").removeprefix(f"{error.code}: ") or error.text
    # an error beside a good status, or one that names other jobs only, says nothing certain of this one
    refused = isinstance(error, DrsServiceError) and 400 <= (error.http_status or 500) < 500
    refused = refused and (not by_job or job_id in by_job)
    interrupted = isinstance(error, DrsStoppedError) and error.attempts > 0
    unknown = interrupted or (operation.may_be_done(error) and not refused)
    accepted = None if unknown else False
    return make(job_id, accepted, error.code, without_passwords(text), error.hint, error.request_id)


def _judged(
    item: Mapping[str, Any], known: frozenset[str], against: str | None
) -> tuple[bool | None, str | None, str | None]:
    """Return whether the request was accepted, and code and text of why not."""
    status = item.get("status")
    message = printable(str(item["error_msg"])) if item.get("error_msg") else None
    code, text = code_and_text({name: item[name] for name in item.keys() & known}) or (None, message)
    if status == "failed" and not against:
        return False, code, text or "DRS gave no reason"
    if status not in ("success", "failed"):
        return None, code, f"the answer has the unknown status {short(status)}" + (f": {text}" if text else "")
    if status == "success":
        against = text or against or objection({name: value for name, value in item.items() if name not in known})
    if against:
        return None, code, f"the answer contradicts itself: status {status}, {against}"
    return True, None, None
