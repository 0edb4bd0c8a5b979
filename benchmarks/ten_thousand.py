"""Measures ten thousand waits in one real triggerer, and as many sleeping triggers of Airflow in another."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psutil

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World
from benchmarks.child import ROOT, command
from benchmarks.heartbeat import worst_of
from benchmarks.measured import Claim, Measured, table
from benchmarks.triggerer import NAMES, POKE_INTERVAL, Cost
from benchmarks.waits import OURS, wait

from triggerers import Triggerer, Waiting, job_ids  # isort: skip - benchmarks.triggerer has made it known

MANY = 10_000
PATIENCE = 600
"""Seconds until a triggerer has loaded all."""
SETTLING = 60
WINDOW = 8 * POKE_INTERVAL


def measure() -> Measured:
    """Measure both, then kill ours and measure its successor. This takes ten minutes."""
    world = World(ready_after_polls=1_000_000)
    ids = job_ids(MANY)

    def asked_since(call: int) -> int:
        return len({job_id for each in world.calls[call:] for job_id in each.job_ids})

    with ExitStack() as stack:
        emulator = stack.enter_context(Emulator(world))
        homes = {
            kind: Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drs-benchmark-"))) for kind in NAMES
        }
        waits = {kind: _waiting(home, emulator.connection_json, kind) for kind, home in homes.items()}
        triggerers = {kind: stack.enter_context(Triggerer(waiting)) for kind, waiting in waits.items()}
        costs = {kind: Cost(psutil.Process(triggerer.pid)) for kind, triggerer in triggerers.items()}
        _wait_until(lambda: asked_since(0) == len(ids))
        _wait_until(lambda: all((home / "beats").exists() for home in homes.values()))
        time.sleep(SETTLING)
        began, calls = time.monotonic(), len(world.calls)
        for cost in costs.values():
            cost.started = cost.cpu()
        time.sleep(WINDOW)
        for cost in costs.values():
            cost.steady = cost.cpu() - cost.started
            cost.close()
        asked = world.calls[calls:]
        blocks = {kind: worst_of(home / "beats", began) for kind, home in homes.items()}
        triggerers["drs"].kill()
        triggerers["time"].kill()
        killed, again = time.monotonic(), len(world.calls)
        stack.enter_context(Triggerer(waits["drs"]))
        _wait_until(lambda: asked_since(again) == len(ids))
        restart = time.monotonic() - killed
    calls_a_round = len(asked) / (sum(len(call.job_ids) for call in asked) / MANY)
    return _measured(costs, blocks, calls_a_round, restart, wait(OURS, MANY, POKE_INTERVAL, 1)["lag"])


def _measured(
    costs: dict[str, Cost], blocks: dict[str, float], calls_a_round: float, restart: float, alone: float
) -> Measured:
    rows = table(
        f"{MANY:,} waits in one real triggerer",
        f"As above, over {WINDOW} s after all are loaded and {SETTLING} s. A heartbeat of 10 ms on the loop of the "
        "triggerer is late by at most the longest block; Airflow itself holds the loop up, too. After a kill, a new "
        f"triggerer has polled all jobs within {restart:.0f} s, which Airflow mostly takes to load the triggers.",
        "triggers",
        "calls a round",
        "CPU s at first",
        "then",
        "ratio",
        "MB",
        "longest block, ms",
    )
    ratio = costs["drs"].steady / costs["time"].steady
    for kind, cost in costs.items():
        rows.add_row(
            NAMES[kind],
            f"{calls_a_round:.0f}" if kind == "drs" else "0",
            f"{cost.started:.1f}",
            f"{cost.steady:.2f}",
            f"{cost.steady / costs['time'].steady:.2f}",
            f"{cost.memory / 2**20:.1f}",
            f"{1000 * blocks[kind]:.0f}",
        )
    return Measured(
        [rows],
        [
            Claim(
                f"{MANY:,} waits in one triggerer take {MANY // 100} calls a round, and at most 10% more CPU time",
                round(calls_a_round) == MANY // 100 and ratio <= 1.1,
                f"{calls_a_round:.1f} calls, x{ratio:.2f}",
            ),
            Claim(
                f"and by themselves, {MANY:,} waits never hold an event loop up for 50 ms",
                alone < 0.05,
                f"{1000 * alone:.0f} ms",
            ),
        ],
    )


def _waiting(home: Path, connection: str, kind: str) -> Waiting:
    # the last makes room for the heartbeat
    waiting = Waiting(home, connection, job_ids(MANY + 1), POKE_INTERVAL, kind)
    waiting.environment |= {"AIRFLOW__TRIGGERER__CAPACITY": str(MANY + 1), "PYTHONPATH": str(ROOT)}
    beats = command("heartbeat", home / "beats")
    subprocess.run(beats, env=waiting.environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return waiting


def _wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the triggerer has not loaded all within {PATIENCE} s")
        time.sleep(1)
