"""One job: wait until it is in ``CONFIGURATION``, test its source and its target, then migrate.

The DAG needs the Connections ``drs_default``, ``orders_old`` and ``orders_new``. README.md in this folder explains how
to run it.
"""

from __future__ import annotations

from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor

JOB = {"id": "00000001-2222-4333-8444-5555555jb101", "net_type": "eip"}


@dag(schedule=None, catchup=False, tags=["drs"], doc_md=__doc__)
def one_job():  # type: ignore[no-untyped-def]
    """Wait, test, migrate."""
    wait = DrsJobStatusSensor(
        task_id="wait_until_configurable", job_ids=JOB["id"], poke_interval=10, timeout=3600, deferrable=True
    )
    test = DrsTestConnectionsOperator(
        task_id="test_connections",
        jobs=[
            {**JOB, "end_point_type": "so", "db_conn_id": "orders_old"},
            {**JOB, "end_point_type": "ta", "db_conn_id": "orders_new"},
        ],
    )

    @task
    def start_migration() -> str:
        """Replace this with a task that starts the migration; it runs only when the gate is open."""
        return "The gate is open: DRS can log in to both databases."

    wait >> test >> start_migration()


one_job()
