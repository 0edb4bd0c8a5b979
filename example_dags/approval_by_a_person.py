"""Two keys: after DRS has logged in to every database, a person reads the report and approves or rejects the migration.

The question appears under *Required Actions* in Airflow's UI, which Airflow 3.1 introduced. On an older Airflow this
file defines no DAG: a DAG without the question would migrate without an approval. The answer is valid only for the
report that the person has seen, also after somebody has cleared a task. The DAG needs the Connections
``drs_default``, ``orders_old`` and ``orders_new``. README.md in this folder explains how to run it.
"""

from __future__ import annotations

from airflow.providers.common.compat.sdk import dag, task
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

from airflow_provider_drs.operators.approval import DrsApprovalOperator
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

JOB = {"id": "00000001-2222-4333-8444-5555555jb101", "net_type": "eip"}


@dag(schedule=None, catchup=False, tags=["drs"], doc_md=__doc__)
def approval_by_a_person():  # type: ignore[no-untyped-def]
    """Test, ask, migrate."""
    test = DrsTestConnectionsOperator(
        task_id="test_connections",
        jobs=[
            {**JOB, "end_point_type": "so", "db_conn_id": "orders_old", "label": "old orders"},
            {**JOB, "end_point_type": "ta", "db_conn_id": "orders_new", "label": "new orders"},
        ],
    )
    approve = DrsApprovalOperator(task_id="approve", report=test.output, body="Migration of orders, old to new.")

    @task
    def start_migration() -> str:
        """Replace this with a task that starts the migration; Airflow skips it when the person rejects."""
        return "Approved."

    approve >> start_migration()


if AIRFLOW_V_3_1_PLUS:
    approval_by_a_person()
