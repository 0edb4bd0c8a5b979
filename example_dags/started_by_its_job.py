"""No schedule and no sensor: the DAG starts when its job gets into ``CONFIGURATION``, and its open gate starts others.

An asset watcher polls the job in the triggerer. When the gate is open, an event of the asset ``drs://orders`` carries
the digest and the summary of the report; a DAG with ``schedule=Asset("drs://orders")`` starts then. Airflow has asset
watchers from 3.0 on. On Airflow 2 this file defines no DAG. The DAG needs the Connections ``drs_default``,
``orders_old`` and ``orders_new``. README.md in this folder explains how to run it.
"""

from __future__ import annotations

from airflow.providers.common.compat.sdk import Asset, dag
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.triggers.event import DrsJobStatusEventTrigger

JOB = {"id": "00000001-2222-4333-8444-5555555jb101", "net_type": "eip"}

if AIRFLOW_V_3_0_PLUS:
    from airflow.sdk import AssetWatcher

    WATCHER = AssetWatcher(name="drs", trigger=DrsJobStatusEventTrigger(JOB["id"], poke_interval=30))

    @dag(schedule=Asset("drs-orders-ready", watchers=[WATCHER]), catchup=False, tags=["drs"], doc_md=__doc__)
    def started_by_its_job():  # type: ignore[no-untyped-def]
        """Test, and tell others if the gate is open."""
        DrsTestConnectionsOperator(
            task_id="test_connections",
            jobs=[
                {**JOB, "end_point_type": "so", "db_conn_id": "orders_old"},
                {**JOB, "end_point_type": "ta", "db_conn_id": "orders_new"},
            ],
            gate_asset=Asset("drs://orders"),
        )

    started_by_its_job()
