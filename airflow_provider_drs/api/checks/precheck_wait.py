"""What each poll of pre-checks means: not yet, the old result, or the new one.

Nothing in a result names its run, and a new run takes the place of the one before only after a while. So the results
are read before the checks are requested, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from airflow_provider_drs.api.codes import kind_of
from airflow_provider_drs.api.errors import DrsError, DrsStoppedError
from airflow_provider_drs.api.model.precheck import PrecheckRequest, PrecheckResult, result_of_error
from airflow_provider_drs.api.retry import backoff

SHOWN_AFTER = 30.0
"""Seconds after an accepted request in which DRS is taken to show its run, and no earlier one."""
GIVEN_UP_AFTER = 60.0
"""Seconds after a request that perhaps was not accepted in which its run must show."""
MAX_NAMED = 3
"""Jobs that a sentence names."""

_CHANGED = "the result is new, because it differs from the one before the request"
_FELL = "the result is new, because the check was below 100 % after the request"
_AGED = f"the result counts as new, because {SHOWN_AFTER:.0f} s have passed since the request"
_LOST = f"no run of the check shows {GIVEN_UP_AFTER:.0f} s after a request that perhaps was not accepted"

Results = Mapping[str, PrecheckResult | DrsError]
"""The result of each job, or the error in its place."""


class Watched(TypedDict):
    """What is waited for, as plain JSON without secrets: a trigger keeps it."""

    before: dict[str, str | None]
    uncertain: dict[str, str]


@dataclass(frozen=True)
class PrecheckPoll:
    """What one poll means.

    :param done: whether every job has its final result.
    :param news: a sentence for the log, empty when nothing has changed.
    """

    done: bool
    news: str


def watched(requests: Mapping[str, PrecheckRequest], looked_up: Results) -> Watched:
    """Return what to wait for: the jobs whose checks were accepted, or perhaps were.

    :param requests: the answers to the requests.
    :param looked_up: the results before the requests.
    """
    open_jobs = {job_id: request for job_id, request in requests.items() if request.accepted is not False}
    return {
        "before": {job_id: _mark(looked_up[job_id]) for job_id in open_jobs},
        "uncertain": {
            job_id: request.text or "" for job_id, request in open_jobs.items() if request.accepted is not True
        },
    }


class PrecheckWait:
    """The wait for the pre-checks of some jobs, from their request to the final result of each.

    An error ends the wait of its jobs only: a permanent one at once, another one when it has lasted for the patience.

    :param before: for each job the digest of its result before the request; ``None`` if that is not known, or another
        run was under way.
    :param uncertain: for each job whose request perhaps was not accepted, why that is not known.
    :param requested_at: by the clock of the polls, when the last request was answered, or later: a trigger that starts
        again takes the moment of its start.
    """

    def __init__(self, before: Mapping[str, str | None], uncertain: Mapping[str, str], requested_at: float) -> None:
        self.results: dict[str, PrecheckResult] = {}
        """The final results so far."""
        self.errors: list[DrsError] = []
        """Errors that ended the wait of a job."""
        self.unanswered: set[str] = set()
        """The jobs whose final result is not DRS's answer about this run."""
        self._jobs = {job_id: _Job(job_id, mark, uncertain.get(job_id)) for job_id, mark in before.items()}
        self._requested_at = requested_at
        self._fault: DrsError | None = None
        self._faults = 0

    @property
    def job_ids(self) -> list[str]:
        """The jobs without a final result, which are those to poll."""
        return [job_id for job_id in self._jobs if job_id not in self.results]

    def judge(self, results: Results, now: float, patience: float, asked_at: float) -> PrecheckPoll:
        """Decide what a poll means.

        :param results: for each of the jobs, among others, its result or the error in its place.
        :param now: seconds of a clock that never goes back.
        :param patience: seconds for which an error may last.
        :param asked_at: by the same clock, when the poll began. One that began before the request means nothing.
        :raises DrsStoppedError: when the client was stopped.
        """
        if asked_at < self._requested_at:
            return PrecheckPoll(False, "")
        finals: dict[str, list[str]] = {}
        faults: list[DrsError] = []
        for job_id in self.job_ids:
            item = results[job_id]
            if isinstance(item, DrsStoppedError):
                raise item
            if isinstance(item, DrsError):
                faults.append(item)
                self._endure(job_id, item, now, patience, asked_at)
            elif why := self._jobs[job_id].see(item, asked_at - self._requested_at):
                self.results[job_id] = self._jobs[job_id].last
                self.unanswered |= {job_id} if why == _LOST else set()
                finals.setdefault(why, []).append(job_id)
        return PrecheckPoll(not self.job_ids, self._news(finals, faults))

    def pause(self, usual: float) -> float:
        """Return the seconds until the next poll: fewer during a fault, but never fewer than DRS names.

        :param usual: seconds between two polls.
        """
        if not self._fault:
            return usual
        return max(self._fault.retry_after or 0.0, min(usual, backoff(self._faults)))

    def expire(self, seconds: float) -> None:
        """End the wait; the result of each job without a final one says that the time is up.

        :param seconds: the time that the checks had.
        """
        for job_id in self.job_ids:
            job = self._jobs[job_id]
            why = f"; DRS could not be asked at last: {job.fault.text}" if job.fault else ""
            self.unanswered.add(job_id)
            self.results[job_id] = replace(job.last, text=f"the pre-check has not finished within {seconds:g} s{why}")

    def _endure(self, job_id: str, error: DrsError, now: float, patience: float, asked_at: float) -> None:
        job = self._jobs[job_id]
        job.fault_since, job.fault = asked_at if job.fault_since is None else job.fault_since, error
        if not error.retryable or now - job.fault_since >= patience:
            self.results[job_id] = result_of_error(job_id, error)
            self.unanswered.add(job_id)
            self.errors += [] if error in self.errors else [error]

    def _news(self, finals: Mapping[str, Sequence[str]], faults: Sequence[DrsError]) -> str:
        sentences = [f"{_named(job_ids)}: {why}." for why, job_ids in finals.items()]
        if finals:
            sentences.append(f"{len(self.results)} of {len(self._jobs)} pre-checks have their result.")
        if faults and not self._fault:
            sentences.append(f"The wait goes on, although DRS could not be asked: {faults[0]}")
        self._fault = faults[0] if faults else None
        self._faults = self._faults + 1 if faults else 0
        return " ".join(sentences)


