"""Times as people and reports write them."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from airflow_provider_drs.api.errors import DrsInputError

_WANTED = "must be a time with its offset, such as 2026-12-01T20:00:00+08:00, or milliseconds since 1970"
_YEAR_10000 = 253_402_300_800_000
"""In milliseconds since 1970."""


def read_moment(text: str) -> datetime:
    """Return the time that a text tells, in UTC.

    :param text: ISO 8601, with an offset.
    :raises ValueError: when it is none, or lacks its offset.
    """
    # Python 3.10 does not read the Z
    moment = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text.strip()))
    if not moment.tzinfo:
        raise ValueError("a time without an offset")
    try:
        return moment.astimezone(timezone.utc)
    except OverflowError as odd:
        raise ValueError("a time beyond the calendar") from odd


def parse_start_time(value: object) -> int | None:
    """Return when jobs are to start, in milliseconds since 1970; ``None`` is at once.

    :param value: a ``datetime`` or ISO 8601 text, either with an offset, or milliseconds since 1970.
    :raises DrsInputError: when it is anything else, also the empty text of a template that finds nothing: what was to
        start later must not start at once. Only ``None`` itself, which a parameter may have, is at once as a text, too.
    """
    if value is None or (isinstance(value, str) and value.strip() == "None"):
        return None
    try:
        milliseconds = _milliseconds(value)
    except ValueError:
        milliseconds = -1
    if not 0 <= milliseconds < _YEAR_10000:
        raise DrsInputError([f"start_time: {_WANTED}"])
    return milliseconds


def is_past(start_time: int | None, now: datetime) -> bool:
    """Return whether a start is in the past.

    :param start_time: in milliseconds since 1970, or ``None``.
    :param now: the time.
    """
    return start_time is not None and start_time < now.timestamp() * 1000


def check_future(start_time: int | None, now: datetime) -> None:
    """Refuse a start in the past.

    :param start_time: in milliseconds since 1970, or ``None``.
    :param now: the time.
    :raises DrsInputError: when it is before ``now``.
    """
    if start_time is not None and is_past(start_time, now):
        moment = datetime.fromtimestamp(start_time / 1000, timezone.utc)
        raise DrsInputError([f"start_time: is in the past: {moment.isoformat(timespec='seconds')}"])


def _milliseconds(value: object) -> int:
    if type(value) is int:
        return value
    if isinstance(value, str) and re.fullmatch("[0-9]{1,15}", value.strip(), re.ASCII):
        return int(value)
    moment = value if isinstance(value, datetime) else read_moment(str(value))
    if not moment.tzinfo:
        raise ValueError("a time without an offset")
    return round(moment.timestamp() * 1000)
