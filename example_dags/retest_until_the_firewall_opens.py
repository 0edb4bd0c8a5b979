"""Retest until the firewall opens: what did not pass is tested again each minute, for an hour at most.

Only endpoints that failed are tested again. Each test is another login, so this suits a database that is not reachable
yet, and not one with a wrong password, which may lock the account. The task holds its worker meanwhile. Needs the
Connections ``drs_default``, ``orders_old`` and ``orders_new``; README.md beside this file says how to run it.
"""

from __future__ import annotations

from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

JOB = {"id": "00000001-2222-4333-8444-5555555jb101", "net_type": "eip"}


@dag(schedule=None, catchup=False, tags=["drs"], doc_md=__doc__)
def retest_until_the_firewall_opens():  # type: ignore[no-untyped-def]
    """Test again and again, then migrate."""
    test = DrsTestConnectionsOperator(
        task_id="test_connections",
        jobs=[
            {**JOB, "end_point_type": "so", "db_conn_id": "orders_old"},
            {**JOB, "end_point_type": "ta", "db_conn_id": "orders_new"},
        ],
        retest_attempts=60,
        retest_delay=60,
    )

    @task
    def start_migration() -> str:
        """Stand for whatever starts the migration."""
        return "DRS can log in to both databases by now."

    test >> start_migration()


retest_until_the_firewall_opens()
