"""Waivers: who accepts which alarm of a pre-check, why, and until when."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.inputs import EMPTY, MISSING, Unreadable, is_given, read_list, unreadable_in
from airflow_provider_drs.api.model.rules import JOB_ID, NO_JOB_ID
from airflow_provider_drs.api.model.values import UnreadableError
from airflow_provider_drs.api.texts import printable, short

_MEMBERS = {"item": True, "reason": True, "until": True, "job_id": False, "by": False}
"""Each member of a waiver, and whether it is mandatory."""


@dataclass(frozen=True)
class Waiver:
    """The acceptance of an alarm.

    :param item: name of the item.
    :param reason: why its alarm is acceptable.
    :param until: the last day on which the waiver counts.
    :param job_id: the only job that it counts for; ``None`` for any.
    :param by: who accepts it, or ``None``.
    """

    item: str
    reason: str
    until: date
    job_id: str | None = None
    by: str | None = None

    def concerns(self, job_id: str, item: str) -> bool:
        """Return whether the waiver is about this item of this job.

        :param job_id: id of the DRS job.
        :param item: name of the item.
        """
        return self.item == item and self.job_id in (None, job_id)

    def to_dict(self) -> dict[str, str | None]:
        """Return what a report shows of it."""
        return {"reason": self.reason, "until": self.until.isoformat(), "by": self.by}

    def __str__(self) -> str:
        return f"{self.item} of {self.job_id}" if self.job_id else self.item


def parse_waivers(value: object) -> list[Waiver]:
    """Return the waivers in a parameter.

    :param value: a list of dicts, the text of such a list in YAML, JSON or Python, or nothing. ``until`` is a date, or
        its text such as ``2026-12-31``.
    :raises DrsInputError: with every violation of every waiver.
    """
    items = read_list(_of_yaml(value))
    # no waiver is no mistake
    entries = [item for item in items if not (isinstance(item, Unreadable) and item.why in (EMPTY, MISSING))]
    unreadable = unreadable_in(entries, "waivers")
    violations: list[str] = []
    waivers: list[Waiver] = []
    for position, entry in enumerate(entries):
        if position in unreadable:
            violations.append(unreadable[position])
        elif broken := _wrong_with(entry):
            violations += [f"waivers[{position}]: {rule}" for rule in broken]
        else:
            waivers.append(_waiver(entry))
    if violations:
        raise DrsInputError(violations)
    return waivers


def waiver_for(waivers: Sequence[Waiver], job_id: str, item: str, today: date) -> Waiver | None:
    """Return the waiver that counts for an alarm, or the one that expired last, or nothing.

    :param waivers: all waivers.
    :param job_id: id of the DRS job.
    :param item: name of the item.
    :param today: the day on which they must count.
    """
    mine = [waiver for waiver in waivers if waiver.concerns(job_id, item)]
    # of those that count, the one for this job alone tells most
    return max(mine, key=lambda waiver: (waiver.until >= today, waiver.job_id is not None, waiver.until), default=None)


def blank_waiver(job_id: str, item: str) -> dict[str, str]:
    """Return the waiver that would let an alarm pass, without its reason and its date.

    :param job_id: id of the DRS job.
    :param item: name of the item.
    """
    return {"item": item, "job_id": job_id, "reason": "", "until": ""}


def _of_yaml(value: object) -> object:
    if not isinstance(value, str) or not is_given(value):
        return value
    # JSON and Python first, because YAML reads their escapes in another way
    if value.lstrip().startswith(("[", "{")) and not any(isinstance(item, Unreadable) for item in read_list(value)):
        return value
    # imported here, because waivers in a DAG need none of it
    from airflow_provider_drs.api.model.yaml_reading import read_yaml

    try:
        return read_yaml(value)
    except UnreadableError as error:
        raise DrsInputError([f"waivers: {error}"]) from None


def _wrong_with(entry: object) -> list[str]:
    if not isinstance(entry, Mapping):
        return [f"must be an object with item, reason and until, not {type(entry).__name__}"]
    broken = [f"{short(name)} is no member of a waiver" for name in entry if name not in _MEMBERS]
    for name, mandatory in _MEMBERS.items():
        value = entry.get(name)
        # a reason that nobody can read is none
        seen = str.isalnum if name == "reason" else str.strip
        blank = value is None or (isinstance(value, str) and not any(map(seen, value)))
        if blank and mandatory:
            broken.append(f"{name} is missing")
        elif blank and name == "job_id" and name in entry:
            broken.append("job_id is empty: leave it out where the waiver is for every job")
        elif blank:
            continue
        elif name == "until":
            broken += [] if _day(value) else ["until must be a date such as 2026-12-31"]
        elif not isinstance(value, str):
            broken.append(f"{name} must be text, not {type(value).__name__}")
        elif name == "job_id" and not re.fullmatch(JOB_ID, value.strip()):
            broken.append(f"job_id {NO_JOB_ID}")
    return broken


def _waiver(entry: Mapping[str, Any]) -> Waiver:
    texts = (printable((entry.get(name) or "").strip()) for name in ("item", "reason", "job_id", "by"))
    item, reason, job_id, by = texts
    return Waiver(item, reason, _day(entry["until"]) or date.min, job_id or None, by or None)


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value.strip(), re.ASCII):
        return None
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        return None
