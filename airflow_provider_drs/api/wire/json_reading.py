"""JSON as it is believed: read once and strictly, every text of it storable, printable and without a secret."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from airflow_provider_drs.api.codes import ERROR_CODE
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.model.rules import JOB_ID
from airflow_provider_drs.api.texts import MAX_TEXT
from airflow_provider_drs.api.wire.scrubber import Scrubber

MAX_DEPTH = 20
"""Objects and lists inside each other; a real answer has six."""
MAX_COMMAS = 20_000
"""Commas of an answer; what stands between two takes far more memory than its bytes, and a real one has hundreds."""
MAX_DIGITS = 20
MAX_NAME = 100
"""Characters kept of a member's name."""
CUT = "…"
"""Stands at the end of a text or a name of which only the first part is kept."""

# what these members say steers the verdict, even if somebody's password is "success"
_SPOKEN = {
    "id": re.compile(JOB_ID),
    "status": re.compile("success|failed|true|false|" + "|".join(status.value for status in JobStatus), re.IGNORECASE),
    "error_code": re.compile(ERROR_CODE),
}
_WORDS = frozenset({"success", "failed", *(status.value for status in JobStatus)})
_USUAL = frozenset({"results", "count", "id", "status", "success", "error_code", "error_msg", "error_message"})


def read_object(body: bytes, scrub: Scrubber) -> dict[str, Any] | None:
    """Return the JSON object of a body, or nothing when it is not one, or one that two readers read differently.

    :param scrub: makes each text fit to be shown.
    """
    if body.count(b",") > MAX_COMMAS:
        return None
    try:
        # a text in another charset is spoilt by this, but codes and statuses are plain letters and survive
        payload = json.loads(
            body.decode("utf-8-sig", "replace"),
            object_pairs_hook=_object,
            parse_constant=_refused,
            parse_float=_finite,
            parse_int=_short,
        )
        return _clean(payload, None, scrub, MAX_DEPTH) if isinstance(payload, dict) else None
    except (ValueError, RecursionError):
        return None


def _clean(value: Any, member: str | None, scrub: Scrubber, depth: int) -> Any:
    if isinstance(value, str):
        if member in _SPOKEN and (value in _WORDS or _SPOKEN[member].fullmatch(value)):
            return value
        shown = _shown(value, scrub, MAX_TEXT)
        if member in ("id", "status") and _SPOKEN[member].fullmatch(shown):
            raise ValueError("it is a word of DRS only after it was cleaned")
        return shown
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        shown = scrub(str(value))
        return value if shown == str(value) else shown
    if not depth:
        raise ValueError("too deep")
    if isinstance(value, list):
        return [_clean(item, None, scrub, depth - 1) for item in value]
    if len(value) == 2:
        job_id, status = value.get("id"), value.get("status")
        if isinstance(job_id, str) and isinstance(status, str) and status in _WORDS and _SPOKEN["id"].fullmatch(job_id):
            # nearly always, and a thousand waits read a thousand of these a round
            return value
    cleaned = {name: _clean(item, name, scrub, depth - 1) for name, item in value.items()}
    # nearly always
    if cleaned.keys() <= _USUAL:
        return cleaned
    return _object(
        [(name if name in _USUAL else _shown(name, scrub, MAX_NAME), item) for name, item in cleaned.items()]
    )


def _shown(text: str, scrub: Scrubber, limit: int) -> str:
    # the rest may say anything, so whoever reads on has to know that there is one
    return scrub(text, limit) if len(text) <= limit else f"{scrub(text, limit - 1)}{CUT}"


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    if len(made) < len(members):
        raise ValueError("a member stands twice")
    return made


def _refused(constant: str) -> float:
    raise ValueError("no JSON has NaN or infinity")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("too large")
    return number


def _short(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("too large")
    return int(digits)
