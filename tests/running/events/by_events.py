"""Gates that announce that they are open, and DAGs that events start."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, AssetWatcher, dag, task

from airflow_provider_drs.operators.approval import DrsApprovalOperator
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.triggers.event import DrsJobStatusEventTrigger

CONNECTION = "drs_events"
WATCHED = ["00000001-2222-4333-8444-5555555jb101", "00000002-2222-4333-8444-5555555jb101"]
TESTED = "00000003-2222-4333-8444-5555555jb101"
ENDPOINT = {
    "id": TESTED,
    "net_type": "eip",
    "db_type": "mysql",
    # the run decides whether its gate is open
    "ip": "{{ '203.0.113.10' if 'shut' in run_id else '203.0.113.20' }}",
    "db_port": 3306,
    "db_user": "drs",
    "db_password": "s3cr3t-c4nary",
    "end_point_type": "so",
}
TESTED_WAVE, APPROVED_WAVE = Asset("drs://wave-1/tested"), Asset("drs://wave-1/approved")
READY = Asset(
    "drs-jobs-ready",
    watchers=[
        AssetWatcher(name="drs", trigger=DrsJobStatusEventTrigger(WATCHED, drs_conn_id=CONNECTION, poke_interval=1))
    ],
)


@task
def told(triggering_asset_events: Any = None) -> list[Any]:  # Airflow fills it in
    """Return URI and extra of each event that started the run."""
    assets = (TESTED_WAVE, APPROVED_WAVE, READY)
    return [[asset.uri, event.extra] for asset in assets for event in triggering_asset_events.get(asset, ())]


@dag(schedule=None)
def gate():
    DrsTestConnectionsOperator(
        task_id="test", drs_conn_id=CONNECTION, jobs=[ENDPOINT], on_failure="report", gate_asset=TESTED_WAVE
    )


@dag(schedule=None)
def asking():
    test = DrsTestConnectionsOperator(task_id="test", drs_conn_id=CONNECTION, jobs=[ENDPOINT])
    DrsApprovalOperator(task_id="approve", report=test.output, gate_asset=APPROVED_WAVE)


@dag(schedule=TESTED_WAVE | APPROVED_WAVE)
def migration():
    told()


@dag(schedule=READY)
def watching():
    told()


gate()
asking()
migration()
watching()
