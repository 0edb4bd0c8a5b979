"""Measures the cost of a thousand waits in a real triggerer, and of a thousand sleeping triggers of Airflow.

Four triggerers run concurrently for five minutes. The two with a single wait show the fixed cost: that of Airflow, and
with this package also that of the libraries of the HTTP client.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.measured import Claim, Measured, table

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "running")]

from triggerers import Triggerer, Waiting, job_ids  # noqa: E402

from airflow_provider_drs.emulator.server import Emulator  # noqa: E402
from airflow_provider_drs.emulator.state import World  # noqa: E402

MANY = 1000
POKE_INTERVAL = 30
SETTLING = 45
WINDOW = 8 * POKE_INTERVAL
NAMES = {"time": "Airflow's", "drs": "ours"}


@dataclass
class Cost:
    """A triggerer, and its cost.

    :param process: the main process of the triggerer.
    :param started: CPU seconds of the first ``SETTLING`` seconds.
    :param steady: CPU seconds of the ``WINDOW`` after that.
    :param memory: bytes of private memory at the end.
    """

    process: psutil.Process
    started: float = 0
    steady: float = 0
    memory: int = 0

    def processes(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def cpu(self) -> float:
        """Return the CPU seconds of all processes of the triggerer so far."""
        return sum(times.user + times.system for times in (each.cpu_times() for each in self.processes()))

    def close(self) -> None:
        self.memory = sum(each.memory_full_info().uss for each in self.processes())


def costs() -> dict[tuple[str, int], Cost]:
    """Run all four triggerers, and return their costs by kind and number of waits."""
    results: dict[tuple[str, int], Cost] = {}
    with ExitStack() as stack:
        emulator = stack.enter_context(Emulator(World(ready_after_polls=1_000_000)))
        for count in (1, MANY):
            for kind in NAMES:
                home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drs-benchmark-")))
                waiting = Waiting(home, emulator.connection_json, job_ids(count), POKE_INTERVAL, kind)
                triggerer = stack.enter_context(Triggerer(waiting))
                results[kind, count] = Cost(psutil.Process(triggerer.pid))
        time.sleep(SETTLING)
        for result in results.values():
            result.started = result.cpu()
        time.sleep(WINDOW)
        for result in results.values():
            result.steady = result.cpu() - result.started
        asked = {job_id for call in emulator.world.calls for job_id in call.job_ids}
        assert len(asked) == MANY, f"only {len(asked)} jobs were polled"
        for result in results.values():
            result.close()
    return results


def measure() -> Measured:
    """Measure four triggerers. This takes six minutes."""
    cost = costs()
    rows = table(
        f"8. {MANY:,} waits in a real triggerer",
        f"Four triggerers side by side, deferred tasks in a database of each, a poll every {POKE_INTERVAL} s; CPU time "
        f"and private memory of all their processes, over {WINDOW} s after the first {SETTLING} s. Airflow's own are "
        "DateTimeTriggers for a day far ahead, which merely sleep.",
        "triggers",
        "waits",
        "CPU s at first",
        "then",
        "ratio",
        "MB",
        "KB each more",
    )
    each_more = {kind: (cost[kind, MANY].memory - cost[kind, 1].memory) / 1024 / (MANY - 1) for kind in NAMES}
    for (kind, count), of in cost.items():
        rows.add_row(
            NAMES[kind],
            f"{count:,}",
            f"{of.started:.1f}",
            f"{of.steady:.2f}",
            f"{of.steady / cost['time', count].steady:.2f}",
            f"{of.memory / 2**20:.1f}",
            f"{each_more[kind]:.1f}" if count > 1 else "",
        )
    ratio = cost["drs", MANY].steady / cost["time", MANY].steady
    more = each_more["drs"] - each_more["time"]
    return Measured(
        [rows],
        [
            Claim(f"{MANY:,} waits take a triggerer at most 10% more CPU time", ratio <= 1.1, f"x{ratio:.2f}"),
            Claim("and each at most 4 KB more memory than one that merely sleeps", more <= 4, f"{more:+.1f} KB"),
        ],
    )
