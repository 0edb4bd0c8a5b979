"""The emulator's world: which jobs there are, and what the calls may do with them. No HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from .accounts import Accounts
from .errors import AbsentJobsError, RefusedError
from .faults import Faults
from .jobs import CONFIGURATION, CREATING, ENDED, Job, JobFacts, Role
from .stored import Side, StoredEnd


@dataclass(frozen=True)
class Call:
    """One call that was let in: which operation, which jobs, how many entries, and when by the world's clock."""

    operation: str
    job_ids: tuple[str, ...]
    entries: int
    at: float


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
        self._epoch = time.time() - clock()
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
        **facts: Any,
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
        :param facts: what else it is, by the names in `JobFacts`.
        :raises ValueError: a fact is unknown, or its value is not one of those allowed.
        """
        if becomes is None and status == CREATING:
            becomes = CONFIGURATION
        named = JobFacts(**{"name": f"job-{job_id[-12:]}", **facts})
        waits, now = (ready_after_polls, ready_after_seconds), self._milliseconds()
        with self._lock:
            self._deleted.discard(job_id)
            self._jobs[job_id] = Job(job_id, status, becomes, *waits, role, forward, named, self.clock(), now, now)

    def job(self, job_id: str) -> Job:
        """Return a copy of a job as it stands, with its facts, its tests and what is stored; it counts as no poll.

        :raises RefusedError: there is no such job.
        """
        with self._lock:
            job = self._find(job_id)
            self._status(job)
            return deepcopy(job)

    def change(self, job_id: str, **facts: Any) -> None:
        """Change what a job is, by the names in `JobFacts`; it counts as an edit.

        :raises RefusedError: there is no such job.
        :raises ValueError: a fact is unknown, or its value is not one of those allowed.
        """
        with self._lock:
            job = self._find(job_id)
            job.facts = job.facts.changed(**facts)
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

    def check_testable(self, job_id: str, *, cluster: bool = False) -> None:
        """Let a connection test of a job pass, by the rules of ``batchValidateConnections``.

        :param cluster: whether it is ``batchValidateClustersConnections`` that asks.
        :raises RefusedError: the job is absent, not in ``CONFIGURATION``, a parent of dual-active disaster recovery, a
            backward child whose forward sibling does not run yet, or a cluster job and the call is the other one.
        """
        with self._lock:
            job = self._find(job_id)
            if job.role == "parent":
                raise RefusedError(
                    "DRS.M00307", "The connections of a parent task cannot be tested, only its subtasks'."
                )
            self._status(job)
            job.check_configuring()
            if job.role == "backward":
                forward = self._jobs.get(job.forward or "")
                if forward is None or self._status(forward) != "INCRE_TRANSFER_STARTED":
                    raise RefusedError("DRS.M00304", "Not allowed until the forward subtask is INCRE_TRANSFER_STARTED.")
            if job.facts.cluster and not cluster:
                raise RefusedError("DRS.M01501", "A cluster or primary/standby task is tested by the cluster call.")

    def modify(self, request: Mapping[str, Any]) -> None:
        """Change a job and store its endpoints, by the rules of ``batchUpdateJob``; a refused request changes nothing.

        :param request: a ``ModifyJobReq`` that keeps the contract.
        :raises RefusedError: the job is absent or has ended, another one has its new name, or its endpoints may not be
            stored.
        """
        with self._lock:
            job = self._find(request["job_id"])
            if self._status(job) in ENDED:
                raise RefusedError("DRS.M00304", f"Not allowed in task status {job.status}.")
            names = {other.facts.name.casefold() for other in self._jobs.values() if other is not job}
            if request.get("name", "").casefold() in names:
                raise RefusedError("DRS.M00277", "Another task has this name.")
            if request.get("store_db_info"):
                job.check_storable()
                job.stored = {
                    "source": StoredEnd(request["source_endpoint"]),
                    "target": StoredEnd(request["target_endpoint"]),
                }
                for side, changes in job.facts.after_store.items():
                    job.stored[side] = StoredEnd({**job.stored[side], **changes})
            facts = {name: value for name, value in request.items() if name in JobFacts.model_fields}
            if "tags" in facts:
                facts["tags"] = {tag["key"]: tag.get("value", "") for tag in facts["tags"]}
            job.facts = job.facts.changed(**facts)
            self._edited(job)

    def poll(self, job_ids: Sequence[str], cur_page: int = 1, per_page: int = 5) -> list[tuple[str, str]]:
        """Tell id and status of the jobs on one page, by the rules of ``batchListJobStatus``.

        It counts as one poll of each job on that page.

        :param cur_page: from 1; 0 is read as 1.
        :param per_page: 1-100; 0 puts all jobs on one page.
        :raises AbsentJobsError: any of ``job_ids`` is unknown or deleted, on whichever page.
        :raises RefusedError: the page is beyond the last one.
        """
        with self._lock:
            page = self._page(job_ids, cur_page, per_page)
            statuses = [(job.id, self._status(job)) for job in page]
            for job in page:
                job.polls += 1
            return statuses

    def details(self, job_ids: Sequence[str], cur_page: int = 1, per_page: int = 5) -> list[Job]:
        """Return copies of the jobs on one page, by the rules of ``batchListJobDetails``; it counts as no poll.

        The parameters and the errors are those of `poll`.
        """
        with self._lock:
            return [self.job(job.id) for job in self._page(job_ids, cur_page, per_page)]

    def list_jobs(self) -> list[Job]:
        """Return copies of all jobs; it counts as no poll."""
        with self._lock:
            return [self.job(job_id) for job_id in self._jobs]

    def _page(self, job_ids: Sequence[str], cur_page: int, per_page: int) -> list[Job]:
        jobs: list[Job] = []
        refusals: dict[str, RefusedError] = {}
        for job_id in job_ids:
            try:
                jobs.append(self._find(job_id))
            except RefusedError as refusal:
                refusals[job_id] = refusal
        if refusals:
            raise AbsentJobsError(refusals)
        size = per_page or len(jobs)
        first = (max(cur_page, 1) - 1) * size
        if first >= len(jobs):
            raise RefusedError("DRS.M00211", f"cur_page exceeds the last page, {-(-len(jobs) // size)}.")
        return jobs[first : first + size]

    def _find(self, job_id: str) -> Job:
        if job_id in self._deleted:
            raise RefusedError("DRS.M05004", "The task has been deleted or its resources have been released.")
        if job_id not in self._jobs:
            if not self.any_job:
                raise RefusedError("DRS.M00289", "The task does not exist.")
            self.add_job(job_id)
        return self._jobs[job_id]

    def _status(self, job: Job) -> str:
        return job.move(self.clock(), self.ready_after_polls, self.ready_after_seconds)

    def _edited(self, job: Job) -> None:
        # each edit moves the time, also when the clock stands still
        job.updated = max(self._milliseconds(), job.updated + 1)

    def _milliseconds(self) -> int:
        return int((self._epoch + self.clock()) * 1000)
