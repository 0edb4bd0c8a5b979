"""``batchCheckJobs``: have DRS begin the pre-check of up to ten jobs.

Follows the vendor's page *Pre-Checking Tasks in Batches*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airflow_provider_drs.api.acceptance import acceptance_of_error, judge_acceptance
from airflow_provider_drs.api.errors import DrsError, DrsJobsRefusedError
from airflow_provider_drs.api.model.precheck import PrecheckRequest
from airflow_provider_drs.api.operation import Operation, Repeat
from airflow_provider_drs.api.statuses import fetch_each, of_refusal
from airflow_provider_drs.api.wire.answers import Answer

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
    return {
        job_id: acceptance_of_error(PrecheckRequest, PRECHECK, job_id, item) if isinstance(item, DrsError) else item
        for job_id, item in requests.items()
    }


def judge(job_ids: Sequence[str], answer: Answer) -> dict[str, PrecheckRequest]:
    """Return for each job whether DRS has accepted the request.

    :param job_ids: those asked about.
    :param answer: the good answer.
    """
    return judge_acceptance(PrecheckRequest, job_ids, answer, "precheck_id", _names_another)


def _names_another(item: Mapping[str, Any]) -> bool:
    return item.get("precheck_id") not in (None, "", item["id"])
