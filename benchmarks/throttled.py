"""Measures runs under a rate limit: 100 calls of 2 s to a service that accepts 10 calls in each second."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from benchmarks import child
from benchmarks.limited import CALLS, PER_SECOND, SECONDS
from benchmarks.measured import Claim, Measured, table

LEAST = (CALLS / PER_SECOND - 1) + SECONDS
RUNS = 5
MOST = 1.25
"""A run takes at most this many times the least possible."""
WAYS: dict[str, tuple[dict[str, str], str]] = {
    "nothing but 429": ({}, "slow down"),
    "Retry-After: 1": ({"Retry-After": "1"}, "slow down"),
    "the window in the text": ({}, "policy user over ratelimit,limit:10,time:1 second"),
}


def measure() -> Measured:
    """Measure five runs for each form in which a gateway may announce the limit."""
    rows = table(
        f"{CALLS} calls of {SECONDS:g} s under a rate limit",
        f"{PER_SECOND} calls are let in each second and the rest refused with 429, so it takes {LEAST:g} s at least. "
        f"{RUNS} runs of each row; the rows run side by side, each with a service and a process of its own.",
        "the refusal tells",
        "calls side by side",
        "passed in all",
        "median, s",
        "ratio to the least",
        "worst",
        "refusals",
    )
    cases = [(way, max_concurrency) for way in WAYS for max_concurrency in (32, 100)]
    with ThreadPoolExecutor(len(cases)) as pool:
        # they sleep nearly all the time
        runs = [list(pool.map(_run, cases)) for _ in range(RUNS)]
    worst = []
    for (way, max_concurrency), of in zip(cases, zip(*runs, strict=True), strict=True):
        seconds = [run["seconds"] for run in of]
        worst.append(max(seconds) / LEAST)
        rows.add_row(
            way,
            str(max_concurrency),
            str(min(int(run["passed"]) for run in of)),
            f"{median(seconds):.1f}",
            f"{median(seconds) / LEAST:.2f}",
            f"{worst[-1]:.2f}",
            f"{min(run['refusals'] for run in of)} to {max(run['refusals'] for run in of)}",
        )
    claim = Claim(
        f"a run under a rate limit takes at most {MOST} times the least possible, however the limit is announced",
        max(worst) <= MOST,
        f"x{min(worst):.2f} to x{max(worst):.2f}, the worst of {RUNS} runs each",
    )
    return Measured([rows], [claim])


def _run(case: tuple[str, int]) -> dict[str, float]:
    way, max_concurrency = case
    headers, text = WAYS[way]
    figures: dict[str, float] = child.run("limited", json.dumps(headers), text, max_concurrency)
    return figures
