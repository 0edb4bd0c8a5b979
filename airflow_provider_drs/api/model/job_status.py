"""The statuses of a DRS job, and the meaning of each for a wait."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, IntEnum


class Phase(IntEnum):
    """The five classes of statuses, in the order of a job's life; a job never goes back without a person's help."""

    BEFORE = 0
    """Being created: keep waiting."""
    TARGET = 1
    """Being configured: endpoints may be tested."""
    PAST = 2
    """Started, running, changing or ending: too late for a connection test."""
    FAILED = 3
    """Stuck until a person acts."""
    GONE = 4
    """Ended or deleted for good."""


class JobStatus(str, Enum):
    """A job's status as DRS spells it; follows the ``TaskStatus`` schema of the contract.

    ``JobStatus(text)`` accepts any text, because the service may add statuses. An unlisted text keeps its spelling and
    has the ``phase`` ``None``.
    """

    phase: Phase | None

    def __new__(cls, text: str, phase: Phase | None = None) -> JobStatus:
        status = str.__new__(cls, text)
        status._value_ = text
        status.phase = phase
        return status

    CREATING = "CREATING", Phase.BEFORE
    CONFIGURATION = "CONFIGURATION", Phase.TARGET
    STARTJOBING = "STARTJOBING", Phase.PAST
    WAITING_FOR_START = "WAITING_FOR_START", Phase.PAST
    FULL_TRANSFER_STARTED = "FULL_TRANSFER_STARTED", Phase.PAST
    FULL_TRANSFER_COMPLETE = "FULL_TRANSFER_COMPLETE", Phase.PAST
    INCRE_TRANSFER_STARTED = "INCRE_TRANSFER_STARTED", Phase.PAST
    PAUSING = "PAUSING", Phase.PAST
    CHANGE_JOB_STARTED = "CHANGE_JOB_STARTED", Phase.PAST
    REBUILD_NODE_STARTED = "REBUILD_NODE_STARTED", Phase.PAST
    NODE_UPGRADE_START = "NODE_UPGRADE_START", Phase.PAST
    NODE_UPGRADE_COMPLETE = "NODE_UPGRADE_COMPLETE", Phase.PAST
    CHILD_TRANSFER_STARTING = "CHILD_TRANSFER_STARTING", Phase.PAST
    CHILD_TRANSFER_STARTED = "CHILD_TRANSFER_STARTED", Phase.PAST
    CHILD_TRANSFER_COMPLETE = "CHILD_TRANSFER_COMPLETE", Phase.PAST
    RELEASE_CHILD_TRANSFER_STARTED = "RELEASE_CHILD_TRANSFER_STARTED", Phase.PAST
    RELEASE_CHILD_TRANSFER_COMPLETE = "RELEASE_CHILD_TRANSFER_COMPLETE", Phase.PAST
    RELEASE_RESOURCE_STARTED = "RELEASE_RESOURCE_STARTED", Phase.PAST
    CREATE_FAILED = "CREATE_FAILED", Phase.FAILED
    START_JOB_FAILED = "START_JOB_FAILED", Phase.FAILED
    FULL_TRANSFER_FAILED = "FULL_TRANSFER_FAILED", Phase.FAILED
    INCRE_TRANSFER_FAILED = "INCRE_TRANSFER_FAILED", Phase.FAILED
    CHANGE_JOB_FAILED = "CHANGE_JOB_FAILED", Phase.FAILED
    REBUILD_NODE_FAILED = "REBUILD_NODE_FAILED", Phase.FAILED
    NODE_UPGRADE_FAILED = "NODE_UPGRADE_FAILED", Phase.FAILED
    CHILD_TRANSFER_FAILED = "CHILD_TRANSFER_FAILED", Phase.FAILED
    RELEASE_RESOURCE_FAILED = "RELEASE_RESOURCE_FAILED", Phase.FAILED
    RELEASE_RESOURCE_COMPLETE = "RELEASE_RESOURCE_COMPLETE", Phase.GONE
    DELETED = "DELETED", Phase.GONE

    @classmethod
    def _missing_(cls, value: object) -> JobStatus:
        if value == "PAUSEING":  # the spelling on one of the vendor's pages
            return cls.PAUSING
        unlisted = str.__new__(cls, str(value))
        unlisted._name_ = unlisted._value_ = str(value)
        unlisted.phase = None
        return unlisted

    def __str__(self) -> str:
        return str(self.value)

    def can_reach(self, targets: Collection[JobStatus]) -> bool:
        """Return whether a job in this status can still reach one of ``targets`` without a person's help.

        The answer is yes when this status or a target is unlisted.

        :param targets: the statuses waited for.
        """
        if self in targets or self.phase is None:
            return True
        if self is JobStatus.DELETED:
            return False
        return any(target.phase is None or target.phase >= self.phase for target in targets)


TESTABLE = JobStatus.CONFIGURATION
"""The status in which DRS tests a job's endpoints."""
