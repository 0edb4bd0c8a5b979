"""A result for each job, however a call about many of them fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from airflow_provider_drs.api.errors import DrsError, DrsJobsRefusedError, DrsRequestError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.model.rules import JOB_ID

MAX_IDS = 100
"""Job ids in one status call: the largest page the service returns."""

MAX_LONE_REFUSALS = 8
"""Jobs refused by themselves, with none accepted, after which no more are tried."""

Results = Mapping[str, JobStatus | DrsError]
"""For each job its status, or the error that stands in its place."""


def fetch_statuses(ask: Callable[[list[str]], Results], job_ids: Sequence[str]) -> dict[str, JobStatus | DrsError]:
    """Fetch the status of any number of jobs, each by itself.

    One malformed or deleted id makes the service refuse the whole call. Where the answer names the culprits, a second
    call asks for the others. Where it does not, the call is cut in two until the culprits are alone, first those whose
    id has not the form of one.

    :param ask: one call about at most 100 jobs; it may leave some of them open, but not all.
    :return: a result for every id, in the order asked; it never raises :class:`DrsError`.
    """
    asked = list(dict.fromkeys(job_ids))
    results: dict[str, JobStatus | DrsError] = {}
    todo = [asked[start : start + MAX_IDS] for start in range(0, len(asked), MAX_IDS)][::-1]
    accepted, alone = False, 0
    while todo:
        page = todo.pop()
        try:
            answer = ask(page)
        except DrsError as error:
            if not _may_be_one_job_only(error):
                results |= dict.fromkeys(page, error)
            elif len(page) > 1:
                todo += _in_two(page)
            else:
                results |= {page[0]: jobs_refused_error({page[0]: f"{error.code}: {error.text}"}, error)}
                alone += 1
                if alone == MAX_LONE_REFUSALS and not accepted:
                    # the service refuses for another reason than single jobs
                    results |= {job_id: error for rest in todo for job_id in rest}
                    break
        else:
            accepted = True
            results |= answer
            if left := [job_id for job_id in page if job_id not in answer]:
                todo.append(left)
    return {job_id: results[job_id] for job_id in asked}


def jobs_refused_error(jobs: Mapping[str, str], by: DrsError) -> DrsJobsRefusedError:
    """Return the error for jobs that DRS refuses.

    :param jobs: why, ``{job id: text}``.
    :param by: the error that has code, HTTP status, request id and hint.
    """
    named = ", ".join(f"{job_id} ({text.removeprefix(f'{by.code}: ')})" for job_id, text in jobs.items())
    return DrsJobsRefusedError(
        f"DRS has no status for {named}",
        jobs=jobs,
        code=by.code,
        http_status=by.http_status,
        request_id=by.request_id,
        hint=by.hint,
    )


def most_severe(results: Results) -> DrsError | None:
    """Return the error that explains best why results are missing: one that cannot heal before one that may."""
    errors = [item for item in results.values() if isinstance(item, DrsError)]
    final = [error for error in errors if not error.retryable]
    if other := [error for error in final or errors if not isinstance(error, DrsJobsRefusedError)]:
        return other[0]
    named = [error for error in final if isinstance(error, DrsJobsRefusedError)]
    jobs = {job_id: text for error in named for job_id, text in error.jobs.items()}
    return jobs_refused_error(jobs, named[0]) if named else None


def _may_be_one_job_only(error: DrsError) -> bool:
    return isinstance(error, DrsRequestError | DrsJobsRefusedError) and error.http_status == 400


def _in_two(page: list[str]) -> list[list[str]]:
    """Cut a call in two; the part that comes last is the one to ask first."""
    usual = [job_id for job_id in page if re.fullmatch(JOB_ID, job_id)]
    odd = [job_id for job_id in page if job_id not in usual]
    if usual and odd:
        return [odd, usual]
    # every other one, so that the first to be alone come from all over the page
    return [page[1::2], page[::2]]
