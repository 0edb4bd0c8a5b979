"""A shut gate sends its report by mail: which databases DRS cannot log in to, why, and what to do.

The notifier is that of Airflow's SMTP provider. It runs when the task fails, and the report is there by then. The DAG
needs the Connections ``smtp_default``, ``drs_default``, ``orders_old`` and ``orders_new``. README.md in this folder
explains how to run it.
"""

from __future__ import annotations

from airflow.providers.common.compat.sdk import dag, task
from airflow.providers.smtp.notifications.smtp import SmtpNotifier

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

JOB = {"id": "00000001-2222-4333-8444-5555555jb101", "net_type": "eip"}

# "e" escapes: the texts in a report come from databases
REPORT = """
{% set report = ti.xcom_pull(task_ids=ti.task_id, map_indexes=ti.map_index) %}
<pre>{{ report["summary"] | e if report else "The task has left no report; its log says why." }}</pre>
"""


@dag(schedule=None, catchup=False, tags=["drs"], doc_md=__doc__)
def report_by_mail():  # type: ignore[no-untyped-def]
    """Test, and migrate or send a mail."""
    test = DrsTestConnectionsOperator(
        task_id="test_connections",
        jobs=[
            {**JOB, "end_point_type": "so", "db_conn_id": "orders_old", "label": "old orders"},
            {**JOB, "end_point_type": "ta", "db_conn_id": "orders_new", "label": "new orders"},
        ],
        on_failure_callback=SmtpNotifier(
            from_email="airflow@example.com",
            to="migrations@example.com",
            subject="The gate of {{ dag.dag_id }} is shut",
            html_content=REPORT,
        ),
    )

    @task
    def start_migration() -> str:
        """Replace this with a task that starts the migration."""
        return "DRS can log in to both databases."

    test >> start_migration()


report_by_mail()
