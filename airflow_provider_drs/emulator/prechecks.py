"""A pre-check of one job: how it is to go, how far it is, and which items it finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_GROUPS = {
    "srcDbConnection": "network",
    "dstDbConnection": "network",
    "srcDbVersionSupport": "db_version",
    "dstDbVersionSupport": "db_version",
    "srcDbPrivilegesIsEnough": "db_user_privilege",
    "dstDbDiskSize": "db_disk_size",
    "userSelectObjectsCheck": "db_params",
}
"""The items of every pre-check, by their groups; they pass unless the order says otherwise."""


class CheckItem(BaseModel):
    """One item of a pre-check's result.

    :param item: its name.
    :param result: ``PASSED``, ``ALARM``, ``FAILED``, or empty as if it had no verdict yet.
    :param group: what it belongs to.
    :param failed_reason: a symbol, of an ``ALARM`` as well.
    :param data: any text.
    :param raw_error_msg: the text of a database.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    item: str
    result: Literal["PASSED", "ALARM", "FAILED", ""] = "PASSED"
    group: str = "db_params"
    failed_reason: str = ""
    data: str = ""
    raw_error_msg: str = ""


class PrecheckOrder(BaseModel):
    """How the next pre-checks of a job go; without any order all items pass.

    :param items: beside those of every pre-check, or in the place of one with the same name.
    :param ready_after_polls: how many reads of its result a run waits; without either, the pace of the job.
    :param ready_after_seconds: how many seconds a run waits; of two, the first due.
    :param stops_at: the percentage at which a run stands still.
    :param stale_polls: how many reads after a request still show the run before, if there was one.
    :param error_code: of a run that fails by itself.
    :param error_msg: its text.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    items: list[CheckItem] = []
    ready_after_polls: Annotated[int, Field(ge=0)] | None = None
    ready_after_seconds: Annotated[float, Field(ge=0)] | None = None
    stops_at: Annotated[int, Field(ge=0, le=99)] | None = None
    stale_polls: Annotated[int, Field(ge=0)] = 0
    error_code: str | None = None
    error_msg: str = "The pre-check failed."


@dataclass
class Precheck:
    """One run.

    :param order: how it goes, with its pace filled in.
    :param since: when it was requested, by the world's clock.
    :param before: the run before, if there was one.
    :param stale_polls: how many reads still show the run before.
    :param logins: the items of the two logins, as they came out.
    """

    order: PrecheckOrder
    since: float
    before: Precheck | None
    stale_polls: int
    logins: list[CheckItem] = field(default_factory=list)
    polls: int = 0

    def percent(self, now: float) -> int:
        """Return how far it is."""
        order, shares = self.order, [0.0]
        if order.ready_after_polls is not None:
            shares.append(self.polls / order.ready_after_polls if order.ready_after_polls else 1)
        if order.ready_after_seconds is not None:
            shares.append((now - self.since) / order.ready_after_seconds if order.ready_after_seconds else 1)
        return min(100 if order.stops_at is None else order.stops_at, int(100 * max(shares)))

    def running(self, now: float) -> bool:
        """Whether it is neither at its end nor failed by itself."""
        return self.percent(now) < 100 and not self.order.error_code

    def finish(self) -> None:
        """Put it at its end."""
        self.order = self.order.model_copy(update={"ready_after_polls": 0, "stops_at": None})
        self.stale_polls = 0

    def passed(self, now: float) -> bool:
        """Whether it is at its end, and lets the job be started."""
        failed = any(item.result == "FAILED" for item in self._items())
        return self.percent(now) == 100 and not failed and not self.order.error_code

    def poll(self, now: float) -> dict[str, Any]:
        """Return what a read of the result shows, and count it."""
        if self.before and self.stale_polls:
            self.stale_polls -= 1
            return self.before.shown(now)
        shown = self.shown(now)
        self.polls += 1
        return shown

    def shown(self, now: float) -> dict[str, Any]:
        """Return what the result holds of this run, beside the job."""
        if self.order.error_code:
            return {"process": "0%", "result": False, **self.order.model_dump(include={"error_code", "error_msg"})}
        percent, items = self.percent(now), self._items()
        shown = {"process": f"{percent}%", "result": self.passed(now)}
        if percent == 100:
            fine = [item for item in items if item.result != "FAILED"]
            shown |= {"total_passed_rate": f"{100 * len(fine) // len(items)}%"}
            return {**shown, "precheck_result": [_members(item) for item in items]}
        if not percent:
            return shown
        done = len(items) * percent // 100
        # the next item is at work: of those without a verdict some have an empty one, and some none
        open_items = [{"item": item.item, "group": item.group} for item in items[done:]]
        open_items[0]["result"] = ""
        return {**shown, "precheck_result": [*map(_members, items[:done]), *open_items]}

    def _items(self) -> list[CheckItem]:
        usual = [CheckItem(item=name, group=group) for name, group in _GROUPS.items()]
        return list({item.item: item for item in [*usual, *self.logins, *self.order.items]}.values())


def _members(item: CheckItem) -> dict[str, str]:
    return item.model_dump(exclude_defaults=True) | {"result": item.result, "group": item.group}
