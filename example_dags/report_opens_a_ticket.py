"""A shut gate opens a ticket: failed endpoints do not fail the test task, and a branch decides by its report.

Airflow takes the state of a run from its leaves. So behind the ticket stands a leaf that fails: without it, a run with
a shut gate would be green. The DAG needs the Connections ``drs_default``, ``orders_old`` and ``orders_new``. README.md
in this folder explains how to run it.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException, dag, task

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

JOB = {"id": "00000001-2222-4333-8444-5555555jb101", "net_type": "eip"}


@dag(schedule=None, catchup=False, tags=["drs"], doc_md=__doc__)
def report_opens_a_ticket():  # type: ignore[no-untyped-def]
    """Test, then migrate or open a ticket."""
    test = DrsTestConnectionsOperator(
        task_id="test_connections",
        jobs=[
            {**JOB, "end_point_type": "so", "db_conn_id": "orders_old", "label": "old orders"},
            {**JOB, "end_point_type": "ta", "db_conn_id": "orders_new", "label": "new orders"},
        ],
        on_failure="report",
    )

    @task.branch
    def decide(report: Any) -> str:
        """Return the id of the next task."""
        return "start_migration" if report["passed"] else "open_ticket"

    @task
    def start_migration() -> str:
        """Replace this with a task that starts the migration."""
        return "DRS can log in to both databases."

    @task
    def open_ticket(report: Any) -> str:
        """Replace this with a call of your ticket system; it returns the text of the ticket."""
        failed = [item for item in report["endpoints"] if not item["passed"]]
        lines = [f"- {item['label']} at {item['address']}: {item['text']}\n  {item['hint'] or ''}" for item in failed]
        return "\n".join(["DRS cannot log in to:", *lines])

    @task
    def fail_the_run() -> None:
        """Fail at once, without a retry; a task of its own, so that a retry opens no second ticket."""
        raise AirflowFailException("The gate is shut: the ticket names the databases.")

    ticket = open_ticket(test.output)
    decide(test.output) >> [start_migration(), ticket]
    ticket >> fail_the_run()


report_opens_a_ticket()
