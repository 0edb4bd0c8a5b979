"""Measures the CPU time of each id, wait and endpoint, for one to ten thousand of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from airflow_provider_drs.api.endpoint import parse_endpoints
from benchmarks.calls import client_of, job_ids
from benchmarks.measured import Measured, table
from benchmarks.service import Service
from benchmarks.verdicts import members
from benchmarks.waits import OURS, wait

SIZES = (1, 10, 100, 1_000, 10_000)
REPEATS = 5
POLL = 3


def measure() -> Measured:
    """Measure status calls, waits and checks of one to ten thousand items, and divide by the number of items."""
    rows = table(
        "How it grows",
        f"Ids in one job_statuses, over TLS on loopback, and endpoints given to parse_endpoints: medians of {REPEATS}. "
        f"Waits: triggers in one process, one round of {POLL} s after the first. All of it CPU time of the client.",
        "number",
        "status, us an id",
        "waiting, us a wait and round",
        "checking, us an endpoint",
    )
    with Service() as service, client_of(service) as client:
        for size in SIZES:
            ids, entries = job_ids(size), members(size)
            client.job_statuses(ids)
            each = (
                _cpu_of(lambda ids=ids: client.job_statuses(ids)),  # type: ignore[misc]
                wait(OURS, size, POLL, 1)["cpu"],
                _cpu_of(lambda entries=entries: parse_endpoints(entries)),  # type: ignore[misc]
            )
            rows.add_row(f"{size:,}", *(f"{seconds / size * 1e6:.1f}" for seconds in each))
    return Measured([rows])


def _cpu_of(work: Callable[[], object]) -> float:
    def once() -> float:
        started = time.process_time()
        work()
        return time.process_time() - started

    return median(once() for _ in range(REPEATS))
