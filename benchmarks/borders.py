"""Measures the CPU time of one connection test, beside a bare request that believes whatever is answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import requests

from airflow_provider_drs.api.endpoint import Endpoint, parse_endpoints
from airflow_provider_drs.api.operations import connection_test
from benchmarks.calls import PROJECT, client_of
from benchmarks.measured import Measured, table
from benchmarks.service import Service
from benchmarks.verdicts import members

SIZES = (1, 10)
ROUNDS, CALLS = 11, 100


def measure() -> Measured:
    """Measure tests of 1 and 10 endpoints, in turn with and without this package."""
    rows = table(
        "What the borders of a connection test cost",
        f"CPU time of a call over TLS on loopback: medians of {ROUNDS} rounds of {CALLS} calls each, in turn, and "
        "the median ratio within a round. The rest is spent on the answer: it is read strictly, searched for what was "
        "sent, and believed only where it names each endpoint. The endpoints are parsed before.",
        "endpoints",
        "requests.Session, us",
        "this package, us",
        "ratio",
    )
    with Service() as service, client_of(service) as client, requests.Session() as session:
        url = f"{service.url}/v3/{PROJECT}/jobs/batch-connection"
        for size in SIZES:
            endpoints = parse_endpoints(members(size))
            body = connection_test.body(endpoints)

            def bare(body: object = body) -> object:
                headers = {"X-Auth-Token": "t" * 1000}
                return session.post(url, json=body, headers=headers, verify=service.certificate).json()

            def judged(endpoints: list[Endpoint] = endpoints) -> object:
                return client.test_connections(endpoints)

            _cpu_of(bare), _cpu_of(judged)
            rounds = [(_cpu_of(bare), _cpu_of(judged)) for _ in range(ROUNDS)]
            each = (median(seconds) * 1e6 for seconds in zip(*rounds, strict=True))
            ratio = median(judged_took / bare_took for bare_took, judged_took in rounds)
            rows.add_row(str(size), *(f"{microseconds:.0f}" for microseconds in each), f"{ratio:.2f}")
    return Measured([rows])


def _cpu_of(ask: Callable[[], object]) -> float:
    started = time.process_time()
    for _ in range(CALLS):
        ask()
    return (time.process_time() - started) / CALLS
