"""Triggers that run in one event loop, as in a triggerer, while time passes as fast as it can."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from virtual_time import VirtualLoop
from wire import Reply, Request

from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger


def run(scene: Callable[[], Awaitable[Any]]) -> Any:
    """Play a scene in virtual time, to its end."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(scene())
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def payload(trigger: DrsJobStatusTrigger) -> dict[str, Any]:
    """Run a trigger to its one event."""
    events = [event.payload async for event in trigger.run()]
    assert len(events) == 1
    return dict(events[0])


def connect(monkeypatch: Any, url: str, conn_id: str = "drs_default", token: str = "a-token", **extra: Any) -> None:
    """Let a Connection point at a service."""
    given = {"project_id": "a-project", "max_attempts": 1, **extra}
    connection = {"conn_type": "drs", "host": url, "password": token, "extra": given}
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))


@dataclass
class Jobs:
    """A service that knows each job's status, refuses some jobs, and keeps the time and the jobs of each poll."""

    url: str = ""
    status: dict[str, str] = field(default_factory=dict)
    default: str = "CREATING"
    malformed: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    faults: list[Reply] = field(default_factory=list)
    ready_after: dict[str, int] = field(default_factory=dict)
    polls: list[tuple[float, list[str]]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    stale: set[str] = field(default_factory=set)
    clock: Callable[[], float] = lambda: asyncio.get_running_loop().time()
    asked: Counter[str] = field(default_factory=Counter)

    def __call__(self, request: Request) -> Reply:
        jobs: list[str] = request.json["jobs"]
        self.polls.append((self.clock(), jobs))
        self.tokens.append(request.headers["X-Auth-Token"])
        if self.faults:
            return self.faults.pop(0)
        if self.tokens[-1] in self.stale:
            return Reply({"error_code": "DRS.M00100", "error_msg": "stale"}, status=403)
        if self.malformed & set(jobs):
            return Reply({"error_code": "DRS.M00202", "error_msg": "malformed"}, status=400)
        if gone := [job for job in jobs if job in self.deleted]:
            items = [{"id": job, "error_code": "DRS.M05004", "error_message": "deleted"} for job in gone]
            return Reply({"results": items, "count": len(items)}, status=400)
        self.asked.update(jobs)
        results = [{"id": job, "status": self._status(job)} for job in jobs]
        return Reply({"results": results, "count": len(results)})

    def _status(self, job: str) -> str:
        if self.asked[job] > self.ready_after.get(job, 10**9):
            return "CONFIGURATION"
        return self.status.get(job, self.default)

    def times(self, job: str) -> list[float]:
        return [at for at, jobs in self.polls if job in jobs]
