"""What a thousand waits cost in a real triggerer, beside a thousand of Airflow's own that merely sleep.

``python benchmarks/triggerer.py`` prints processor time and memory of four triggerers that run side by side for two
minutes. Those with one wait tell what is there anyway: Airflow itself, and for ours the libraries of the HTTP client.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "running")]

from triggerers import Triggerer, Waiting, job_ids  # noqa: E402

from airflow_provider_drs.emulator.server import Emulator  # noqa: E402
from airflow_provider_drs.emulator.state import World  # noqa: E402

MANY = 1000
POKE_INTERVAL = 30
SETTLING = 45
WINDOW = 4 * POKE_INTERVAL
NAMES = {"time": "Airflow's", "drs": "ours"}


@dataclass
class Measured:
    """A triggerer, and what it took.

    :param started: CPU seconds until it had settled.
    :param steady: CPU seconds in the window after that.
    :param memory: bytes that belong to it alone, in the end.
    """

    process: psutil.Process
    started: float = 0
    steady: float = 0
    memory: int = 0

    def processes(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def cpu(self) -> float:
        """Return the CPU seconds of all its processes so far."""
        return sum(times.user + times.system for times in (each.cpu_times() for each in self.processes()))

    def close(self) -> None:
        self.memory = sum(each.memory_full_info().uss for each in self.processes())


def measured() -> dict[tuple[str, int], Measured]:
    """Run all four; return what they took, by kind and number of waits."""
    results: dict[tuple[str, int], Measured] = {}
    with ExitStack() as stack:
        emulator = stack.enter_context(Emulator(World(ready_after_polls=1_000_000)))
        for count in (1, MANY):
            for kind in NAMES:
                home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drs-benchmark-")))
                waiting = Waiting(home, emulator.connection_json, job_ids(count), POKE_INTERVAL, kind)
                triggerer = stack.enter_context(Triggerer(waiting))
                results[kind, count] = Measured(psutil.Process(triggerer.pid))
        time.sleep(SETTLING)
        for result in results.values():
            result.started = result.cpu()
        time.sleep(WINDOW)
        for result in results.values():
            result.steady = result.cpu() - result.started
        asked = {job_id for call in emulator.world.calls for job_id in call.job_ids}
        assert len(asked) == MANY, f"only {len(asked)} waits were at work"
        for result in results.values():
            result.close()
    return results


def table() -> Table:
    """Return the table; it takes four minutes."""
    results = measured()
    shown = Table(title=f"Triggerers side by side for {WINDOW} s")
    for heading in ("triggers", "waits", "CPU s at first", "then", "ratio", "MB", "KB each more"):
        shown.add_column(heading, justify="right")
    for (kind, count), result in results.items():
        further = (result.memory - results[kind, 1].memory) / 1024 / (count - 1) if count > 1 else None
        shown.add_row(
            NAMES[kind],
            str(count),
            f"{result.started:.1f}",
            f"{result.steady:.2f}",
            f"{result.steady / results['time', count].steady:.2f}",
            f"{result.memory / 2**20:.1f}",
            "" if further is None else f"{further:.1f}",
        )
    return shown


def main() -> None:
    """Print the table."""
    Console().print(table())


if __name__ == "__main__":
    main()
