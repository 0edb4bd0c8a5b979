"""Gates with an asset each, for what the run's configuration names."""

from airflow.providers.common.compat.sdk import Asset, dag

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.operators.precheck import DrsPrecheckOperator
from airflow_provider_drs.task_groups import migration_gate

ENDPOINTS = "{{ params.endpoints | tojson }}"
NEVER_STORED = "00000009-2222-4333-8444-5555555jb101"


@dag(schedule=None, params={"endpoints": [], "job_ids": []})
def announced():
    DrsTestConnectionsOperator(
        task_id="test", jobs=ENDPOINTS, on_failure="report", gate_asset=Asset("drs://announced/test")
    )
    DrsPrecheckOperator(
        task_id="never_open",
        job_ids=NEVER_STORED,
        on_failure="report",
        poll_interval=0.1,
        gate_asset=Asset("drs://announced/never_open"),
    )
    migration_gate(
        jobs=ENDPOINTS,
        job_ids="{{ params.job_ids }}",
        test={"job_settings": {"node_type": "high"}},
        deferrable=True,
        poll_interval=0.1,
        poke_interval=0.1,
        gate_asset=Asset("drs://announced/gate"),
    )


announced()
