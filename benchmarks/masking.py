"""What it costs to keep secrets out of sight: rendering endpoints of which each has a password of its own."""

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
"""How much longer 300 endpoints may take than 100."""
PASSWORDS = {"letters and digits": "", "all kinds of characters": "!@#$%^&*()"}


def measure() -> Measured:
    """Render the operator's fields in fresh processes, since Airflow's masker never forgets."""
    rows = table(
        "9. Rendering endpoints with passwords",
        f"CPU time of the operator's rendering, masking included: medians of {ROUNDS} processes, sizes in turn.",
        "passwords of",
        *(f"{size:,} endpoints, ms" for size in SIZES),
        "300 to 100",
    )
    ratios = {}
    for kind, tail in PASSWORDS.items():
        rounds = [[float(child.run("masking", size, tail)) for size in SIZES] for _ in range(ROUNDS)]
        took = dict(zip(SIZES, map(median, zip(*rounds, strict=True)), strict=True))
        # of each round by itself, since what else the machine does changes between them
        ratios[kind] = median(one[SIZES.index(300)] / one[SIZES.index(100)] for one in rounds)
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

    rendered(1)  # what is imported on first use
    # a full collection of what Airflow imported takes as long as 100 endpoints, and falls into some sizes only
    gc.freeze()
    print(json.dumps(rendered(size)))


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2])
