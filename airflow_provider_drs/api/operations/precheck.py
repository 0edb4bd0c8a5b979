"""``batchCheckJobs``: have DRS begin the pre-check of up to ten jobs.

Follows the vendor's page *Pre-Checking Tasks in Batches*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airflow_provider_drs.api.codes import hint_for
from airflow_provider_drs.api.errors import DrsError, DrsJobsRefusedError, DrsServiceError
from airflow_provider_drs.api.model.precheck import PrecheckRequest
from airflow_provider_drs.api.operation import Operation, Repeat
from airflow_provider_drs.api.statuses import fetch_each, of_refusal
from airflow_provider_drs.api.texts import printable, short
from airflow_provider_drs.api.wire.answers import Answer, code_and_text
from airflow_provider_drs.api.wire.objections import miscount, objection

# a second request would begin a new run in place of the first, and log in to both databases again
PRECHECK = Operation(
    "batchCheckJobs",
    "POST",
    "/v3/{project_id}/jobs/batch-precheck",
    Repeat.LOGIN,
    permission="drs:migrationJob:action",
)
MAX_JOBS = 10
"""Jobs in one call, as the vendor's page limits it."""
MODES = ("forStartJob", "forRetryJob")
"""What a pre-check may be for: a first start, or a retry of a job that failed."""
_KNOWN = frozenset({"id", "precheck_id", "status", "error_code", "error_msg"})


def body(job_ids: Sequence[str], precheck_mode: str) -> dict[str, Any]:
    """Return the request for up to 10 jobs.

    :param job_ids: the jobs, each once.
    :param precheck_mode: one of ``MODES``.
    """
    return {"jobs": [{"job_id": job_id, "precheck_mode": precheck_mode} for job_id in job_ids]}


def request_each(
    call: Callable[[dict[str, Any]], Answer],
    job_ids: Sequence[str],
    precheck_mode: str,
    *,
    clock: Callable[[], float],
    seconds: float,
) -> dict[str, PrecheckRequest]:
    """Return for each of any number of jobs whether DRS has accepted the request.

    No call follows one that cannot be made, nor one that failed after some time.

    :param call: makes one call.
    :param job_ids: the jobs.
    :param precheck_mode: one of ``MODES``.
    :param clock: a clock that never goes back.
    :param seconds: that time, from now.
    """
    deadline = clock() + seconds

    def ask(page: list[str]) -> Mapping[str, PrecheckRequest | DrsError]:
        try:
            return judge(page, call(body(page, precheck_mode)))
        except DrsJobsRefusedError as error:
            # DRS has begun no check of this call, so the other jobs may be asked for again
            return of_refusal(page, error)

    def goes_on(error: DrsError) -> bool:
        return PRECHECK.may_be_done(error) and error.retryable and clock() < deadline

    requests = fetch_each(ask, job_ids, page_size=MAX_JOBS, goes_on=goes_on)
    return {job_id: of_error(job_id, item) if isinstance(item, DrsError) else item for job_id, item in requests.items()}


def judge(job_ids: Sequence[str], answer: Answer) -> dict[str, PrecheckRequest]:
    """Return for each job whether DRS has accepted the request.

    Of a job about which the answer contradicts itself, that is not known: DRS may run its check.

    :param job_ids: those asked about.
    :param answer: the good answer.
    """
    results: list[Any] = answer.payload["results"]
    named = [item for item in results if isinstance(item, Mapping) and isinstance(item.get("id"), str)]
    by_job, times = {item["id"]: item for item in named}, Counter(item["id"] for item in named)
    fault = miscount(answer.payload, len(job_ids), sum(item.get("status") == "success" for item in named))
    if len(named) < len(results):
        fault = "the answer holds an item that names no job"
    elif strangers := set(times) - set(job_ids):
        fault = f"the answer speaks of {printable(', '.join(sorted(strangers)))}, which was not asked about"

    def of(job_id: str) -> PrecheckRequest:
        if times[job_id] != 1:
            count = f"the answer holds {times[job_id]} results for this job, one was asked for"
            return PrecheckRequest(job_id, None, text=count, request_id=answer.request_id)
        accepted, code, text = _judged(job_id, by_job[job_id])
        if accepted and fault:
            accepted, text = None, fault
        return PrecheckRequest(job_id, accepted, code, text, hint_for(code), answer.request_id)

    return {job_id: of(job_id) for job_id in job_ids}


def of_error(job_id: str, error: DrsError) -> PrecheckRequest:
    """Return what is known of a job whose call failed as a whole.

    :param job_id: the job.
    :param error: the error of the call.
    """
    of_this_job = error.jobs.get(job_id, "") if isinstance(error, DrsServiceError) else ""
    text = of_this_job.removeprefix(f"{error.code}: ") or error.text
    refused = isinstance(error, DrsServiceError) and (error.http_status or 500) < 500
    accepted = None if PRECHECK.may_be_done(error) and not refused else False
    return PrecheckRequest(job_id, accepted, error.code, text, error.hint, error.request_id)


def _judged(job_id: str, item: Mapping[str, Any]) -> tuple[bool | None, str | None, str | None]:
    """Return whether the request was accepted, and code and text of why not."""
    status, named = item.get("status"), item.get("precheck_id")
    message = printable(str(item["error_msg"])) if item.get("error_msg") else None
    code, text = code_and_text({name: item[name] for name in item.keys() & _KNOWN}) or (None, message)
    against = objection({name: value for name, value in item.items() if name not in _KNOWN})
    if named not in (None, "", job_id):
        against = f"precheck_id {short(named)}"
    if status == "failed":
        return False, code, text or "DRS gave no reason"
    if status != "success":
        return None, code, f"the answer has the unknown status {short(status)}" + (f": {text}" if text else "")
    if text or against:
        return None, code, f"the answer contradicts itself: status success, {text or against}"
    return True, None, None
