"""What each poll of the jobs means for a wait; the one place that decides, in all three modes of the sensor."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from airflow_provider_drs.api.errors import DrsError, DrsJobsRefusedError, DrsJobStateError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.retry import backoff
from airflow_provider_drs.api.statuses import Results, most_severe


@dataclass(frozen=True)
class PollResult:
    """The result of one poll.

    :param statuses: ``{job id: status}`` of all jobs whose status is known.
    :param done: whether every job is in a target status or, in a partial wait, lost.
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
    :param partial: whether a lost job ends only its own wait. A job is lost when it can no longer get into a target
        status, or DRS refuses it by itself. If DRS refuses all jobs, the wait fails.
    """

    def __init__(
        self,
        job_ids: Sequence[str],
        target_statuses: Sequence[str],
        *,
        forever: bool = False,
        partial: bool = False,
    ) -> None:
        self.job_ids = list(job_ids)
        self._forever = forever
        self._partial = partial
        self._targets = [JobStatus(status) for status in target_statuses]
        self._seen = ""
        self._lost: set[tuple[str, JobStatus | None]] = set()
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
        :raises DrsJobStateError: when a job can no longer get into a target status, unless the wait is partial.
        :raises DrsError: when DRS refuses and always will, or a fault has lasted.
        """
        items = [results[job_id] for job_id in self.job_ids]
        if self._last and self._last[0] == items:
            # nearly always, and there may be thousands of waits
            return self._last[1]
        self._last = None
        mine = dict(zip(self.job_ids, items, strict=True))
        refused = {job_id: item for job_id, item in mine.items() if self._partial and _is_refused(job_id, item)}
        if len(refused) == len(mine):
            # no job is left to go on with
            refused = {}
        fault = most_severe({job_id: item for job_id, item in mine.items() if job_id not in refused})
        if fault and not fault.retryable:
            raise fault
        statuses = {job_id: status for job_id, status in mine.items() if isinstance(status, JobStatus)}
        texts = {job_id: str(status) for job_id, status in statuses.items()}
        lost = {job_id: status for job_id, status in statuses.items() if not status.can_reach(self._targets)}
        if lost and not self._partial:
            others = {job_id: texts.get(job_id) for job_id in mine if job_id not in lost}
            raise DrsJobStateError(lost, self._targets, others)
        lost_news = self._lost_news(refused | lost)
        if fault:
            self._faults += 1
            self._retry_after = min(fault.retry_after or 0.0, patience)
            news = self._fault_news(fault, now, patience, now if asked_at is None else asked_at)
            return PollResult(texts, False, fault, " ".join(filter(None, (lost_news, news))))
        healed, self._fault_since, self._faults = self._fault_since is not None, None, 0
        done = all(job_id in lost or status in self._targets for job_id, status in statuses.items())
        news, seen = lost_news, count_statuses(statuses, len(mine))
        if seen != self._seen or healed:
            news = f"DRS answers again: {seen}" if healed else seen
            news += f". {lost_news}" if lost_news else ""
        self._seen = seen
        self._last = items, PollResult(texts, done, None, "")
        return PollResult(texts, done, None, news)

    def pause(self, usual: float) -> float:
        """Return the seconds until the next poll.

        During a fault they are fewer, but never fewer than DRS names, up to ``patience``.

        :param usual: seconds between two polls.
        """
        return max(self._retry_after, min(usual, backoff(self._faults))) if self._faults else usual

    def _lost_news(self, lost: Mapping[str, JobStatus | DrsError]) -> str:
        """Return a sentence for each job that is lost since the last poll."""
        targets = " or ".join(map(str, self._targets))
        sentences = []
        for job_id, item in lost.items():
            # a refusal is no news when only its request id is
            status = item if isinstance(item, JobStatus) else None
            if (job_id, status) not in self._lost:
                self._lost.add((job_id, status))
                sentences.append(f"{job_id} is {status} and can no longer reach {targets}." if status else str(item))
        return " ".join(sentences)

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


def count_statuses(statuses: Mapping[str, JobStatus], jobs: int) -> str:
    """Return how many jobs are in each status, for a log.

    :param statuses: of the jobs whose status is known.
    :param jobs: number of all jobs.
    """
    counted = Counter(statuses.values())
    return "; ".join(
        f"{counted[status]} of {jobs} jobs: {status}"
        + (" (a status this package does not know)" if status.phase is None else "")
        for status in sorted(counted)
    )


def _is_refused(job_id: str, item: JobStatus | DrsError) -> bool:
    return isinstance(item, DrsJobsRefusedError) and job_id in item.jobs
