"""Measures a thousand waits in one process, as in a triggerer, with the triggers of this and of other providers."""

from __future__ import annotations

from benchmarks import child
from benchmarks.measured import Claim, Measured, table

WAITS, POLL, ROUNDS = 1000, 6, 2
OURS, FLOOR = "ours", "sleep"
NAMES = {
    FLOOR: "asyncio.sleep only",
    OURS: "this package",
    "dbt": "dbt Cloud",
    "databricks": "Databricks",
    "dms": "Amazon DMS",
}


def wait(name: str, waits: int, poll: float, rounds: int) -> dict[str, float]:
    """Run waits of one kind in a new process, and return the cost of one round.

    :param name: kind of the waits, a key of ``NAMES``.
    :param waits: number of waits.
    :param poll: seconds between two polls.
    :param rounds: number of rounds to measure.
    """
    cost: dict[str, float] = child.run("waiting", name, waits, poll, rounds)
    return cost


def measure() -> Measured:
    """Measure two rounds of a thousand triggers of each kind, after the first round."""
    took = {name: wait(name, WAITS, POLL, ROUNDS) for name in NAMES}
    rows = table(
        f"{WAITS:,} waits in one process",
        f"The providers' own trigger classes on one event loop, against a service on loopback over TLS, with logs off. "
        f"They begin spread over one poll of {POLL} s; then come {ROUNDS} rounds and one for the lag. One run each. "
        f"The service hangs up what was idle for {POLL / 2:g} s, so the poll stands for one of 30 s or more, which "
        "outlasts the time for which clients keep a connection. CPU time is the client's.",
        "waits of",
        "calls a round",
        "new connections a round",
        "CPU s a round",
        "ratio to ours",
        "KB a wait",
        "loop lag max, ms",
    )
    for name, provider in NAMES.items():
        of = took[name]
        rows.add_row(
            provider,
            f"{of['calls']:.0f}",
            f"{of['connections']:.0f}",
            f"{of['cpu']:.3f}",
            f"{of['cpu'] / took[OURS]['cpu']:.1f}",
            f"{of['kb']:.1f}",
            f"{of['lag'] * 1e3:.0f}",
        )
    return Measured([rows], _claims(took))


def _claims(took: dict[str, dict[str, float]]) -> list[Claim]:
    ours, peers = took[OURS], [name for name in NAMES if name not in (OURS, FLOOR)]
    return [
        Claim(
            f"{WAITS:,} waits are polled with one call for each hundred of them",
            round(ours["calls"]) <= WAITS / 100 + 1,
            f"{ours['calls']:.0f} calls a round",
        ),
        Claim(
            "a wait takes less CPU time and less memory than one of each peer",
            all(ours[figure] < took[name][figure] for name in peers for figure in ("cpu", "kb")),
            ", ".join(
                f"{NAMES[name]}: 1/{took[name]['cpu'] / ours['cpu']:.0f} and 1/{took[name]['kb'] / ours['kb']:.0f}"
                for name in peers
            ),
        ),
    ]
