"""Retest until the firewall opens: failed endpoints are tested again each minute, for an hour at most.

Each test is another login. Use this for a database that is not reachable yet; with a wrong password, repeated logins
may lock the account. The task occupies a worker during the hour. The DAG needs the Connections ``drs_default``,
``orders_old`` and ``orders_new``. README.md in this folder explains how to run it.
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
        """Replace this with a task that starts the migration."""
        return "DRS can log in to both databases by now."

    test >> start_migration()


retest_until_the_firewall_opens()
