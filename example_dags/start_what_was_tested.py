"""The whole gate: a job is tested, stored and checked, and then started once, if nothing has changed in between.

The DAG needs the Connections ``drs_default``, ``orders_old`` and ``orders_new``. README.md in this folder explains how
to run it.
"""

from __future__ import annotations

from airflow.providers.common.compat.sdk import dag

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.operators.precheck import DrsPrecheckOperator
from airflow_provider_drs.operators.start import DrsStartJobsOperator

JOB = {"id": "00000001-2222-4333-8444-5555555jb101", "net_type": "eip"}


@dag(schedule=None, catchup=False, tags=["drs"], doc_md=__doc__)
def start_what_was_tested():  # type: ignore[no-untyped-def]
    """Test and store, check, start."""
    test = DrsTestConnectionsOperator(
        task_id="test_connections",
        jobs=[
            {**JOB, "end_point_type": "so", "db_conn_id": "orders_old"},
            {**JOB, "end_point_type": "ta", "db_conn_id": "orders_new"},
        ],
        store=True,
        job_settings={"node_type": "high"},
    )
    precheck = DrsPrecheckOperator(task_id="precheck", job_ids=JOB["id"], poll_interval=1)
    start = DrsStartJobsOperator(
        task_id="start",
        job_ids=JOB["id"],
        # the reports prove that this very job was tested, stored and checked within the last hour
        evidence=[test.output, precheck.output],
        poll_interval=1,
        deferrable=True,
        # a retry never starts a job twice, so it may wait out an outage of DRS
        retries=3,
    )
    test >> precheck >> start


start_what_was_tested()
