"""Reads dates, retry pauses and cache marks from the headers of an answer."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

_HIT = re.compile(r"(?<![a-z])hit(?![a-z])")
MAX_RETRY_AFTER = 86_400.0
"""The longest pause in seconds that is taken from ``Retry-After``; the client's own limits are shorter."""


def http_date(text: str) -> datetime | None:
    """Return the moment of an HTTP date, or ``None`` when it cannot be parsed.

    :param text: the value of a header such as ``Date``. Without a zone it is UTC.
    """
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the pause of ``Retry-After`` in seconds, or ``None`` when there is none that can be parsed.

    :param headers: the headers of an answer, by case-insensitive name.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:20]), MAX_RETRY_AFTER)
    moment = http_date(text)
    if moment is None:
        return None
    try:
        return min(max(0.0, moment.timestamp() - time.time()), MAX_RETRY_AFTER)
    except (ValueError, OverflowError):  # timestamp() refuses some years
        return None


def comes_from_a_cache(headers: Mapping[str, str]) -> bool:
    """Return whether an answer comes from an HTTP cache, and may therefore belong to an earlier call.

    :param headers: the headers of an answer, by case-insensitive name.
    """
    age = headers.get("Age", "0").strip()
    cached = f"{headers.get('X-Cache', '')} {headers.get('Cache-Status', '')}".lower()
    return age.strip("0") != "" or "Warning" in headers or bool(_HIT.search(cached))
