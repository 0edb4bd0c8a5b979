"""Measures the CPU time of rendering and masking endpoints that each have a different password."""

from __future__ import annotations

import datetime
import gc
import json
import secrets
import sys
import time
from statistics import median

from benchmarks import child
from benchmarks.calls import job_ids
from benchmarks.measured import Claim, Measured, table

SIZES = (100, 300, 1_000)
ROUNDS = 5
ALLOWED = 3.5
"""The most times that 300 endpoints may take the CPU time of 100 endpoints."""
PASSWORDS = {"letters and digits": "", "all kinds of characters": "!@#$%^&*()"}


def measure() -> Measured:
    """Render the operator's fields in new processes, because Airflow's masker keeps all secrets of a process."""
    rows = table(
        "Rendering endpoints with passwords",
        f"CPU time of the operator's rendering, masking included: medians of {ROUNDS} processes, sizes in turn.",
        "passwords of",
        *(f"{size:,} endpoints, ms" for size in SIZES),
        "300 to 100",
    )
    ratios = {}
    for kind, tail in PASSWORDS.items():
        rounds = [[float(child.run("masking", size, tail)) for size in SIZES] for _ in range(ROUNDS)]
        took = dict(zip(SIZES, map(median, zip(*rounds, strict=True)), strict=True))
        # the ratio within each round, because the load of the machine changes between rounds
        ratios[kind] = median(times[SIZES.index(300)] / times[SIZES.index(100)] for times in rounds)
        rows.add_row(kind, *(f"{took[size] * 1e3:.0f}" for size in SIZES), f"{ratios[kind]:.2f}")
    claim = Claim(
        f"rendering 300 endpoints takes at most {ALLOWED} times the CPU time of 100",
        all(ratio <= ALLOWED for ratio in ratios.values()),
        ", ".join(f"x{ratio:.2f} with {kind}" for kind, ratio in ratios.items()),
    )
    return Measured([rows], [claim])


def _main(size: int, tail: str) -> None:
    from airflow.providers.common.compat.sdk import DAG

    from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

    login = {"net_type": "eip", "db_type": "mysql", "db_port": 3306, "db_user": "u", "ip": "db.example.org"}

    def rendered(count: int) -> float:
        jobs = [
            {"id": job_id, "end_point_type": "so", **login, "db_password": secrets.token_urlsafe(16) + tail}
            for job_id in job_ids(count)
        ]
        with DAG("rendered", schedule=None, start_date=datetime.datetime(2026, 1, 1)):
            operator = DrsTestConnectionsOperator(task_id="test", jobs=jobs)
        started = time.process_time()
        operator.render_template_fields({})
        return time.process_time() - started

    rendered(1)  # loads the modules that are imported on first use
    # a full garbage collection of Airflow's objects takes as long as 100 endpoints, and would hit only some sizes
    gc.freeze()
    print(json.dumps(rendered(size)))


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2])
