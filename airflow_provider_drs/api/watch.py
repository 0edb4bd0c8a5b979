"""What each poll of the jobs means for a watch, which no poll ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.retry import backoff
from airflow_provider_drs.api.statuses import Results, most_severe
from airflow_provider_drs.api.wait import count_statuses

REFUSAL_PAUSE = 300.0
"""Seconds between two polls while DRS refuses, which a person has to mend; each poll may be a login at IAM."""


@dataclass(frozen=True)
class Sighting:
    """The result of one poll.

    :param statuses: ``{job id: status}`` of all jobs whose status is known.
    :param there: whether all jobs are in a target status; ``None`` after an error, which does not tell.
    :param news: a sentence for the log, empty when nothing has changed since the last poll.
    :param done: never.
    """

    statuses: dict[str, str]
    there: bool | None
    news: str
    done: bool = False


class Watch:
    """One watch of some jobs. No error ends it: after one that may pass it polls soon, after any other it polls rarely.

    :param job_ids: the jobs.
    :param target_statuses: a job is there in any of these.
    """

    def __init__(self, job_ids: Sequence[str], target_statuses: Sequence[str]) -> None:
        self.job_ids = list(job_ids)
        self._targets = [JobStatus(status) for status in target_statuses]
        self._seen = ""
        self._fault: DrsError | None = None
        self._faults = 0
        self._retry_after = 0.0

    def judge(self, results: Results, now: float, patience: float, asked_at: float | None = None) -> Sighting:
        """Decide what a poll means.

        :param results: for each of the jobs, among others, its status or the error in its place.
        :param now: not used: no time is up.
        :param patience: seconds; no pause that DRS names lasts longer.
        :param asked_at: not used.
        """
        mine = {job_id: results[job_id] for job_id in self.job_ids}
        statuses = {job_id: status for job_id, status in mine.items() if isinstance(status, JobStatus)}
        healed, fault = self._fault is not None, most_severe(mine)
        self._fault = fault
        if fault:
            self._faults += 1
            self._retry_after = min(fault.retry_after or 0.0, patience)
            # without the request id, which differs each time
            seen = f"{type(fault).__name__} {fault.code}"
            news = f"The watch goes on, although DRS did not tell the status of every job: {fault}"
        else:
            self._faults, seen = 0, count_statuses(statuses, len(mine))
            news = f"DRS answers again: {seen}" if healed else seen
        changed, self._seen = seen != self._seen, seen
        there = None if fault else all(status in self._targets for status in statuses.values())
        return Sighting({job_id: str(status) for job_id, status in statuses.items()}, there, news if changed else "")

    def pause(self, usual: float) -> float:
        """Return the seconds until the next poll.

        :param usual: seconds between two polls.
        """
        if self._fault is None:
            return usual
        if not self._fault.retryable:
            return max(usual, REFUSAL_PAUSE)
        return max(self._retry_after, min(usual, backoff(self._faults)))
