"""How long the triggerer's event loop stands still while the service takes 20 s for each answer.

``python benchmarks/slow_answers.py`` runs 1,000 triggers in an event loop that a heartbeat watches, from before the
first of them imports the client until the last has ended; and then 1,000 tasks that merely sleep.
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

from rich.console import Console
from rich.table import Table

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from samples import job_id  # noqa: E402
from wire import Reply, Request, Service, all_pass  # noqa: E402

WAITS = 1000
SECONDS = 20.0
BEAT = 0.01


def late(request: Request) -> Reply:
    """Affirm every job, after a while."""
    time.sleep(SECONDS)
    return all_pass(request)


async def longest_block(kind: str) -> float:
    """Run the triggers, or tasks that sleep; return the seconds by which the latest heartbeat was late."""
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


def measured(kind: str, url: str) -> float:
    """Return what :func:`longest_block` returns in a process of its own, which has imported no client yet."""
    connection = {"conn_type": "drs", "host": url, "password": "t", "extra": {"project_id": "p"}}
    with tempfile.TemporaryDirectory() as home:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = {**kept, "AIRFLOW_HOME": home, "AIRFLOW_CONN_DRS_DEFAULT": json.dumps(connection)}
        command = [sys.executable, __file__, kind]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, timeout=300)
    return float(done.stdout.split()[-1])


def table() -> Table:
    """Return the table; it takes two minutes."""
    shown = Table(title=f"{WAITS} waits, {SECONDS:g} s an answer")
    shown.add_column("tasks")
    shown.add_column("longest block in ms", justify="right")
    with Service(late) as service:
        for kind, name in {"drs": "DrsJobStatusTrigger", "sleep": "asleep"}.items():
            shown.add_row(name, f"{1000 * measured(kind, service.url):.0f}")
    return shown


def main() -> None:
    """Print the table, or for a process of :func:`measured` the seconds."""
    if sys.argv[1:]:
        from airflow.triggers.base import BaseTrigger  # noqa: F401 - which a triggerer has long imported

        print(asyncio.run(longest_block(sys.argv[1])))
    else:
        Console().print(table())


if __name__ == "__main__":
    main()
