"""Measures the cost of a thousand waits in a real triggerer, and of a thousand sleeping triggers of Airflow.

All triggerers run side by side. The two with a single wait show the fixed cost: that of Airflow, and with this package
also that of the libraries of the HTTP client. The others are three pairs, because what Airflow itself takes differs by
some per cent from one triggerer to the next.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from benchmarks.measured import Claim, Measured, table

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "running")]

from triggerers import Triggerer, Waiting, job_ids  # noqa: E402

from airflow_provider_drs.emulator.server import Emulator  # noqa: E402
from airflow_provider_drs.emulator.state import World  # noqa: E402

MANY, PAIRS = 1000, 3
POKE_INTERVAL = 30
SETTLING = 90
WINDOW = 10 * POKE_INTERVAL
NAMES = {"time": "Airflow's", "drs": "ours"}
PLAN = [("time", 1), ("drs", 1), *[("time", MANY), ("drs", MANY)] * PAIRS]


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


def costs(plan: Sequence[tuple[str, int]]) -> list[Cost]:
    """Run triggerers side by side, and return the cost of each.

    :param plan: the kind of the waits of each, a key of ``NAMES``, and their number.
    """
    results: list[Cost] = []
    with ExitStack() as stack:
        emulator = stack.enter_context(Emulator(World(ready_after_polls=1_000_000)))
        for kind, count in plan:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drs-benchmark-")))
            waiting = Waiting(home, emulator.connection_json, job_ids(count), POKE_INTERVAL, kind)
            triggerer = stack.enter_context(Triggerer(waiting))
            results.append(Cost(psutil.Process(triggerer.pid)))
        time.sleep(SETTLING)
        calls = len(emulator.world.calls)
        for result in results:
            result.started = result.cpu()
        time.sleep(WINDOW)
        for result in results:
            result.steady = result.cpu() - result.started
        asked = sum(len(call.job_ids) for call in emulator.world.calls[calls:])
        polls = asked / sum(count for kind, count in plan if kind == "drs")
        assert abs(polls - WINDOW / POKE_INTERVAL) <= 1, f"a job was polled {polls:.1f} times"
        for result in results:
            result.close()
    return results


def measure() -> Measured:
    """Measure eight triggerers. This takes ten minutes."""
    cost = costs(PLAN)
    rows = table(
        f"{MANY:,} waits in a real triggerer",
        f"{len(PLAN)} triggerers side by side, deferred tasks in a database of each, a poll every {POKE_INTERVAL} s; "
        f"CPU time and private memory of all their processes, over {WINDOW} s after the first {SETTLING} s. Airflow's "
        "own are DateTimeTriggers for a day far ahead, which merely sleep; the ratio is to the row of these before.",
        "triggers",
        "waits",
        "CPU s at first",
        "then",
        "ratio",
        "MB",
        "KB each more",
    )
    ratios, more = [], []
    for row, ((kind, count), of) in enumerate(zip(PLAN, cost, strict=True)):
        ratios.append(of.steady / cost[row // 2 * 2].steady)
        more.append((of.memory - cost[row % 2].memory) / 1024 / count)
        rows.add_row(
            NAMES[kind],
            f"{count:,}",
            f"{of.started:.1f}",
            f"{of.steady:.2f}",
            f"{ratios[row]:.2f}",
            f"{of.memory / 2**20:.1f}",
            f"{more[row]:.1f}" if count > 1 else "",
        )
    ratios_of_many = ratios[3::2]
    more_of_many = max(ours - asleep for asleep, ours in zip(more[2::2], more[3::2], strict=True))
    return Measured(
        [rows],
        [
            Claim(
                f"{MANY:,} waits take a triggerer at most 5% more CPU time, in the worst of {PAIRS} runs at most 10%",
                median(ratios_of_many) <= 1.05 and max(ratios_of_many) <= 1.1,
                ", ".join(f"x{ratio:.2f}" for ratio in sorted(ratios_of_many)),
            ),
            Claim(
                "and each at most 4 KB more memory than one that merely sleeps",
                more_of_many <= 4,
                f"{more_of_many:+.1f} KB, the worst of {PAIRS} runs",
            ),
        ],
    )
