"""One DRS task of the emulator's world: what it is, how it moves, what was tested and stored of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .errors import RefusedError
from .prechecks import Precheck, PrecheckOrder
from .stored import Side, StoredEnd

CREATING = "CREATING"
CONFIGURATION = "CONFIGURATION"
ENDED = frozenset({"RELEASE_RESOURCE_COMPLETE", "RELEASE_CHILD_TRANSFER_COMPLETE", "DELETED"})
WAITING_FOR_START = "WAITING_FOR_START"
RETRIED = frozenset({"FULL_TRANSFER_FAILED", "INCRE_TRANSFER_FAILED", "INCRE_TRANSFER_STARTED"})
"""In which a pre-check is one ``forRetryJob``."""
ROUTES = {
    "FULL_TRANS": ["FULL_TRANSFER_STARTED", "FULL_TRANSFER_COMPLETE"],
    "FULL_INCR_TRANS": ["FULL_TRANSFER_STARTED", "FULL_TRANSFER_COMPLETE", "INCRE_TRANSFER_STARTED"],
    "INCR_TRANS": ["INCRE_TRANSFER_STARTED"],
}
"""What follows ``STARTJOBING``, by ``task_type``."""
ORDERS = frozenset({"precheck", "start_fails"})
"""Those of `JobFacts` that the service does not tell of."""

Role = Literal["parent", "backward"]
TaskId = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{8}(-[0-9A-Za-z]{4}){3}-[0-9A-Za-z]{12}$")]


class JobFacts(BaseModel):
    """What a job is, beside its id and its status; the defaults are those of a migration from MySQL to MySQL.

    :param name: 4 to 50 characters; made from the id when it is left out.
    :param node_type: the size of its node; batch-detail tells of it in the three words of ``inst_type`` only.
    :param node_status: ``ACTIVE`` or ``active``, ``deleted`` once the node is lost; ``None`` leaves the member out.
    :param node_ip: the private address of its node.
    :param node_public_ip: the public address of its node.
    :param prepaid: whether a start orders and pays it.
    :param cluster: whether it is a cluster or primary/standby task, which only the cluster call tests.
    :param parent_id: the job that it is a subtask of.
    :param tags: its tags, by their keys.
    :param alarm_notify: who is told of faults, as it was sent.
    :param after_store: by side, members of a stored endpoint that somebody else changes after each store.
    :param precheck: how its pre-checks go; a run under way keeps the order it began with.
    :param start_fails: whether a start that was accepted ends in ``START_JOB_FAILED``.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{3,49}$")] = ""
    description: str = ""
    db_use_type: Literal["migration", "sync", "cloudDataGuard"] = "migration"
    engine_type: str = "mysql"
    net_type: Literal["vpn", "vpc", "eip"] = "eip"
    job_direction: Literal["up", "down", "non-dbs"] = "up"
    task_type: Literal["FULL_TRANS", "FULL_INCR_TRANS", "INCR_TRANS"] = "FULL_INCR_TRANS"
    node_type: Literal["micro", "small", "medium", "high", "xlarge", "2xlarge"] = "high"
    is_target_readonly: bool | None = True
    replace_definer: bool | None = True
    node_status: Literal["ACTIVE", "active", "deleted"] | None = "ACTIVE"
    node_ip: str = "10.0.0.40"
    node_public_ip: str = "203.0.113.40"
    prepaid: bool = False
    cluster: bool = False
    parent_id: TaskId | None = None
    enterprise_project_id: str = "0"
    tags: dict[str, str] = {}
    alarm_notify: dict[str, Any] | None = None
    after_store: dict[Side, dict[str, Any]] = {}
    precheck: PrecheckOrder = PrecheckOrder()
    start_fails: bool = False

    def changed(self, **facts: Any) -> JobFacts:
        """Return these facts with some of them replaced.

        :raises ValueError: a fact is unknown, or its value is not one of those allowed.
        """
        return JobFacts(**{**self.model_dump(), **facts})


