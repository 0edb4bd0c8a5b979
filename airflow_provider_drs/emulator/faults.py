"""Faults on order: what a service under stress does, so that a DAG can be rehearsed against it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .contract import calls, short_name

Kind = Literal["throttled", "stale_token", "unavailable", "slow", "cut_off", "lost_request", "short"]


@cache
def operations() -> frozenset[str]:
    """Return the short names of all emulated calls, such as ``batch-status``."""
    return frozenset(short_name(call.path) for call in calls().values())


def emulated(operation: str | None) -> str | None:
    """Return the short name of a call as it is.

    :raises ValueError: no call has this name.
    """
    if operation is not None and operation not in operations():
        raise ValueError(f"must be one of {', '.join(sorted(operations()))}")
    return operation


@dataclass
class Fault:
    """A fault of one kind, for some of the calls of one operation, or of any.

    :param kind: ``throttled`` answers 429; ``stale_token`` refuses the token; ``unavailable`` answers ``status``;
        ``slow`` answers after ``seconds``; ``cut_off`` does what it is asked and hangs up in the middle of the answer;
        ``lost_request`` does nothing and hangs up as well; ``short`` leaves the last result out of the answer.
    :param operation: which calls, by one of `operations`; any when not given.
    :param after: how many of those calls go well first.
    :param times: how many of them fail then.
    :param retry_after: seconds in the ``Retry-After`` of a 429; without, it has none.
    :param status: 500 to 599, of ``unavailable``.
    :param seconds: of ``slow``.
    """

    kind: Kind
    operation: str | None = None
    after: int = 0
    times: int = 1
    retry_after: int | None = None
    status: int = 503
    seconds: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what would never happen.

        :raises ValueError: no call has the name in ``operation``.
        """
        emulated(self.operation)


class Faults:
    """The faults that are on order; safe to use from any thread."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []
        self._lock = threading.Lock()

    def order(self, fault: Fault) -> None:
        """Have calls that come from now on meet this fault, after those ordered before."""
        with self._lock:
            self._ordered.append(fault)

    def next_for(self, operation: str) -> Fault | None:
        """Return the fault that a call of this operation meets, and count it."""
        with self._lock:
            for fault in self._ordered:
                if fault.operation not in (None, operation):
                    continue
                if fault.after:
                    fault.after -= 1
                    return None
                if fault.times:
                    fault.times -= 1
                    return fault
            return None


class FaultyService:
    """The application of the emulator, with the ordered faults in front of it.

    :param app: what answers when no fault is due.
    :param faults: what is on order.
    """

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        fault = self._faults.next_for(short_name(scope["path"])) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind in _REFUSALS:
            await _REFUSALS[fault.kind](fault)(scope, receive, send)
        elif fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            await self._app(scope, receive, send)
        elif fault.kind == "lost_request":
            # a caller cannot tell it from an answer that was cut off
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
        else:
            await self._spoilt(fault, scope, receive, send)

    async def _spoilt(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await self._app(scope, receive, keep)
        start, body = kept[0], b"".join(message.get("body", b"") for message in kept[1:])
        if fault.kind == "cut_off":
            await send(start)
            # an answer that ends before its Content-Length makes the server hang up
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            return
        if not body.startswith(b"{"):
            # a token as text, which has nothing to leave out
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return
        answer = json.loads(body)
        if answer.get("results"):
            answer["results"].pop()
        await JSONResponse(answer, start["status"])(scope, receive, send)


def _throttled(fault: Fault) -> JSONResponse:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    text = "The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 second"
    return JSONResponse({"error_code": "APIGW.0308", "error_msg": text}, 429, headers)


def _stale_token(fault: Fault) -> JSONResponse:
    return JSONResponse({"error_code": "DRS.M00100", "error_msg": "Invalid token."}, 403)


def _unavailable(fault: Fault) -> JSONResponse:
    return JSONResponse({"error_code": "DRS.M00004", "error_msg": "The service is abnormal."}, fault.status)


_REFUSALS: dict[str, Callable[[Fault], JSONResponse]] = {
    "throttled": _throttled,
    "stale_token": _stale_token,
    "unavailable": _unavailable,
}
