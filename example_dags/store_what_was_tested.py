"""What was tested is what the migration uses: the gate stores the tested endpoints in the job, and compares.

The DAG needs the Connections ``drs_default``, ``orders_old`` and ``orders_new``. README.md in this folder explains how
to run it.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

JOB = {"id": "00000001-2222-4333-8444-5555555jb101", "net_type": "eip"}


@dag(schedule=None, catchup=False, tags=["drs"], doc_md=__doc__)
def store_what_was_tested():  # type: ignore[no-untyped-def]
    """Test, store, compare, migrate."""
    test = DrsTestConnectionsOperator(
        task_id="test_connections",
        jobs=[
            {**JOB, "end_point_type": "so", "db_conn_id": "orders_old"},
            {**JOB, "end_point_type": "ta", "db_conn_id": "orders_new"},
        ],
        store=True,
        # what DRS does not tell of the job, or what is to be another from now on
        job_settings={"node_type": "high"},
    )

    @task
    def start_migration(report: dict[str, Any]) -> list[str]:
        """Replace this with a task that starts the migration; it runs only when all jobs are stored as tested."""
        return [f"{job['job_id']} is stored, and not compared: {', '.join(job['unproven'])}" for job in report["jobs"]]

    start_migration(test.output)  # type: ignore[arg-type]


store_what_was_tested()
