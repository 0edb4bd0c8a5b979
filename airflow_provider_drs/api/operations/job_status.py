"""``batchListJobStatus``: the status of up to a hundred jobs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from airflow_provider_drs.api.errors import DrsAnswerError, DrsError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.operation import Operation, Repeat
from airflow_provider_drs.api.results import read_results
from airflow_provider_drs.api.statuses import MAX_IDS, jobs_refused_error
from airflow_provider_drs.api.texts import bare_name, short
from airflow_provider_drs.api.wire.answers import Answer, code_and_text
from airflow_provider_drs.api.wire.objections import objection

JOB_STATUS = Operation("batchListJobStatus", "POST", "/v3/{project_id}/jobs/batch-status", Repeat.READ)
MAX_PAGES = 128
"""The most pages that are remembered, those of some ten thousand jobs."""
_SECONDS = {"id": re.compile(r"(?:job)?id"), "status": re.compile(r"(?:current|job|task)+(?:status|state)|status")}
"""The names, without what their spellings differ in, by which an item may state its id and its status once more."""
_KNOWN = frozenset({"id", "status", "error_code", "error_message", "error_msg"})


def body(job_ids: Sequence[str]) -> dict[str, Any]:
    """Return the request for up to 100 jobs."""
    # without page_req the service returns the first five only
    return {"jobs": list(job_ids), "page_req": {"cur_page": 1, "per_page": MAX_IDS}}


def statuses(job_ids: Sequence[str], answer: Answer) -> dict[str, JobStatus | DrsError]:
    """Return the status of each job, or the error in its place, as :func:`read_results` does.

    :param job_ids: those asked about.
    :param answer: the answer about them.
    """
    return read_results(job_ids, answer, partial(_status, request_id=answer.request_id))


class LastPages:
    """The last answers about pages of jobs. While no job changes, polls do not read the same JSON again and again."""

    def __init__(self) -> None:
        self._pages: dict[tuple[str, ...], tuple[Answer, dict[str, JobStatus | DrsError]]] = {}

    def answer(self, job_ids: Sequence[str]) -> Answer | None:
        """Return the last answer about a page of jobs, if it is remembered."""
        return self._pages.get(tuple(job_ids), (None,))[0]

    def statuses(self, job_ids: Sequence[str], answer: Answer) -> dict[str, JobStatus | DrsError]:
        """Return what :func:`statuses` returns, and remember it if it is nothing but known statuses."""
        page = tuple(job_ids)
        last, results = self._pages.get(page, (None, {}))
        if last and last.payload is answer.payload:
            return results
        results = statuses(page, answer)
        if len(self._pages) >= MAX_PAGES:
            # jobs come and go, and each time the pages are others
            self._pages.clear()
        self._pages.pop(page, None)
        if all(isinstance(item, JobStatus) and item.phase is not None for item in results.values()):
            self._pages[page] = answer, results
        return results


def _status(item: Mapping[str, Any], request_id: str | None) -> JobStatus | DrsError:
    job_id, status = item["id"], item.get("status")
    if len(item) == 2 and isinstance(status, str) and status:
        # nearly always, and a thousand waits read a thousand statuses a round
        return JobStatus(status)
    beside = {name: value for name, value in item.items() if name not in ("id", "status")}
    if not status and (error := code_and_text({name: beside[name] for name in beside if name in _KNOWN})):
        code, text = error
        by = DrsError("", code=code, request_id=request_id)
        return jobs_refused_error({job_id: f"{code}: {text}" if code else text}, by)
    seconds = {name: of for of, spelled in _SECONDS.items() for name in beside if spelled.fullmatch(bare_name(name))}
    different = [
        f"{name} {short(beside[name])}"
        for name, of in seconds.items()
        if beside[name] not in (None, "", [], {}) and str(beside[name]).casefold() != str(item.get(of)).casefold()
    ]
    rest = {name: value for name, value in beside.items() if name not in seconds}
    if against := different[0] if different else objection(rest):
        text = f"the answer contradicts itself about {job_id}: status {short(status)}, and {against}"
        return DrsAnswerError(text, request_id=request_id)
    if not isinstance(status, str) or not status:
        return DrsAnswerError(f"the answer has no status for {job_id}", request_id=request_id)
    return JobStatus(status)
