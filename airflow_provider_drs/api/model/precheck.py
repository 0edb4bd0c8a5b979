"""What DRS answers about pre-checks: whether one was accepted, how far it is, and the result of each item."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import Any

from airflow_provider_drs.api.digest import digest
from airflow_provider_drs.api.errors import DrsError, DrsServiceError

PASSED, ALARM, FAILED = "PASSED", "ALARM", "FAILED"
PERCENT = re.compile(r"(?:100|[0-9]{1,2})(?:\.[0-9]{1,9})?%", re.ASCII)
"""The form of a progress or a rate."""


def is_whole(percent: str | None) -> bool:
    """Return whether a percentage is 100 %.

    :param percent: such as ``100%``, or nothing.
    """
    return percent is not None and bool(PERCENT.fullmatch(percent)) and float(percent[:-1]) == 100


@dataclass(frozen=True)
class PrecheckRequest:
    """The answer to the request for one job's pre-check.

    :param job_id: id of the DRS job.
    :param accepted: ``None`` when DRS may have accepted it, because no answer came or it contradicts itself.
    :param code: the service's code, or ``None``.
    :param text: why it was not accepted, or why that is not known.
    :param hint: what to do about it, or ``None``.
    :param request_id: request id of the answer, or ``None``.
    """

    job_id: str
    accepted: bool | None
    code: str | None = None
    text: str | None = None
    hint: str | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class PrecheckItem:
    """The result of one item of a pre-check.

    :param item: its name.
    :param group: the name of its group, or ``None``.
    :param result: ``PASSED``, ``ALARM`` or ``FAILED``. Anything else is what came in its place, empty for nothing.
    :param reason: the symbol of the reason, or ``None``.
    :param text: what the database and DRS say of it, without secrets, or ``None``.
    :param fault: why the result is not believed, or ``None``.
    """

    item: str
    group: str | None = None
    result: str = ""
    reason: str | None = None
    text: str | None = None
    fault: str | None = None

    @property
    def passed(self) -> bool:
        """Whether DRS states that the item passed, and nothing speaks against it."""
        return self.result == PASSED and not self.fault

    @property
    def alarmed(self) -> bool:
        """Whether DRS states an alarm, and nothing speaks against it."""
        return self.result == ALARM and not self.fault


@dataclass(frozen=True)
class PrecheckResult:
    """How far the pre-check of one job is, and what it has found.

    :param job_id: id of the DRS job.
    :param process: the progress, such as ``35%``, or ``None``.
    :param allowed: whether DRS allows the start; ``None`` if it does not say.
    :param rate: the share of items that did not fail, such as ``100%``, or ``None``.
    :param items: the items, in the order of the answer.
    :param faults: in what the result contradicts itself or is not complete.
    :param code: the service's code for a check that failed as a whole, or ``None``.
    :param text: why there is no result, or ``None``.
    :param hint: what to do about that, or ``None``.
    :param request_id: request id of the answer, or ``None``.
    :param checked_at: when the result was read, ISO 8601 in UTC, or ``None``.
    """

    job_id: str
    process: str | None = None
    allowed: bool | None = None
    rate: str | None = None
    items: tuple[PrecheckItem, ...] = ()
    faults: tuple[str, ...] = ()
    code: str | None = None
    text: str | None = None
    hint: str | None = None
    request_id: str | None = None
    checked_at: str | None = None

    @property
    def finished(self) -> bool:
        """Whether the check is at 100 %, or failed as a whole."""
        return self.text is not None or is_whole(self.process)

    @property
    def begun(self) -> bool:
        """Whether the check has got anywhere."""
        return self.finished or bool(self.items) or float((self.process or "0%")[:-1]) > 0

    @property
    def affirmed(self) -> bool:
        """Whether the result as a whole says passed, without a contradiction. The items decide about the rest."""
        whole = is_whole(self.process) and is_whole(self.rate) and self.allowed is True
        return whole and self.text is None and not self.faults

    @property
    def digest(self) -> str:
        """The digest of what was found. The order of the items, and texts, do not matter."""
        items = sorted([item.item, item.result, item.reason or "", item.fault or ""] for item in self.items)
        return digest([self.job_id, self.process, self.allowed, self.rate, items, list(self.faults), self.code])

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain JSON.

        It lacks the texts of the items, because a database password may be in them that is not known here.
        """
        return asdict(replace(self, items=tuple(replace(item, text=None) for item in self.items)))


def result_from_dict(fields: dict[str, Any]) -> PrecheckResult:
    """Return the result that :meth:`PrecheckResult.to_dict` took apart.

    :param fields: its members.
    """
    items = tuple(PrecheckItem(**item) for item in fields["items"])
    return PrecheckResult(**{**fields, "items": items, "faults": tuple(fields["faults"])})


def result_of_error(job_id: str, error: DrsError) -> PrecheckResult:
    """Return the result of a job that has none, because of an error.

    :param job_id: the job.
    :param error: the error, of this job or of the call as a whole.
    """
    of_this_job = error.jobs.get(job_id, "") if isinstance(error, DrsServiceError) else ""
    text = of_this_job.removeprefix(f"{error.code}: ") or error.text
    return PrecheckResult(job_id, code=error.code, text=text, hint=error.hint, request_id=error.request_id)
