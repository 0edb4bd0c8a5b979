"""What the headers of an answer say about time."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

_HIT = re.compile(r"(?<![a-z])hit(?![a-z])")
LONGEST = 86_400.0
"""Seconds; a longer pause that a service names is taken for this one, and the user's limits are shorter still."""


def http_date(text: str) -> datetime | None:
    """Return the moment that a date of HTTP names, or nothing when it is none; without a zone it is UTC."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``Retry-After`` names, or nothing."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:20]), LONGEST)
    moment = http_date(text)
    if moment is None:
        return None
    try:
        return min(max(0.0, moment.timestamp() - time.time()), LONGEST)
    except (ValueError, OverflowError):  # a year that no clock can show
        return None


def comes_from_a_cache(headers: Mapping[str, str]) -> bool:
    """Return whether a cache on the way gave this answer, so that it may be of an earlier call."""
    age = headers.get("Age", "0").strip()
    cached = f"{headers.get('X-Cache', '')} {headers.get('Cache-Status', '')}".lower()
    return age.strip("0") != "" or "Warning" in headers or bool(_HIT.search(cached))
