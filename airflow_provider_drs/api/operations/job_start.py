"""``batchStartJobs``: have DRS start up to ten jobs, now or at a time; a prepaid job is ordered and paid by it.

Follows the vendor's page *Starting Tasks in Batches*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_drs.api.acceptance import acceptance_of_error, judge_acceptance
from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.job_start import JobStart
from airflow_provider_drs.api.operation import Operation, Repeat
from airflow_provider_drs.api.texts import printable
from airflow_provider_drs.api.wire.answers import Answer

# no document tells what a second start does, and the first one may have paid an order
JOB_START = Operation(
    "batchStartJobs",
    "POST",
    "/v3/{project_id}/jobs/batch-starting",
    Repeat.LOGIN,
    permission="drs:migrationJob:action",
    good_statuses=(202,),
)
MAX_JOBS = 10
"""Jobs in one call, as in the other calls that change jobs. The vendor's page names no number."""


def body(job_ids: Sequence[str], start_time: str | None = None) -> dict[str, Any]:
    """Return the request for up to 10 jobs.

    :param job_ids: the jobs, each once.
    :param start_time: when they start, in milliseconds since 1970, as text; ``None`` for at once.
    """
    time = {"start_time": start_time} if start_time else {}
    return {"jobs": [{"job_id": job_id, **time} for job_id in job_ids]}


def start_each(
    call: Callable[[dict[str, Any]], Answer], job_ids: Sequence[str], start_time: str | None = None
) -> dict[str, JobStart]:
    """Return for each of any number of jobs whether DRS has accepted its start. Each job is in one call only.

    No call follows one that failed as a whole, except where DRS refused that one with HTTP 400 for its jobs.

    :param call: makes one call.
    :param job_ids: the jobs.
    :param start_time: as in :func:`body`.
    """
    todo = list(dict.fromkeys(job_ids))
    starts: dict[str, JobStart] = {}
    while todo:
        page, todo = todo[:MAX_JOBS], todo[MAX_JOBS:]
        try:
            starts |= judge(page, call(body(page, start_time)))
        except DrsError as error:
            starts |= {job_id: acceptance_of_error(JobStart, JOB_START, job_id, error) for job_id in page}
            if error.http_status != 400:
                text = f"it was not sent, because the call for other jobs failed: {error.text}"
                starts |= {job_id: JobStart(job_id, False, error.code, text, error.hint) for job_id in todo}
                break
    return starts


def judge(job_ids: Sequence[str], answer: Answer) -> dict[str, JobStart]:
    """Return for each job whether DRS has accepted its start, and its order.

    :param job_ids: those asked about.
    :param answer: the good answer.
    """
    starts = judge_acceptance(JobStart, job_ids, answer, "order_id", _has_odd_order)
    for item in answer.payload["results"]:
        # an order counts whatever is odd beside it
        if isinstance(item, Mapping) and item.get("id") in job_ids and (order := item.get("order_id")):
            starts[item["id"]] = replace(starts[item["id"]], order_id=printable(str(order)))
    return starts


def _has_odd_order(item: Mapping[str, Any]) -> bool:
    order = item.get("order_id")
    return order is not None and (not isinstance(order, str) or (item.get("status") == "failed" and order != ""))
