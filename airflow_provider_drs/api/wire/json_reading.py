"""Reads JSON strictly. Each text of the result is printable, can be stored, and holds no secret."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from airflow_provider_drs.api.codes import ERROR_CODE
from airflow_provider_drs.api.model.hidden import HiddenBytes, HiddenDict
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.model.rules import JOB_ID
from airflow_provider_drs.api.texts import MAX_TEXT, short
from airflow_provider_drs.api.wire.scrubber import Scrubber

MAX_DEPTH = 20
"""The most levels of nested objects and lists. A real answer has six."""
MAX_COMMAS = 20_000
"""The most commas between the items of an answer; more where its operation allows a longer body.

A parsed item takes far more memory than its bytes. A real answer has hundreds.
"""
MAX_DIGITS = 20
MAX_NAME = 100
"""The most characters of a member's name that are kept."""
_TEXT = re.compile(rb'"[^"]*"')
CUT = "…"
"""The last character of a text or a name that was cut."""

# these values decide the verdict, so they are not scrubbed, even if a password is "success"
_DECIDING = {
    "id": re.compile(JOB_ID),
    "status": re.compile("success|failed|true|false|" + "|".join(status.value for status in JobStatus), re.IGNORECASE),
    "error_code": re.compile(ERROR_CODE),
    "precheck_id": re.compile(JOB_ID),
    "result": re.compile("PASSED|ALARM|FAILED"),
}
_DECIDING_WORDS = frozenset({"success", "failed", *(status.value for status in JobStatus)})
_KNOWN_NAMES = frozenset({"results", "count", "id", "status", "success", "error_code", "error_msg", "error_message"})


def read_object(body: bytes, scrub: Scrubber, max_commas: int = MAX_COMMAS) -> dict[str, Any] | None:
    """Return the JSON object of a body, or ``None`` when it is none, or when parsers disagree about it.

    :param body: the bytes of the answer.
    :param scrub: removes secrets and unprintable characters from each text.
    :param max_commas: the most commas between items.
    """
    if body.count(b",") > max_commas and _commas_between_items(body) > max_commas:
        return None
    try:
        payload = _parsed(body, _object)
        return _clean(payload, None, scrub, MAX_DEPTH) if isinstance(payload, dict) else None
    except (ValueError, RecursionError):
        return None


def read_secrets(body: bytes) -> HiddenDict | None:
    """Return the JSON object of a body whose texts are secret, each as it came, or ``None`` as :func:`read_object`.

    :param body: the bytes of the answer.
    """
    try:
        payload = _parsed(body, lambda members: HiddenDict(_object(members)))
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, HiddenDict) else None


def _parsed(body: bytes, as_object: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> Any:
    # another charset spoils texts, but not codes and statuses, which are ASCII
    return json.loads(
        body.decode("utf-8-sig", "replace"),
        object_pairs_hook=as_object,
        parse_constant=_refuse_constant,
        parse_float=_finite_float,
        parse_int=_short_int,
    )


def _commas_between_items(body: bytes) -> int:
    # a pre-check may list objects by the thousand in one text
    body = HiddenBytes(body.replace(b"\\\\", b"").replace(b'\\"', b""))
    return body.count(b",") - sum(text[0].count(b",") for text in _TEXT.finditer(body))


def _clean(value: Any, member: str | None, scrub: Scrubber, depth: int) -> Any:
    if isinstance(value, str):
        if member in _DECIDING and (value in _DECIDING_WORDS or _DECIDING[member].fullmatch(value)):
            return value
        shown = _shown(value, scrub, MAX_TEXT)
        if member in ("id", "status") and _DECIDING[member].fullmatch(shown):
            raise ValueError("only the cleaned text is a word of DRS")
        if member in ("precheck_id", "result") and _DECIDING[member].fullmatch(shown):
            # so odd that nobody takes it for the word
            return short(value)
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
        texts = isinstance(job_id, str) and isinstance(status, str)
        if texts and status in _DECIDING_WORDS and _DECIDING["id"].fullmatch(job_id):
            # nearly always, and a thousand waits read a thousand of these a round
            return value
    cleaned = {name: _clean(item, name, scrub, depth - 1) for name, item in value.items()}
    # a fast path for nearly every object
    if cleaned.keys() <= _KNOWN_NAMES:
        return cleaned
    return _object(
        [(name if name in _KNOWN_NAMES else _shown(name, scrub, MAX_NAME), item) for name, item in cleaned.items()]
    )


def _shown(text: str, scrub: Scrubber, limit: int) -> str:
    # the reader must see that the text continues
    return scrub(text, limit) if len(text) <= limit else f"{scrub(text, limit - 1)}{CUT}"


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) < len(members):
        raise ValueError("two members have the same name")
    return value


def _refuse_constant(constant: str) -> float:
    raise ValueError("JSON has no NaN and no infinity")


def _finite_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("too large")
    return number


def _short_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("too large")
    return int(digits)
