"""Measures how long the triggerer's event loop is blocked while the service takes 20 s for each answer.

A heartbeat watches an event loop with 1,000 triggers, from before the first trigger imports the client until the last
has ended. The same is measured for 1,000 tasks that only sleep.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measured import Claim, Measured, table

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from samples import job_id  # noqa: E402
from wire import Reply, Request, Service, all_pass  # noqa: E402

WAITS = 1000
SECONDS = 20.0
BEAT = 0.01


def late(request: Request) -> Reply:
    """Answer well after 20 s."""
    time.sleep(SECONDS)
    return all_pass(request)


async def longest_block(kind: str) -> float:
    """Run the triggers or the sleeping tasks, and return the longest delay of a heartbeat in seconds.

    :param kind: ``drs`` or ``sleep``.
    """
    worst = 0.0

    async def beat() -> None:
        nonlocal worst
        while True:
            before = time.perf_counter()
            await asyncio.sleep(BEAT)
            worst = max(worst, time.perf_counter() - before - BEAT)

    async def wait(number: int) -> None:
        if kind == "sleep":
            await asyncio.sleep(2 * SECONDS)
            return
        from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger

        events = [event async for event in DrsJobStatusTrigger([job_id(number)], poke_interval=30).run()]
        assert "statuses" in events[0].payload, events[0].payload

    heart = asyncio.create_task(beat())
    waits = []
    for number in range(WAITS):
        waits.append(asyncio.create_task(wait(number)))
        await asyncio.sleep(0)  # as the triggerer does
    await asyncio.gather(*waits)
    heart.cancel()
    return worst


def in_a_process(kind: str, url: str) -> float:
    """Run :func:`longest_block` in a new process, which has not imported the client yet, and return its result.

    :param kind: ``drs`` or ``sleep``.
    :param url: URL of the service.
    """
    connection = {"conn_type": "drs", "host": url, "password": "t", "extra": {"project_id": "p"}}
    with tempfile.TemporaryDirectory() as home:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = {**kept, "AIRFLOW_HOME": home, "AIRFLOW_CONN_DRS_DEFAULT": json.dumps(connection)}
        command = [sys.executable, "-m", "benchmarks.slow_answers", kind]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, timeout=300)
    return float(done.stdout.split()[-1])


def measure() -> Measured:
    """Measure both kinds. This takes two minutes."""
    rows = table(
        f"{WAITS:,} waits, {SECONDS:g} s an answer",
        f"By how much a heartbeat of {1000 * BEAT:g} ms was late at most, import of the client and end of all waits "
        "included. One run each.",
        "tasks",
        "longest block, ms",
    )
    with Service(late) as service:
        block = {kind: in_a_process(kind, service.url) for kind in ("drs", "sleep")}
    rows.add_row("DrsJobStatusTrigger", f"{1000 * block['drs']:.0f}")
    rows.add_row("asleep", f"{1000 * block['sleep']:.0f}")
    held = block["drs"] < 0.05
    return Measured(
        [rows], [Claim("the event loop never stands still for 50 ms", held, f"{1000 * block['drs']:.0f} ms")]
    )


if __name__ == "__main__":
    from airflow.triggers.base import BaseTrigger  # noqa: F401 - a triggerer has imported it before

    print(asyncio.run(longest_block(sys.argv[1])))
