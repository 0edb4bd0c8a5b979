"""Measures the time until the endpoints of a thousand jobs are tested, and until they are stored."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import Endpoint, parse_endpoints
from airflow_provider_drs.api.model.job_verdict import JobVerdict
from airflow_provider_drs.api.model.report import Verdict
from airflow_provider_drs.api.operations.job_modification import StoreRequest
from airflow_provider_drs.api.pace import Pacer
from airflow_provider_drs.api.store import run_tests_and_store
from benchmarks.calls import PROJECT
from benchmarks.measured import Claim, Measured, table
from benchmarks.service import Service
from benchmarks.verdicts import ALLOWED, members

JOBS, SECONDS, SIDE_BY_SIDE, A_CALL = 1000, 2.0, 8, 10
CALLS = {"tests": 2 * JOBS // A_CALL, "stores": JOBS // A_CALL}
# details before and after, statuses, tests and stores
ALL_CALLS = 2 * JOBS // 10 + JOBS // 100 + sum(CALLS.values())


class _Timed(DrsClient):
    """A client that notes when its tests and its stores begin and end."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.moments: dict[str, list[float]] = {name: [] for name in CALLS}

    def test_connections(self, endpoints: Sequence[Endpoint]) -> list[Verdict]:
        with self._noted("tests"):
            return super().test_connections(endpoints)

    def store_endpoints(self, requests: Sequence[StoreRequest]) -> list[JobVerdict]:
        with self._noted("stores"):
            return super().store_endpoints(requests)

    @contextmanager
    def _noted(self, name: str) -> Iterator[None]:
        self.moments[name].append(time.monotonic())
        yield
        self.moments[name].append(time.monotonic())


def measure() -> Measured:
    """Test and store a thousand jobs in calls of ten, against a service that takes 2 s for each of these calls."""
    sources = members(JOBS)
    endpoints = parse_endpoints([*sources, *({**member, "end_point_type": "ta"} for member in sources)])
    with Service(seconds_a_test=SECONDS, status="CONFIGURATION") as service:
        client = _Timed(service.url, PROJECT, TokenAuth("t" * 1000), verify=service.certificate, pacer=Pacer())
        with client:
            report = run_tests_and_store(client, endpoints, {}, endpoints, max_concurrency=SIDE_BY_SIDE)
        calls = service.counts().calls
    if not report.passed:
        raise RuntimeError(f"{report.headline} {report.failure()}"[:1000])
    rows = table(
        f"{JOBS:,} jobs tested and stored",
        f"Calls of {A_CALL} endpoints or jobs, each answered after {SECONDS:g} s, {SIDE_BY_SIDE} side by side. The "
        f"limit is {SECONDS:g} s x (calls / calls side by side, rounded up). {calls} calls in all.",
        "step",
        "calls",
        "limit, s",
        "time, s",
        "ratio to the limit",
    )
    ratios = {}
    for name, moments in client.moments.items():
        limit, took = SECONDS * -(-CALLS[name] // SIDE_BY_SIDE), max(moments) - min(moments)
        ratios[name] = took / limit
        rows.add_row(name, str(len(moments) // 2), f"{limit:.0f}", f"{took:.2f}", f"{took / limit:.3f}")
    claims = [
        Claim(
            f"{JOBS:,} jobs are tested, and stored, in at most {ALLOWED - 1:.0%} more than the limit each",
            all(ratio <= ALLOWED for ratio in ratios.values()),
            ", ".join(f"{name} x{ratio:.3f}" for name, ratio in ratios.items()),
        ),
        Claim(f"{JOBS:,} jobs tested and stored take {ALL_CALLS} calls", calls == ALL_CALLS, str(calls)),
    ]
    return Measured([rows], claims)
