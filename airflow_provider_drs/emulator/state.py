"""The emulator's world: which jobs there are, how they move, and when they may be tested. No HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from .accounts import Accounts
from .errors import AbsentJobsError, RefusedError
from .faults import Faults

CREATING = "CREATING"
CONFIGURATION = "CONFIGURATION"

Role = Literal["parent", "backward"]


@dataclass(frozen=True)
class Call:
    """One call that was let in: which operation, which jobs, how many entries, and when by the world's clock."""

    operation: str
    job_ids: tuple[str, ...]
    entries: int
    at: float


@dataclass
class Job:
    """One DRS task. With ``becomes`` set it moves there once it is due, and stands there."""

    id: str
    status: str
    becomes: str | None
    ready_after_polls: int | None
    ready_after_seconds: float | None
    role: Role | None
    forward: str | None
    since: float
    polls: int = 0


class World:
    """All that the emulated service knows; safe to read and change from any thread while it serves.

    A job that is due after N polls shows its first status to N of them and the next status from then on.
    Without any progression given, that is 2 polls.

    :param token: the IAM token that is let in, beside those that IAM issues.
    :param project_id: the project in the path of every call.
    :param any_job: whether every well-formed job id exists from its first mention, starting in ``CREATING``.
    :param ready_after_polls: how many status polls a job waits, unless it says otherwise itself.
    :param ready_after_seconds: how many seconds a job waits, unless it says otherwise itself; of two, the first due.
    :param accounts: who else is let in.
    :param clock: seconds from any starting point, never going back.
    """

    def __init__(
        self,
        *,
        token: str = "emulator-token",  # noqa: S107 - it opens nothing but this emulator
        project_id: str = "0123456789abcdef0123456789abcdef",
        any_job: bool = True,
        ready_after_polls: int | None = None,
        ready_after_seconds: float | None = None,
        accounts: Accounts | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.token = token
        self.accounts = accounts or Accounts()
        self.project_id = project_id
        self.any_job = any_job
        if ready_after_polls is None and ready_after_seconds is None:
            ready_after_polls = 2
        self.ready_after_polls = ready_after_polls
        self.ready_after_seconds = ready_after_seconds
        self.clock = clock
        self.calls: list[Call] = []
        self.faults = Faults()
        self._jobs: dict[str, Job] = {}
        self._deleted: set[str] = set()
        self._lock = threading.RLock()

    def add_job(
        self,
        job_id: str,
        status: str = CREATING,
        *,
        becomes: str | None = None,
        ready_after_polls: int | None = None,
        ready_after_seconds: float | None = None,
        role: Role | None = None,
        forward: str | None = None,
    ) -> None:
        """Add a job, in place of one with the same id.

        :param job_id: 36 characters in 8-4-4-4-12 form.
        :param status: its first status.
        :param becomes: the status it moves to; a job in ``CREATING`` moves to ``CONFIGURATION`` when nothing is
            given, any other stays where it is.
        :param ready_after_polls: how many status polls it waits before it moves.
        :param ready_after_seconds: how many seconds it waits before it moves; without either, the world's default.
        :param role: in dual-active disaster recovery, ``parent`` or ``backward``.
        :param forward: for a ``backward`` job, the id of its forward sibling.
        """
        if becomes is None and status == CREATING:
            becomes = CONFIGURATION
        with self._lock:
            self._deleted.discard(job_id)
            self._jobs[job_id] = Job(
                job_id, status, becomes, ready_after_polls, ready_after_seconds, role, forward, since=self.clock()
            )

    def set_status(self, job_id: str, status: str) -> None:
        """Put a job into a status, where it stays.

        :raises RefusedError: there is no such job.
        """
        with self._lock:
            job = self._find(job_id)
            job.status, job.becomes = status, None

    def delete(self, job_id: str) -> None:
        """Delete a job: from now on the service says of it that it was deleted or released.

        :raises RefusedError: there is no such job.
        """
        with self._lock:
            del self._jobs[self._find(job_id).id]
            self._deleted.add(job_id)

    def record(self, operation: str, job_ids: Sequence[str]) -> None:
        """Note a call that was let in; ``job_ids`` holds one id per entry."""
        self.calls.append(Call(operation, tuple(job_ids), len(job_ids), self.clock()))

    def check_testable(self, job_id: str) -> None:
        """Let a connection test of a job pass, by the rules of ``batchValidateConnections``.

        :raises RefusedError: the job is absent, not in ``CONFIGURATION``, a parent of dual-active disaster recovery, or
            a backward child whose forward sibling does not run yet.
        """
        with self._lock:
            job = self._find(job_id)
            if job.role == "parent":
                raise RefusedError(
                    "DRS.M00307", "The connections of a parent task cannot be tested, only its subtasks'."
                )
            if (status := self._status(job)) != CONFIGURATION:
                raise RefusedError("DRS.M00304", f"Not allowed in task status {status}, only in {CONFIGURATION}.")
            if job.role == "backward":
                forward = self._jobs.get(job.forward or "")
                if forward is None or self._status(forward) != "INCRE_TRANSFER_STARTED":
                    raise RefusedError("DRS.M00304", "Not allowed until the forward subtask is INCRE_TRANSFER_STARTED.")

    def poll(self, job_ids: Sequence[str], cur_page: int = 1, per_page: int = 5) -> list[tuple[str, str]]:
        """Tell id and status of the jobs on one page, by the rules of ``batchListJobStatus``.

        It counts as one poll of each job on that page.

        :param cur_page: from 1; 0 is read as 1.
        :param per_page: 1-100; 0 puts all jobs on one page.
        :raises AbsentJobsError: any of ``job_ids`` is unknown or deleted, on whichever page.
        :raises RefusedError: the page is beyond the last one.
        """
        with self._lock:
            refusals: dict[str, RefusedError] = {}
            for job_id in job_ids:
                try:
                    self._find(job_id)
                except RefusedError as refusal:
                    refusals[job_id] = refusal
            if refusals:
                raise AbsentJobsError(refusals)
            size = per_page or len(job_ids)
            first = (max(cur_page, 1) - 1) * size
            if first >= len(job_ids):
                raise RefusedError("DRS.M00211", f"cur_page exceeds the last page, {-(-len(job_ids) // size)}.")
            return [(job_id, self._polled(job_id)) for job_id in job_ids[first : first + size]]

    def list_jobs(self, cur_page: int = 1, per_page: int = 10) -> tuple[int, list[tuple[str, str]]]:
        """Tell how many jobs there are, and id and status of those on one page; it counts as no poll."""
        with self._lock:
            every = [(job.id, self._status(job)) for job in self._jobs.values()]
            first = (max(cur_page, 1) - 1) * per_page
            return len(every), every[first : first + per_page] if per_page else every

    def _polled(self, job_id: str) -> str:
        job = self._jobs[job_id]
        status = self._status(job)
        job.polls += 1
        return status

    def _find(self, job_id: str) -> Job:
        if job_id in self._deleted:
            raise RefusedError("DRS.M05004", "The task has been deleted or its resources have been released.")
        if job_id not in self._jobs:
            if not self.any_job:
                raise RefusedError("DRS.M00289", "The task does not exist.")
            self.add_job(job_id)
        return self._jobs[job_id]

    def _status(self, job: Job) -> str:
        polls, seconds = job.ready_after_polls, job.ready_after_seconds
        if polls is None and seconds is None:
            polls, seconds = self.ready_after_polls, self.ready_after_seconds
        due = (polls is not None and job.polls >= polls) or (
            seconds is not None and self.clock() - job.since >= seconds
        )
        if job.becomes and due:
            job.status, job.becomes = job.becomes, None
        return job.status
