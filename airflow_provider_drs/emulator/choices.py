"""What no document settles: the emulator has one answer to each, and a test may choose another one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .contract import short_name
from .faults import emulated

_TESTS = ("batch-connection", "cluster-batch-connection")
_DENIED = "Policy doesn't allow drs:migrationJob:get to be performed."
_ACTIONS = {"available_actions": ["MODIFY_DB_CONFIG", "PRE_CHECK"], "unavailable_actions": ["START"]}


class Choices(BaseModel):
    """One of the possible answers to each question that the documents leave open; the first is the default.

    :param results: ``as asked``, or ``reversed``: the order of the results of a call.
    :param count: ``results``, or ``asked``: what ``count`` counts.
    :param failed_test: ``item`` in a good answer, ``refused results`` with HTTP 400, or ``refused`` without results.
    :param passed_word: the ``status`` of a test that passed.
    :param unknown_job: ``refused`` with the whole call, or ``left out`` of the results of a read.
    :param unknown_members: ``refused``, or ``ignored``.
    :param v5: whether there is a v5.
    :param rate_headers: whether each answer tells how many calls are left.
    :param stored_secrets: whether batch-detail gives passwords back.
    :param test_stores: whether a test that passed stores its endpoint.
    :param rate_while_running: whether a pre-check has a ``total_passed_rate`` before it is finished.
    :param actions: whether the list of jobs has ``job_action``.
    :param denied: calls for which the caller lacks a permission, by their short names.
    :param removal_header: whether each answer announces the end of v3.
    :param code_prefix: what the codes of the gateway begin with.
    :param clock_ahead: seconds by which the clock of the service is ahead.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    results: Literal["as asked", "reversed"] = "as asked"
    count: Literal["results", "asked"] = "results"
    failed_test: Literal["item", "refused results", "refused"] = "item"
    passed_word: Literal["success", "SUCCESS", "true"] = "success"
    unknown_job: Literal["refused", "left out"] = "refused"
    unknown_members: Literal["refused", "ignored"] = "refused"
    v5: bool = False
    rate_headers: bool = False
    stored_secrets: bool = False
    test_stores: bool = False
    rate_while_running: bool = False
    actions: bool = False
    denied: tuple[Annotated[str, AfterValidator(emulated)], ...] = ()
    removal_header: bool = False
    code_prefix: Literal["APIGW.", "APIG."] = "APIGW."
    clock_ahead: int = 0


class ChosenAnswers:
    """The application of the emulator, with its answers changed as chosen.

    :param app: what answers.
    :param choices: returns what is chosen now.
    """

    def __init__(self, app: ASGIApp, choices: Callable[[], Choices]) -> None:
        self._app = app
        self._choices = choices

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        choices = self._choices()
        if scope["type"] != "http" or choices == Choices():
            await self._app(scope, receive, send)
            return
        operation = short_name(scope["path"])
        if operation in choices.denied:
            refusal = {"error_code": f"{choices.code_prefix}0302", "error_msg": _DENIED}
            await JSONResponse(refusal, 403, {"X-Request-Id": uuid4().hex})(scope, receive, send)
            return
        asked, kept = bytearray(), list[Message]()

        async def listen() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def keep(message: Message) -> None:
            kept.append(message)

        await self._app(scope, listen, keep)
        start, body = kept[0], b"".join(message.get("body", b"") for message in kept[1:])
        if body.startswith(b"{"):
            answer = json.loads(body)
            start["status"] = _change(answer, start["status"], operation, bytes(asked), choices)
            body = json.dumps(answer).encode()
        start["headers"] = [pair for pair in start["headers"] if pair[0] != b"content-length"] + _headers(choices, body)
        await send(start)
        await send({"type": "http.response.body", "body": body})


def _headers(choices: Choices, body: bytes) -> list[tuple[bytes, bytes]]:
    headers = {"content-length": str(len(body))}
    if choices.clock_ahead:
        headers["date"] = formatdate(time.time() + choices.clock_ahead, usegmt=True)
    if choices.rate_headers:
        headers |= {"x-ratelimit-limit": "200", "x-ratelimit-remaining": "199"}
    if choices.removal_header:
        headers["deprecation"] = "true"
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _change(answer: dict[str, Any], status: int, operation: str, asked: bytes, choices: Choices) -> int:
    """Change an answer in place, and return its HTTP status."""
    results: list[dict[str, Any]] = answer.get("results", [])
    if choices.results == "reversed":
        results.reverse()
    if choices.count == "asked" and "count" in answer:
        answer["count"] = len(json.loads(asked)["jobs"])
    if str(answer.get("error_code", "")).startswith("APIGW."):
        answer["error_code"] = answer["error_code"].replace("APIGW.", choices.code_prefix)
    for result in results:
        _change_result(result, operation, choices)
    for job in answer.get("jobs", []) if choices.actions else []:
        job["job_action"] = _ACTIONS
    failed = [result for result in results if "error_code" in result]
    if failed and operation in _TESTS and choices.failed_test != "item":
        refused_results = {"results": failed, "count": answer["count"]}
        flat = {name: failed[0][name] for name in ("error_code", "error_msg")}
        answer.clear()
        answer.update(refused_results if choices.failed_test == "refused results" else flat)
        return 400
    return status


def _change_result(result: dict[str, Any], operation: str, choices: Choices) -> None:
    if operation in _TESTS and result.get("status") == "success":
        result["status"] = choices.passed_word
    if operation == "batch-precheck-result" and choices.rate_while_running:
        result.setdefault("total_passed_rate", "0%")
    if operation == "batch-detail" and choices.stored_secrets:
        for side in ("source_endpoint", "target_endpoint"):
            if side in result:
                result[side]["db_password"] = "******"  # noqa: S105 - hides the real one