@dataclass
class Job:
    """One DRS task. With ``becomes`` set it moves there once it is due, and then on along its route."""

    id: str
    status: str
    becomes: str | None
    ready_after_polls: int | None
    ready_after_seconds: float | None
    role: Role | None
    forward: str | None
    facts: JobFacts
    since: float
    created: int
    updated: int
    polls: int = 0
    route: list[str] = field(default_factory=list)
    tests: dict[Side, bool] = field(default_factory=dict)
    stored: dict[Side, StoredEnd] = field(default_factory=dict)
    check: Precheck | None = None
    starts: int = 0
    starts_at: float | None = None
    order_id: str | None = None

    def move(self, now: float) -> str:
        """Move on as far as that is due, and return the status.

        :param now: by the world's clock.
        """
        while self.becomes and (moment := self._moment(now)) is not None:
            self.status, self.becomes = self.becomes, self.route.pop(0) if self.route else None
            self.since, self.polls = moment, 0
        return self.status

    def _moment(self, now: float) -> float | None:
        """When the next move was due; ``None`` before that."""
        if self.status == WAITING_FOR_START and self.starts_at is not None:
            return self.starts_at if now >= self.starts_at else None
        polls, seconds = self.ready_after_polls, self.ready_after_seconds
        if seconds is not None and now >= self.since + seconds:
            return self.since + seconds
        return now if polls is not None and self.polls >= polls else None

    def request_check(self, now: float, mode: str) -> None:
        """Begin a pre-check, by the rules of ``batchCheckJobs``.

        :param mode: ``forStartJob`` or ``forRetryJob``.
        :raises RefusedError: the job is a parent, in a status of the other mode, has nothing stored, or its pre-check
            is still running.
        """
        if self.role == "parent":
            raise RefusedError("DRS.M00307", "A parent task is not checked, only its subtasks are.")
        if mode == "forStartJob":
            self.check_configuring()
        elif self.status not in RETRIED:
            raise RefusedError("DRS.M00304", f"Not allowed in task status {self.status} with this precheck_mode.")
        if len(self.stored) < 2:
            raise RefusedError("DRS.M01501", "A task is checked once the endpoints of both ends are stored.")
        if self.check and self.check.running(now):
            raise RefusedError("DRS.M01504", "Another operation is running: the pre-check before.")
        self.check = self.next_check(now)

    def next_check(self, now: float) -> Precheck:
        """Return a run as it is on order, at the pace of the job where the order has none."""
        order = self.facts.precheck
        if order.ready_after_polls is None and order.ready_after_seconds is None:
            pace = {"ready_after_polls": self.ready_after_polls, "ready_after_seconds": self.ready_after_seconds}
            order = order.model_copy(update=pace)
        if self.check:
            self.check.before = None
        return Precheck(order, now, self.check, order.stale_polls)

    def start(self, now: float, delay: float) -> None:
        """Start, by the rules of ``batchStartJobs``.

        :param delay: in how many seconds the job is to start; within five minutes it starts at once.
        :raises RefusedError: the job is a parent, not in ``CONFIGURATION``, on its way already, or no pre-check of it
            passed.
        """
        if self.role == "parent":
            raise RefusedError("DRS.M00307", "A parent task is not started, only its subtasks are.")
        self.check_configuring()
        if self.becomes:
            raise RefusedError("DRS.M01504", "Another operation is running: the start before.")
        if not (self.check and self.check.passed(now)):
            raise RefusedError("DRS.M01501", "A task is started once its pre-check passed.")
        later = delay >= 300
        first = [WAITING_FOR_START] if later else []
        last = ["START_JOB_FAILED"] if self.facts.start_fails else ROUTES[self.facts.task_type]
        route = [*first, "STARTJOBING", *last]
        self.becomes, self.route = route[0], route[1:]
        self.starts_at = now + delay if later else None
        self.since, self.polls = now, 0
        if self.facts.prepaid:
            self.order_id = f"CS{self.id[-12:]}"

    def check_storable(self) -> None:
        """Let the endpoints of this job be stored, by the rules of ``batchUpdateJob``.

        :raises RefusedError: it is the parent of dual-active disaster recovery, is not in ``CONFIGURATION``, or the
            latest test of one of its ends did not pass.
        """
        if self.role == "parent":
            raise RefusedError("DRS.M00307", "The endpoints of a parent task cannot be stored, only its subtasks'.")
        self.check_configuring()
        untested = [side for side in ("source", "target") if side not in self.tests]
        failed = [side for side, passed in self.tests.items() if not passed]
        if untested or failed:
            words = [f"the {side} was not tested" for side in untested]
            words += [f"the latest test of the {side} failed" for side in sorted(failed)]
            raise RefusedError("DRS.M01501", f"Endpoints are stored once both passed their test: {', '.join(words)}.")

    def check_configuring(self) -> None:
        """Let through what is allowed in ``CONFIGURATION`` only.

        :raises RefusedError: the job is in another status.
        """
        if self.status != CONFIGURATION:
            raise RefusedError("DRS.M00304", f"Not allowed in task status {self.status}, only in {CONFIGURATION}.")
