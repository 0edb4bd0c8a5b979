"""What each call is made of: from the service's state and a request that keeps the contract, an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import AbsentJobsError
from ..probes import Probe
from ..state import World


@dataclass(frozen=True)
class Service:
    """What a call is answered from.

    :param world: the jobs and the accounts.
    :param probe: tests one entry of a connection test; called in a thread of its own.
    """

    world: World
    probe: Probe


@dataclass(frozen=True)
class Asked:
    """A request that was let in and keeps the contract.

    :param body: its JSON, ``None`` where there is no body.
    :param query: its query.
    :param headers: by name in lower case.
    """

    body: Any
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What goes back.

    :param body: its JSON, or its text.
    :param status: of HTTP.
    :param headers: beside those that every answer has.
    :param line: for the log.
    """

    body: Mapping[str, Any] | str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    line: str | None = None


def whole_numbers(members: Mapping[str, float]) -> dict[str, int]:
    """Return the members of a page request as integers: JSON has none, and 4.0 keeps the contract as well."""
    return {name: int(number) for name, number in members.items()}


def refusal_of(absent: AbsentJobsError, call: str) -> Answer:
    """Return the answer to a read that names absent jobs: it is refused as a whole, and names each of them.

    :param call: its short name, for the log.
    """
    results = [
        {"id": job_id, "error_code": refusal.code, "error_message": refusal.text}
        for job_id, refusal in absent.refusals.items()
    ]
    return Answer({"results": results, "count": len(results)}, 400, line=f"{call}: no such job: {absent}")


def outcomes_of(results: Sequence[Mapping[str, Any]]) -> str:
    """Return what the log says of results that have an id, a status and maybe a code."""
    return ", ".join(" ".join(filter(None, (each["id"], each["status"], each.get("error_code")))) for each in results)


@dataclass(frozen=True)
class Operation:
    """One emulated call.

    :param name: the contract's ``operationId``; the contract has method, path and shapes.
    :param answer: does what the call does; it may raise `RefusedError`.
    """

    name: str
    answer: Callable[[Service, Asked], Awaitable[Answer]]
