"""The results of a batch answer, each held against the job that it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from airflow_provider_drs.api.errors import DrsAnswerError, DrsError, DrsJobsRefusedError
from airflow_provider_drs.api.texts import printable
from airflow_provider_drs.api.wire.answers import Answer
from airflow_provider_drs.api.wire.objections import miscount

Result = TypeVar("Result")


def results_by_job(job_ids: Collection[str], answer: Answer) -> dict[str, Mapping[str, Any] | DrsError]:
    """Return the one result of each job, or the error in its place. A job without a result is left out.

    An answer that speaks of other jobs, or that counts otherwise, is an error for every job.

    :param job_ids: those that the request names.
    :param answer: an answer with ``results``.
    """
    results: list[Any] = answer.payload["results"]

    def wrong(text: str) -> DrsError:
        return DrsAnswerError(text, request_id=answer.request_id)

    if not all(isinstance(item, Mapping) and isinstance(item.get("id"), str) for item in results):
        return dict.fromkeys(job_ids, wrong("the answer holds an item that names no job"))
    times = Counter(item["id"] for item in results)
    if strangers := times.keys() - set(job_ids):
        text = f"the answer speaks of {printable(', '.join(sorted(strangers)))}, which was not asked about"
        return dict.fromkeys(job_ids, wrong(text))
    good = sum(item.get("status") != "failed" for item in results)
    if fault := miscount(answer.payload, len(job_ids), good):
        return dict.fromkeys(job_ids, wrong(fault))
    by_job: dict[str, Mapping[str, Any] | DrsError] = {item["id"]: item for item in results}
    doubled = {job_id: number for job_id, number in times.items() if number > 1}
    return by_job | {
        job_id: wrong(f"the answer holds {number} results for {job_id}") for job_id, number in doubled.items()
    }


def read_results(
    job_ids: Collection[str], answer: Answer, read: Callable[[Mapping[str, Any]], Result | DrsError]
) -> dict[str, Result | DrsError]:
    """Return what each job's result says, or the error in its place.

    A job that the answer leaves out is missing from what is returned if the answer refuses another one: the service
    refuses a whole call for some of its jobs. Otherwise its error is that it was left out.

    :param job_ids: those that the request names.
    :param answer: an answer with ``results``.
    :param read: takes a result; returns what it says.
    """
    by_job = results_by_job(job_ids, answer)
    known: dict[str, Result | DrsError] = {}
    for job_id in job_ids:
        if (item := by_job.get(job_id)) is not None:
            known[job_id] = item if isinstance(item, DrsError) else read(item)
    if not any(isinstance(item, DrsJobsRefusedError) for item in known.values()):
        for job_id in set(job_ids) - known.keys():
            known[job_id] = DrsAnswerError(f"the answer leaves out {job_id}", request_id=answer.request_id)
    return known