class _Job:
    def __init__(self, job_id: str, before: str | None, uncertain: str | None) -> None:
        self.last = PrecheckResult(job_id)
        self.fault: DrsError | None = None
        self.fault_since: float | None = None
        self._before = before
        self._uncertain = uncertain
        self._fell = self._confirmed = False

    def see(self, result: PrecheckResult, age: float) -> str:
        """Return why a result is the final one of the new run, or an empty text.

        :param age: seconds from the request to the question.
        """
        self.last, self.fault, self.fault_since = result, None, None
        changed = self._before is not None and result.digest != self._before
        if not result.finished:
            self._fell, self._confirmed = self._fell or changed, False
        elif changed:
            return _CHANGED
        elif self._fell and self._confirmed:
            return _FELL
        elif self._uncertain is None and age >= SHOWN_AFTER:
            return _AGED
        else:
            # the old result may be an answer that was late, but not two in a row
            self._confirmed = self._fell
        if self._uncertain is not None and not self._fell and age >= GIVEN_UP_AFTER:
            text = f"it is not known whether DRS runs the pre-check: {self._uncertain}"
            self.last = replace(result, text=text, hint="Run the task again.")
            return _LOST
        return ""


def _mark(looked_up: PrecheckResult | DrsError) -> str | None:
    """Return the digest of what was there before a request, unless an unknown result of another run may follow."""
    if isinstance(looked_up, DrsError) or (looked_up.begun and not looked_up.finished):
        return None
    if looked_up.code and kind_of(looked_up.code, 400).retryable:
        # DRS could not tell then, and may tell an old result next
        return None
    return looked_up.digest


def _named(job_ids: Sequence[str]) -> str:
    more = f" and {len(job_ids) - MAX_NAMED} more" if len(job_ids) > MAX_NAMED else ""
    return ", ".join(job_ids[:MAX_NAMED]) + more
