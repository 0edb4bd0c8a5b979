"""One whole gate with an approval for each entry of a Variable."""

import datetime

from airflow.providers.common.compat.sdk import DAG, Variable

from airflow_provider_drs.task_groups import migration_gate

for name, endpoints in Variable.get("gates", deserialize_json=True, default={}).items():
    with DAG(name, schedule=None, start_date=datetime.datetime(2026, 1, 1)):
        migration_gate(
            jobs=endpoints,
            poke_interval=1,
            poll_interval=1,
            test={"job_settings": {"node_type": "high"}},
            approval={"body": "Wave 7."},
        )
