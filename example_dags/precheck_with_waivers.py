"""DRS's own pre-check after the test; the alarms that somebody has accepted are in ``waivers.yaml``.

The DAG needs the Connections ``drs_default``, ``orders_old`` and ``orders_new``. README.md in this folder explains how
to run it.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.operators.precheck import DrsPrecheckOperator

JOB = {"id": "00000001-2222-4333-8444-5555555jb101", "net_type": "eip"}


@dag(schedule=None, catchup=False, tags=["drs"], doc_md=__doc__)
def precheck_with_waivers():  # type: ignore[no-untyped-def]
    """Test and store, check, migrate."""
    test = DrsTestConnectionsOperator(
        task_id="test_connections",
        jobs=[
            {**JOB, "end_point_type": "so", "db_conn_id": "orders_old"},
            {**JOB, "end_point_type": "ta", "db_conn_id": "orders_new"},
        ],
        # DRS checks what is stored
        store=True,
        job_settings={"node_type": "high"},
    )
    precheck = DrsPrecheckOperator(task_id="precheck", job_ids=JOB["id"], waivers="waivers.yaml", deferrable=True)

    @task
    def start_migration(report: dict[str, Any]) -> list[str]:
        """Replace this with a task that starts the migration; it runs only when all jobs passed."""
        return [
            f"{item['item']} is accepted: {item['waiver']['reason']}" for job in report["jobs"] for item in job["items"]
        ]

    test >> precheck
    start_migration(precheck.output)  # type: ignore[arg-type]


precheck_with_waivers()
