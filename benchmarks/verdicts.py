"""Measures the time until a thousand endpoints have a verdict."""

from __future__ import annotations

import time
from statistics import median

from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.endpoint import Endpoint, parse_endpoints
from airflow_provider_drs.api.operations.connection_test import MAX_ENDPOINTS
from airflow_provider_drs.api.pace import Pacer
from benchmarks.calls import client_of, job_ids
from benchmarks.measured import Claim, Measured, table
from benchmarks.service import Service

ENDPOINTS, SECONDS = 1000, 2.0
RUNS = {8: 3, 16: 1, 32: 1}
"""The number of runs for each number of concurrent calls."""
CLAIMED, ALLOWED = 8, 1.03


def members(count: int) -> list[dict[str, object]]:
    """Return this number of endpoints as a DAG author writes them."""
    login = {"net_type": "eip", "db_type": "mysql", "db_port": 3306, "db_user": "u", "db_password": "secret"}
    return [{"id": job_id, "ip": "db.example.org", "end_point_type": "so", **login} for job_id in job_ids(count)]


def measure() -> Measured:
    """Test a thousand endpoints in calls of ten, against a service that takes 2 s for each call."""
    endpoints, ratios = parse_endpoints(members(ENDPOINTS)), {}
    rows = table(
        f"Verdicts on {ENDPOINTS:,} endpoints",
        f"Calls of {MAX_ENDPOINTS} endpoints, each answered after {SECONDS:g} s. The limit is {SECONDS:g} s x (calls / "
        "calls side by side, rounded up).",
        "calls side by side",
        "runs",
        "limit, s",
        "median, s",
        "ratio to the limit",
        "worst",
    )
    with Service(seconds_a_test=SECONDS) as service:
        for side_by_side, runs in RUNS.items():
            limit = SECONDS * -(-ENDPOINTS // MAX_ENDPOINTS // side_by_side)
            took = [_seconds(service, endpoints, side_by_side) for _ in range(runs)]
            ratios[side_by_side] = median(took) / limit
            figures = (runs, limit, median(took), median(took) / limit, max(took) / limit)
            rows.add_row(
                str(side_by_side),
                *(f"{figure:.{places}f}" for figure, places in zip(figures, (0, 0, 2, 3, 3), strict=True)),
            )
    claim = Claim(
        f"{ENDPOINTS:,} verdicts take at most {ALLOWED - 1:.0%} longer than the limit, {CLAIMED} calls side by side",
        ratios[CLAIMED] <= ALLOWED,
        ", ".join(f"x{ratio:.3f} with {side_by_side}" for side_by_side, ratio in ratios.items()),
    )
    return Measured([rows], [claim])


def _seconds(service: Service, endpoints: list[Endpoint], side_by_side: int) -> float:
    with client_of(service, pacer=Pacer()) as client:
        started = time.monotonic()
        report = run_tests(client, endpoints, max_concurrency=side_by_side)
        seconds = time.monotonic() - started
    if not report.passed:
        raise RuntimeError(f"{len(report.failed)} endpoints did not pass: {report.failed[0].line}")
    return seconds
