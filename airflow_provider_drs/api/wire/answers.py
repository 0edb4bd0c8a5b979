"""Reads an HTTP answer: its JSON, or its error in any of the service's shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_drs.api.codes import hint_for, kind_of
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsCredentialError,
    DrsError,
    DrsJobsRefusedError,
    DrsRequestError,
)
from airflow_provider_drs.api.model.hidden import HiddenBytes
from airflow_provider_drs.api.operation import MAX_BODY, Operation
from airflow_provider_drs.api.texts import printable
from airflow_provider_drs.api.wire.connection import RawAnswer
from airflow_provider_drs.api.wire.headers import comes_from_a_cache, retry_after
from airflow_provider_drs.api.wire.json_reading import MAX_COMMAS, read_object
from airflow_provider_drs.api.wire.objections import objection
from airflow_provider_drs.api.wire.scrubber import Scrubber

MAX_FACT = 100
"""Characters kept of a request id or a code."""
MAX_JOBS = 100
"""Results looked at for a reason; a call asks about no more jobs."""
_LIMIT = re.compile(
    r"limit:\s*(?P<limit>\d{1,9}),\s*time:\s*(?P<count>\d{1,9})\s*(?P<unit>second|minute|hour|day)", re.I | re.A
)
_UNITS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_CODE_AND_TEXT = (
    ("error_code", "error_msg"),
    ("error_code", "error_message"),
    ("errorCode", "errorMsg"),
    ("errorCode", "errorMessage"),
    ("errCode", "externalMessage"),
    ("code", "message"),
)


@dataclass(frozen=True)
class Answer:
    """A good answer.

    :param payload: its JSON, every text of it printable and without secrets.
    :param request_id: its ``X-Request-Id``.
    :param headers: as they came.
    :param body: as it came.
    """

    payload: dict[str, Any]
    request_id: str | None
    headers: Mapping[str, str] = field(repr=False)
    body: HiddenBytes = field(default=HiddenBytes(), repr=False)


def read_answer(operation: Operation, raw: RawAnswer, scrub: Scrubber, earlier: Answer | None = None) -> Answer:
    """Return a good answer.

    :param scrub: makes each text of it fit to be shown.
    :param earlier: the answer to an equal request; its ``payload`` stands for that of an equal body.
    :raises DrsServiceError: of the class that fits, when the service refused in any of its shapes.
    :raises DrsAnswerError: when this is not an answer of the service at all; its text never repeats a body.
    """
    request_id = scrub(raw.headers.get("X-Request-Id", ""), MAX_FACT).strip() or None

    def unusable(why: str) -> DrsAnswerError:
        return DrsAnswerError(
            f"the answer is not one of {operation.service}: {why}",
            http_status=raw.status,
            request_id=request_id,
            hint="Check the endpoint of the connection, and any proxy on the way to it.",
        )

    if raw.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise unusable("it is packed, although it was not to be")
    if earlier and earlier.body == raw.body:
        payload: dict[str, Any] | None = earlier.payload
    else:
        payload = read_object(raw.body, scrub, MAX_COMMAS * operation.max_body // MAX_BODY)
    good = raw.status in operation.good_statuses and _expected(operation, payload)
    # the operation judges the results of single jobs in a good answer
    beside = {name: value for name, value in (payload or {}).items() if not good or name != operation.expected_key}
    error = code_and_text(beside)
    if error or raw.status >= 400:
        code, text = error or (None, f"HTTP {raw.status} with {_described(raw, scrub)}")
        raise _service_error(raw, payload or {}, code, text, request_id)
    if not good or payload is None:
        raise unusable(_oddity(operation, raw, payload, scrub))
    if comes_from_a_cache(raw.headers):
        raise unusable("a cache on the way has given it, so it may be of an earlier call")
    if against := objection({name: value for name, value in beside.items() if name != "count"}):
        raise unusable(f"its member {against} contradicts its {operation.expected_key}")
    return Answer(payload, request_id, raw.headers, raw.body)


def per_job_errors(results: list[Any]) -> dict[str, str]:
    """Return ``{job id: text}`` of the results that carry an error code and no other status than ``failed``."""
    return {
        item["id"]: f"{error[0]}: {error[1]}" if error[0] else error[1]
        for item in results[:MAX_JOBS]
        if isinstance(item, dict)
        and isinstance(item.get("id"), str)
        and item.get("status") in (None, "", "failed")
        and (error := code_and_text(item))
    }


def code_and_text(payload: Mapping[str, Any] | None) -> tuple[str | None, str] | None:
    """Return code and text of the error that an object holds in any of the service's spellings, or nothing."""
    if not payload:
        return None
    known = [
        (code, text)
        for code, text in _CODE_AND_TEXT
        if code in payload and (text in payload or code != "code") and objection({code: payload[code]})
    ]
    for code, text in sorted(known, key=lambda names: not payload.get(names[1])):
        return _text(payload[code], MAX_FACT), _text(payload.get(text)) or "the service gave no reason"
    # a batch answer, or one wrapper member around the error
    results = payload.get("results")
    inner = results if isinstance(results, list) else payload.values()
    errors = (code_and_text(item) for item in inner if isinstance(item, Mapping))
    return next((error for error in errors if error), None)


def _expected(operation: Operation, payload: dict[str, Any] | None) -> bool:
    kind = dict if operation.expected_key == "token" else list
    return payload is not None and isinstance(payload.get(operation.expected_key), kind)


def _oddity(operation: Operation, raw: RawAnswer, payload: dict[str, Any] | None, scrub: Scrubber) -> str:
    if 300 <= raw.status < 400:
        return "a redirect, which is not followed, because the credential must not reach another host"
    if raw.status not in operation.good_statuses:
        return f"HTTP {raw.status} where {' or '.join(map(str, operation.good_statuses))} is a good answer"
    return _described(raw, scrub)


def _service_error(
    raw: RawAnswer, payload: Mapping[str, Any], code: str | None, text: str, request_id: str | None
) -> DrsError:
    jobs = per_job_errors(payload["results"]) if isinstance(payload.get("results"), list) else {}
    kind = kind_of(code, raw.status)
    if jobs and kind is DrsRequestError:
        kind = DrsJobsRefusedError
    if kind is DrsCredentialError:
        # the gateway goes on with the request as it was signed, security token and all
        text = text.partition(",")[0]
    return kind(
        text,
        code=code,
        http_status=raw.status,
        request_id=request_id or _text(payload.get("request_id"), MAX_FACT),
        hint=hint_for(code),
        jobs=jobs,
        retry_after=retry_after(raw.headers),
        window=_window(text),
    )


def _window(text: str) -> tuple[int, float] | None:
    """Read the limit out of a gateway's text such as ``... policy user over ratelimit,limit:200,time:5 minute``."""
    limit = _LIMIT.search(text)
    if not limit or not int(limit["limit"]):
        return None
    return int(limit["limit"]), int(limit["count"]) * _UNITS[limit["unit"].lower()]


def _described(raw: RawAnswer, scrub: Scrubber) -> str:
    # no part of the body: a proxy's error page may repeat the request, passwords and all
    kind = scrub(raw.headers.get("Content-Type", "no content type").split(";")[0], 60)
    return f"{len(raw.body)} bytes of {kind}" if raw.body else "an empty body"


def _text(value: object, limit: int = 500) -> str | None:
    if isinstance(value, dict | list):
        return "(not a text)"
    return None if value is None else printable(str(value), limit)
