"""What an HTTP answer says: its JSON, or the one error it stands for, whatever shape that has."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from airflow_provider_drs.api.codes import hint_for, kind_of
from airflow_provider_drs.api.errors import (
    MAX_TEXT,
    DrsAnswerError,
    DrsCredentialError,
    DrsError,
    DrsJobsRefusedError,
    DrsRequestError,
)

_LIMIT = re.compile(
    r"limit:\s*(?P<limit>\d{1,9}),\s*time:\s*(?P<count>\d{1,9})\s*(?P<unit>second|minute|hour|day)", re.I
)
_UNITS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_CODE_AND_TEXT = (
    ("error_code", "error_msg"),
    ("error_code", "error_message"),
    ("errorCode", "errorMsg"),
    ("errCode", "externalMessage"),
    ("code", "message"),
)


def read_answer(
    http_status: int,
    headers: Mapping[str, str],
    body: bytes,
    loads: Callable[[str], Any] = json.loads,
    *,
    holds: str = "results",
    service: str = "DRS",
) -> dict[str, Any]:
    """Return the JSON object of a good answer.

    :param headers: case-insensitive, as ``requests`` has them.
    :param body: as it came, complete.
    :param loads: reads JSON, without what must not be repeated.
    :param holds: the member by which a good answer to this call is known, a list but for ``token``.
    :param service: that was asked.
    :raises DrsServiceError: of the class that fits, when the service said no in any of its shapes.
    :raises DrsAnswerError: when this is not an answer of DRS at all; its text never repeats a body.
    """
    request_id = headers.get("X-Request-Id")
    payload = _json_object(body, loads)
    kind = dict if holds == "token" else list
    if 200 <= http_status < 300 and payload is not None and isinstance(payload.get(holds), kind):
        return payload
    said = _code_and_text(payload) if payload else None
    if said or http_status >= 400:
        raise _service_error(
            http_status, headers, payload or {}, said or (None, f"HTTP {http_status} with {_described(headers, body)}")
        )
    if 300 <= http_status < 400:
        what = "a redirect, which is not followed, because the credential must not reach another host"
    else:
        what = _described(headers, body)
    raise DrsAnswerError(
        f"the answer is not one of {service}: {what}",
        http_status=http_status,
        request_id=request_id,
        hint="Check the endpoint of the connection, and any proxy on the way to it.",
    )


def per_job_errors(results: list[Any]) -> dict[str, str]:
    """Return ``{job id: text}`` of the results that carry an error code and no status."""
    return {
        str(item.get("id")): _line(*said)
        for item in results
        if isinstance(item, dict) and not item.get("status") and (said := _code_and_text(item))
    }


def _service_error(
    http_status: int, headers: Mapping[str, str], payload: Mapping[str, Any], said: tuple[str | None, str]
) -> DrsError:
    code, text = said
    jobs = per_job_errors(payload["results"]) if isinstance(payload.get("results"), list) else {}
    kind = kind_of(code, http_status)
    if jobs and kind is DrsRequestError:
        kind = DrsJobsRefusedError
    if kind is DrsCredentialError:
        # the gateway goes on with the request as it was signed, security token and all
        text = text.partition(",")[0]
    return kind(
        text,
        code=code,
        http_status=http_status,
        request_id=headers.get("X-Request-Id") or _text(payload.get("request_id")),
        hint=hint_for(code),
        jobs=jobs,
        retry_after=_seconds(headers.get("Retry-After", "")),
        window=_window(text),
    )


def _seconds(retry_after: str) -> float | None:
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        then = parsedate_to_datetime(retry_after).timestamp()
    except (ValueError, OverflowError):  # no date, or one that no clock can show
        return None
    return max(0.0, then - time.time())


def _window(text: str) -> tuple[int, float] | None:
    """Read the limit out of a gateway's text such as ``... policy user over ratelimit,limit:200,time:5 minute``."""
    found = _LIMIT.search(text)
    if not found or not int(found["limit"]):
        return None
    return int(found["limit"]), int(found["count"]) * _UNITS[found["unit"].lower()]


def _code_and_text(said: Mapping[str, Any]) -> tuple[str | None, str] | None:
    known = [(code, text) for code, text in _CODE_AND_TEXT if said.get(code) and (text in said or code != "code")]
    for code, text in sorted(known, key=lambda names: not said.get(names[1])):
        return _text(said[code]), _text(said.get(text)) or "the service gave no reason"
    # a batch answer, or one wrapper member around the error
    results = said.get("results")
    inner = results if isinstance(results, list) else said.values()
    found = (_code_and_text(item) for item in inner if isinstance(item, Mapping))
    return next((item for item in found if item), None)


def _json_object(body: bytes, loads: Callable[[str], Any]) -> dict[str, Any] | None:
    try:
        # a text in another charset is spoilt by this, but codes and statuses are plain letters and survive
        payload = loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def _described(headers: Mapping[str, str], body: bytes) -> str:
    # no part of the body: a proxy's error page may repeat the request, passwords and all
    kind = headers.get("Content-Type", "no content type").split(";")[0][:60]
    return f"{len(body)} bytes of {kind}" if body else "an empty body"


def _text(value: object) -> str | None:
    return None if value is None else str(value)[:MAX_TEXT]


def _line(code: str | None, text: str) -> str:
    return f"{code}: {text}" if code else text
