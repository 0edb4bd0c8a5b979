"""Finds a result or an error for each of many jobs, although one bad id makes DRS refuse a whole call."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from airflow_provider_drs.api.codes import kind_of
from airflow_provider_drs.api.errors import DrsAnswerError, DrsError, DrsJobsRefusedError, DrsRequestError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.model.rules import JOB_ID

MAX_IDS = 100
"""The most job ids in one call of ``batchListJobStatus``: the largest page that DRS returns."""

MAX_LONE_REFUSALS = 8
"""The most jobs that are refused in calls of one job, while no call is accepted. After that, no more are tried."""

Results = Mapping[str, JobStatus | DrsError]
"""The status of each job, or the error in its place."""

Result = TypeVar("Result")


def fetch_each(
    ask: Callable[[list[str]], Mapping[str, Result | DrsError]],
    job_ids: Sequence[str],
    *,
    page_size: int = MAX_IDS,
    what: str = "status",
    goes_on: Callable[[DrsError], bool] = lambda error: True,
) -> dict[str, Result | DrsError]:
    """Return the result or the error of each job, for any number of jobs.

    One malformed or deleted id makes DRS refuse the whole call. If the answer names the refused ids, the next call asks
    about the other ids. If not, the call is split in two until each refused id is alone in a call. The ids that do not
    have the form of a DRS id are split off first.

    :param ask: makes one call about a page of jobs. It may return no result for some of them, but not for all.
    :param job_ids: ids of the jobs.
    :param page_size: the most jobs in one call.
    :param what: what is asked for, for the text of errors.
    :param goes_on: whether further calls follow one that failed as a whole. If not, the other jobs get its error.
    :return: a result or an error for every id, in the order of ``job_ids``. No :class:`DrsError` is raised.
    """
    unique_ids = list(dict.fromkeys(job_ids))
    results: dict[str, Result | DrsError] = {}
    todo = [unique_ids[start : start + page_size] for start in range(0, len(unique_ids), page_size)][::-1]
    accepted, lone_refusals = False, 0
    while todo:
        page = todo.pop()
        try:
            answer = ask(page)
        except DrsError as error:
            if not _may_be_one_job_only(error):
                results |= dict.fromkeys(page, error)
                if not goes_on(error):
                    results |= {job_id: error for rest in todo for job_id in rest}
                    break
            elif len(page) > 1:
                todo += _split(page)
            else:
                results |= {page[0]: jobs_refused_error({page[0]: f"{error.code}: {error.text}"}, error, what=what)}
                lone_refusals += 1
                if lone_refusals == MAX_LONE_REFUSALS and not accepted:
                    # the reason is not in the ids, so the other jobs get the same error
                    results |= {job_id: error for rest in todo for job_id in rest}
                    break
        else:
            accepted = True
            results |= answer
            if left := [job_id for job_id in page if job_id not in answer]:
                todo.append(left)
    return {job_id: results[job_id] for job_id in unique_ids}


def jobs_refused_error(jobs: Mapping[str, str], by: DrsError, *, what: str = "status") -> DrsJobsRefusedError:
    """Return the error for jobs that DRS refuses.

    :param jobs: the text of DRS for each job, ``{job id: text}``.
    :param by: the error of the call, for code, HTTP status, request id and hint.
    :param what: what was asked for.
    """
    named = ", ".join(f"{job_id} ({text.removeprefix(f'{by.code}: ')})" for job_id, text in jobs.items())
    return DrsJobsRefusedError(
        f"DRS has no {what} for {named}",
        jobs=jobs,
        code=by.code,
        http_status=by.http_status,
        request_id=by.request_id,
        hint=by.hint,
    )


def of_refusal(job_ids: Sequence[str], error: DrsJobsRefusedError, *, what: str = "status") -> Mapping[str, DrsError]:
    """Return the error of each job that a refused call names.

    :param job_ids: those that the call asked about.
    :param error: the error of the call.
    :param what: what was asked for.
    :raises DrsError: when it names none of those asked about.
    """
    named: dict[str, DrsError] = {
        job_id: jobs_refused_error({job_id: error.jobs[job_id]}, error, what=what)
        for job_id in job_ids
        if job_id in error.jobs
    }
    if named:
        return named
    if error.jobs:
        raise DrsAnswerError("the answer refuses jobs not asked about", request_id=error.request_id)
    raise error


def concerns_job(job_id: str, error: DrsError) -> bool:
    """Return whether an error is about a job and not about the call.

    :param job_id: id of the job.
    :param error: the error in place of its result.
    """
    if not isinstance(error, DrsJobsRefusedError) or job_id not in error.jobs:
        return False
    # a refused call may have another reason than its only job
    return error.http_status is None or kind_of(error.code, error.http_status) is DrsJobsRefusedError


def most_severe(results: Mapping[str, object], *, what: str = "status") -> DrsError | None:
    """Return the error that explains best why a result is missing, or ``None``. Permanent errors come first.

    :param results: the result or the error of each job.
    :param what: what was asked for.
    """
    errors = [item for item in results.values() if isinstance(item, DrsError)]
    final = [error for error in errors if not error.retryable]
    if others := [error for error in final or errors if not isinstance(error, DrsJobsRefusedError)]:
        return others[0]
    named = [error for error in final if isinstance(error, DrsJobsRefusedError)]
    jobs = {job_id: text for error in named for job_id, text in error.jobs.items()}
    return jobs_refused_error(jobs, named[0], what=what) if named else None


def _may_be_one_job_only(error: DrsError) -> bool:
    return isinstance(error, DrsRequestError | DrsJobsRefusedError) and error.http_status == 400


def _split(page: list[str]) -> list[list[str]]:
    """Split the ids of a call into two calls. The caller makes the last call of the result first."""
    well_formed = [job_id for job_id in page if re.fullmatch(JOB_ID, job_id)]
    malformed = [job_id for job_id in page if job_id not in well_formed]
    if well_formed and malformed:
        return [malformed, well_formed]
    # alternate ids, so that the first lone ids come from the whole page
    return [page[1::2], page[::2]]
