"""The jobs there are, and the ways in which a test changes them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from .errors import RefusedError
from .jobs import CONFIGURATION, CREATING, ORDERS, Job, JobFacts, Role
from .stored import Side, StoredEnd


class Population:
    """All jobs; safe to read and change from any thread. The parameters are those of `World`."""

    def __init__(
        self,
        any_job: bool,
        ready_after_polls: int | None,
        ready_after_seconds: float | None,
        clock: Callable[[], float],
    ) -> None:
        self.any_job = any_job
        if ready_after_polls is None and ready_after_seconds is None:
            ready_after_polls = 2
        self.ready_after_polls = ready_after_polls
        self.ready_after_seconds = ready_after_seconds
        self.clock = clock
        self._epoch = time.time() - clock()
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
        **facts: Any,
    ) -> None:
        """Add a job, in place of one with the same id.

        :param job_id: 36 characters in 8-4-4-4-12 form.
        :param status: its first status.
        :param becomes: the status it moves to; a job in ``CREATING`` moves to ``CONFIGURATION`` when nothing is
            given, any other stays where it is.
        :param ready_after_polls: how many status polls it waits before each move; its pre-check waits as many reads.
        :param ready_after_seconds: how many seconds it waits before each; without either, the world's default.
        :param role: in dual-active disaster recovery, ``parent`` or ``backward``.
        :param forward: for a ``backward`` job, the id of its forward sibling.
        :param facts: what else it is, by the names in `JobFacts`.
        :raises ValueError: a fact is unknown, or its value is not one of those allowed.
        """
        if becomes is None and status == CREATING:
            becomes = CONFIGURATION
        pace = (ready_after_polls, ready_after_seconds)
        if pace == (None, None):
            pace = (self.ready_after_polls, self.ready_after_seconds)
        named = JobFacts(**{"name": f"job-{job_id[-12:]}", **facts})
        with self._lock:
            self._deleted.discard(job_id)
            now = self._milliseconds()
            self._jobs[job_id] = Job(job_id, status, becomes, *pace, role, forward, named, self.clock(), now, now)

    def job(self, job_id: str) -> Job:
        """Return a copy of a job as it stands, with its facts, its tests and what is stored; it counts as no poll.

        :raises RefusedError: there is no such job.
        """
        with self._lock:
            job = self._find(job_id)
            self._status(job)
            return deepcopy(job)

    def change(self, job_id: str, **facts: Any) -> None:
        """Change what a job is, by the names in `JobFacts`; it counts as an edit, unless it is an order alone.

        :raises RefusedError: there is no such job.
        :raises ValueError: a fact is unknown, or its value is not one of those allowed.
        """
        with self._lock:
            job = self._find(job_id)
            job.facts = job.facts.changed(**facts)
            if facts.keys() - ORDERS:
                self._edited(job)

    def lose_node(self, job_id: str) -> None:
        """Take its node away from a job, as the service does after three days in ``CONFIGURATION``.

        The status of the job stays; what was tested and stored stays as well.
        """
        self.change(job_id, node_status="deleted")

    def replace_node(self, job_id: str, ip: str, public_ip: str) -> None:
        """Give a job another node, with other addresses: what the databases' firewalls admit is out of date."""
        self.change(job_id, node_status="ACTIVE", node_ip=ip, node_public_ip=public_ip)

    def change_stored(self, job_id: str, side: Side, **members: Any) -> None:
        """Change what is stored of one end, as somebody else's store would.

        :param side: ``source`` or ``target``.
        :param members: of ``Endpoint``; ``None`` takes one away.
        :raises RefusedError: there is no such job.
        """
        with self._lock:
            job = self._find(job_id)
            stored = {**job.stored.get(side, {}), **members}
            job.stored[side] = StoredEnd({name: value for name, value in stored.items() if value is not None})
            self._edited(job)

    def remember_test(self, job_id: str, side: Side, *, passed: bool) -> None:
        """Note how the latest connection test of one end of a job ended; of a job that is gone nothing is noted.

        :param side: ``source`` or ``target``.
        """
        with self._lock:
            if job_id in self._jobs:
                self._jobs[job_id].tests[side] = passed

    def finish_precheck(self, job_id: str) -> None:
        """Put the pre-check of a job at its end; without one, that of somebody else is there from now on.

        :raises RefusedError: there is no such job.
        """
        with self._lock:
            job = self._find(job_id)
            job.check = job.check or job.next_check(self.clock())
            job.check.finish()

    def set_status(self, job_id: str, status: str) -> None:
        """Put a job into a status, where it stays.

        :raises RefusedError: there is no such job.
        """
        with self._lock:
            job = self._find(job_id)
            job.status, job.becomes, job.route = status, None, []

    def delete(self, job_id: str) -> None:
        """Delete a job: from now on the service says of it that it was deleted or released.

        :raises RefusedError: there is no such job.
        """
        with self._lock:
            del self._jobs[self._find(job_id).id]
            self._deleted.add(job_id)

    def list_jobs(self) -> list[Job]:
        """Return copies of all jobs; it counts as no poll."""
        with self._lock:
            return [self.job(job_id) for job_id in self._jobs]

    def _find(self, job_id: str) -> Job:
        if job_id in self._deleted:
            raise RefusedError("DRS.M05004", "The task has been deleted or its resources have been released.")
        if job_id not in self._jobs:
            if not self.any_job:
                raise RefusedError("DRS.M00289", "The task does not exist.")
            self.add_job(job_id)
        return self._jobs[job_id]

    def _status(self, job: Job) -> str:
        return job.move(self.clock())

    def _edited(self, job: Job) -> None:
        # each edit moves the time, also when the clock stands still
        job.updated = max(self._milliseconds(), job.updated + 1)

    def _milliseconds(self) -> int:
        return int((self._epoch + self.clock()) * 1000)
