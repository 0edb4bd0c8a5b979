"""One DRS task of the emulator's world: what it is, how it moves, what was tested and stored of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .errors import RefusedError
from .stored import Side, StoredEnd

CREATING = "CREATING"
CONFIGURATION = "CONFIGURATION"
ENDED = frozenset({"RELEASE_RESOURCE_COMPLETE", "RELEASE_CHILD_TRANSFER_COMPLETE", "DELETED"})

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

    def changed(self, **facts: Any) -> JobFacts:
        """Return these facts with some of them replaced.

        :raises ValueError: a fact is unknown, or its value is not one of those allowed.
        """
        return JobFacts(**{**self.model_dump(), **facts})


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
    facts: JobFacts
    since: float
    created: int
    updated: int
    polls: int = 0
    tests: dict[Side, bool] = field(default_factory=dict)
    stored: dict[Side, StoredEnd] = field(default_factory=dict)

    def move(self, now: float, polls: int | None, seconds: float | None) -> str:
        """Move on if that is due, and return the status.

        :param now: by the world's clock.
        :param polls: how many polls a job waits that does not say so itself.
        :param seconds: how many seconds a job waits that does not say so itself.
        """
        if self.ready_after_polls is not None or self.ready_after_seconds is not None:
            polls, seconds = self.ready_after_polls, self.ready_after_seconds
        due = (polls is not None and self.polls >= polls) or (seconds is not None and now - self.since >= seconds)
        if self.becomes and due:
            self.status, self.becomes = self.becomes, None
        return self.status

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
