"""What each poll of the jobs means for a wait; the one place that decides, in all three modes of the sensor."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_drs.api.errors import DrsError, DrsServiceError
from airflow_provider_drs.api.model.job_status import JobStatus, all_reached
from airflow_provider_drs.api.retry import backoff
from airflow_provider_drs.api.statuses import Results, most_severe


@dataclass(frozen=True)
class PollResult:
    """The result of one poll.

    :param statuses: ``{job id: status}`` of all jobs whose status is known.
    :param done: whether every job is in a target status.
    :param fault: the error in place of some statuses; the wait goes on.
    :param news: a sentence for the log, empty when nothing has changed since the last poll.
    """

    statuses: dict[str, str]
    done: bool
    fault: DrsError | None
    news: str


class Wait:
    """One wait for some jobs, from the first poll to the last.

    :param job_ids: the jobs.
    :param target_statuses: any of these ends the wait of a job.
    :param forever: whether no fault that may pass ends it, however long it lasts.
    """

    def __init__(self, job_ids: Sequence[str], target_statuses: Sequence[str], *, forever: bool = False) -> None:
        self.job_ids = list(job_ids)
        self._forever = forever
        self._targets = [JobStatus(status) for status in target_statuses]
        self._seen = ""
        self._fault_since: float | None = None
        self._faults = 0
        self._retry_after = 0.0
        self._last: tuple[list[JobStatus | DrsError], PollResult] | None = None

    def judge(self, results: Results, now: float, patience: float, asked_at: float | None = None) -> PollResult:
        """Decide what a poll means.

        A fault that may pass ends no wait until it has lasted for ``patience``.

        :param results: for each of the jobs, among others, its status or the error in its place.
        :param now: seconds of a clock that never goes back.
        :param patience: seconds for which a fault may last; no pause that DRS names lasts longer.
        :param asked_at: by the same clock, when the call began; the client may have repeated it since.
        :raises DrsJobStateError: when a job can no longer get into a target status; it names all such jobs.
        :raises DrsError: when DRS refuses and always will, or a fault has lasted.
        """
        items = [results[job_id] for job_id in self.job_ids]
        if self._last and self._last[0] == items:
            # nearly always, and there may be thousands of waits
            return self._last[1]
        self._last = None
        mine = dict(zip(self.job_ids, items, strict=True))
        fault = most_severe(mine)
        if fault and not fault.retryable:
            raise fault
        statuses = {job_id: status for job_id, status in mine.items() if isinstance(status, JobStatus)}
        reached = all_reached(statuses, self._targets)
        texts = {job_id: str(status) for job_id, status in statuses.items()}
        if fault:
            self._faults += 1
            named = fault.retry_after if isinstance(fault, DrsServiceError) else None
            self._retry_after = min(named or 0.0, patience)
            news = self._fault_news(fault, now, patience, now if asked_at is None else asked_at)
            return PollResult(texts, False, fault, news)
        healed, self._fault_since, self._faults = self._fault_since is not None, None, 0
        news, seen = "", _summary(statuses)
        if seen != self._seen or healed:
            news = f"DRS answers again: {seen}" if healed else seen
        self._seen = seen
        self._last = items, PollResult(texts, reached, None, "")
        return PollResult(texts, reached, None, news)

    def pause(self, usual: float) -> float:
        """Return the seconds until the next poll.

        During a fault they are fewer, but never fewer than DRS names, up to ``patience``.

        :param usual: seconds between two polls.
        """
        return max(self._retry_after, min(usual, backoff(self._faults))) if self._faults else usual

    def _fault_news(self, fault: DrsError, now: float, patience: float, asked_at: float) -> str:
        first = self._fault_since is None
        since = asked_at if self._fault_since is None else self._fault_since
        self._fault_since = since
        if now - since >= patience and not self._forever:
            lasting = copy.copy(fault)
            last = f"Seen last: {self._seen}." if self._seen else "Nothing was seen before."
            lasting.hint = " ".join(filter(None, (fault.hint, f"The fault has lasted for {now - since:.0f} s. {last}")))
            raise lasting
        return f"The wait goes on, although DRS could not be asked: {fault}" if first else ""


def _summary(statuses: dict[str, JobStatus]) -> str:
    counted = Counter(statuses.values())
    return "; ".join(
        f"{counted[status]} of {len(statuses)} jobs: {status}"
        + (" (a status this package does not know)" if status.phase is None else "")
        for status in sorted(counted)
    )
