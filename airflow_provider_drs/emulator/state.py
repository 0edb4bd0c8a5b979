"""The emulator's world: what the calls may do with its jobs, and who is let in. No HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .accounts import Accounts
from .choices import Choices
from .errors import AbsentJobsError, RefusedError
from .faults import Faults
from .identities import Identities, IdentityFacts
from .jobs import ENDED, Job, JobFacts
from .population import Population
from .prechecks import CheckItem
from .stored import Side, StoredEnd


@dataclass(frozen=True)
class Call:
    """One call that was let in: which operation, which jobs, how many entries, and when by the world's clock."""

    operation: str
    job_ids: tuple[str, ...]
    entries: int
    at: float


class World(Population):
    """All that the emulated service knows; safe to read and change from any thread while it serves.

    A job that is due after N polls shows its first status to N of them and the next status from then on.
    Without any progression given, that is 2 polls.

    :param token: the IAM token that is let in, beside those that IAM issues.
    :param project_id: the project in the path of every call.
    :param any_job: whether every well-formed job id exists from its first mention, starting in ``CREATING``.
    :param ready_after_polls: how many status polls a job waits, unless it says otherwise itself.
    :param ready_after_seconds: how many seconds a job waits, unless it says otherwise itself; of two, the first due.
    :param accounts: who else is let in.
    :param identity: what the identity of the server and of the pod is that a task runs on.
    :param choices: how it answers where no document settles it; a test may put others in their place.
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
        identity: IdentityFacts | None = None,
        choices: Choices | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(any_job, ready_after_polls, ready_after_seconds, clock)
        self.token = token
        self.accounts = accounts or Accounts()
        self.identities = Identities(self.accounts, identity or IdentityFacts())
        self.project_id = project_id
        self.choices = choices or Choices()
        self.calls: list[Call] = []
        self.faults = Faults()

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
            self._check_forward(job)
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

    def request_precheck(self, job_id: str, mode: str) -> Mapping[Side, StoredEnd]:
        """Begin a pre-check of a job, by the rules of ``batchCheckJobs``, and return what is stored of both ends.

        :param mode: ``forStartJob`` or ``forRetryJob``.
        :raises RefusedError: the job is absent, or cannot be checked now.
        """
        with self._lock:
            job = self._find(job_id)
            self._status(job)
            job.request_check(self.clock(), mode)
            return dict(job.stored)

    def note_logins(self, job_id: str, items: list[CheckItem]) -> None:
        """Note how the logins of the pre-check of a job came out; of a job that is gone nothing is noted."""
        with self._lock:
            if (job := self._jobs.get(job_id)) and job.check:
                job.check.logins = items

    def precheck_result(self, job_id: str) -> dict[str, Any]:
        """Read the pre-check of a job, by the rules of ``batchCheckResults``; it counts as one poll of the run.

        :raises RefusedError: the job is absent, or was not checked.
        """
        with self._lock:
            job = self._find(job_id)
            if job.check is None:
                raise RefusedError("DRS.M05003", "The task was not checked yet.")
            return {**job.check.poll(self.clock()), "job_direction": job.facts.job_direction}

    def start(self, request: Mapping[str, Any]) -> str | None:
        """Start a job, by the rules of ``batchStartJobs``, and return its order if it is a prepaid one.

        Each request for a job that exists is counted in its ``starts``, an accepted one or not.

        :param request: an entry of ``BatchStartJobReq`` that keeps the contract.
        :raises RefusedError: the job is absent, or cannot be started now.
        """
        with self._lock:
            job = self._find(request["job_id"])
            job.starts += 1
            self._status(job)
            self._check_forward(job)
            delay = (int(request.get("start_time") or 0) - self._milliseconds()) / 1000
            job.start(self.clock(), delay)
            return job.order_id

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

    def _check_forward(self, job: Job) -> None:
        if job.role == "backward":
            forward = self._jobs.get(job.forward or "")
            if forward is None or self._status(forward) != "INCRE_TRANSFER_STARTED":
                raise RefusedError("DRS.M00304", "Not allowed until the forward subtask is INCRE_TRANSFER_STARTED.")

    def _page(self, job_ids: Sequence[str], cur_page: int, per_page: int) -> list[Job]:
        jobs: list[Job] = []
        refusals: dict[str, RefusedError] = {}
        for job_id in job_ids:
            try:
                jobs.append(self._find(job_id))
            except RefusedError as refusal:
                refusals[job_id] = refusal
        if refusals and self.choices.unknown_job == "refused":
            raise AbsentJobsError(refusals)
        size = per_page or len(jobs)
        first = (max(cur_page, 1) - 1) * size
        if jobs and first >= len(jobs):
            raise RefusedError("DRS.M00211", f"cur_page exceeds the last page, {-(-len(jobs) // size)}.")
        return jobs[first : first + size]
