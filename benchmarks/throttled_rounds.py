"""Measures rounds of 10,000 waits under a permanent rate limit: 100 calls to a service that accepts 10 a second."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measured import Claim, Measured, table

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from samples import job_id  # noqa: E402
from wire import Reply, Request, Service  # noqa: E402

WAITS, PER_SECOND, POLL, ROUNDS = 10_000, 10, 30.0, 3
CALLS = WAITS // 100
LEAST = (CALLS - 1) / PER_SECOND
MOST, MOST_REFUSED = 1.25, 8
"""How many times the least possible a round takes, and how many of its calls are refused, at most."""


class Limit:
    """Accepts ``PER_SECOND`` calls in any second, and refuses the rest; ``calls`` has when, and whether, each was."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, bool]] = []
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Reply:
        with self._lock:
            now = time.monotonic()
            recent = [start for start, accepted in self.calls[-10 * PER_SECOND :] if accepted and now - start < 1]
            accepted = len(recent) < PER_SECOND
            self.calls.append((now, accepted))
        if accepted:
            results = [{"id": each, "status": "CREATING"} for each in request.json["jobs"]]
            return Reply({"results": results, "count": len(results)})
        return Reply({"error_code": "APIGW.0308", "error_msg": "slow down"}, status=429)

    def rounds(self) -> list[list[tuple[float, bool]]]:
        """Return the calls of each round; the service rests between two."""
        rounds: list[list[tuple[float, bool]]] = []
        for call in self.calls:
            if not rounds or call[0] - rounds[-1][-1][0] > POLL / 4:
                rounds.append([])
            rounds[-1].append(call)
        return rounds


async def wait() -> None:
    """Let all triggers wait until the last round is over."""
    from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger

    async def one(number: int) -> None:
        async for event in DrsJobStatusTrigger([job_id(number)], poke_interval=POLL).run():
            raise RuntimeError(f"a wait that never ends has ended: {event}")

    waits = [asyncio.create_task(one(number)) for number in range(WAITS)]
    await asyncio.sleep((ROUNDS - 0.25) * POLL)
    assert not any(wait.done() for wait in waits)


def measure() -> Measured:
    """Measure three rounds. This takes two minutes."""
    limit = Limit()
    with Service(limit.answer) as service, tempfile.TemporaryDirectory() as home:
        connection = {"conn_type": "drs", "host": service.url, "password": "t", "extra": {"project_id": "p"}}
        environment = {"AIRFLOW_HOME": home, "AIRFLOW_CONN_DRS_DEFAULT": json.dumps(connection)}
        command = [sys.executable, "-m", "benchmarks.throttled_rounds"]
        subprocess.run(command, env=os.environ | environment, check=True, timeout=300)
    return _measured(limit.rounds())


def _measured(rounds: Sequence[Sequence[tuple[float, bool]]]) -> Measured:
    rows = table(
        f"Rounds of {WAITS:,} waits under a permanent rate limit",
        f"{PER_SECOND} calls are let in each second and the rest refused with nothing but 429, so the {CALLS} calls of "
        f"a round take {LEAST:g} s at least. A poll every {POLL:g} s; one run.",
        "round",
        "calls let in",
        "refused",
        "seconds",
        "ratio to the least",
    )
    ratios, refused = [], []
    for number, calls in enumerate(rounds, 1):
        seconds = calls[-1][0] - calls[0][0]
        ratios.append(seconds / LEAST)
        refused.append(sum(not accepted for _, accepted in calls))
        row = (len(calls) - refused[-1], refused[-1], f"{seconds:.1f}", f"{ratios[-1]:.2f}")
        rows.add_row(str(number), *map(str, row))
    claim = Claim(
        f"a round under a permanent rate limit takes at most {MOST} times the least, {MOST_REFUSED} refusals at most",
        len(rounds) == ROUNDS and max(ratios) <= MOST and max(refused) <= MOST_REFUSED,
        f"x{min(ratios):.2f} to x{max(ratios):.2f}; refused: {', '.join(map(str, refused))}",
    )
    return Measured([rows], [claim])


if __name__ == "__main__":
    import logging

    from airflow.triggers.base import BaseTrigger  # noqa: F401 - a triggerer has imported it before

    logging.disable(logging.WARNING)
    asyncio.run(wait())
