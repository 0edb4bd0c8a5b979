"""A whole gate for each job of a Variable, a test of many endpoints, and a start that shows too late; all may retry."""

import datetime

from airflow.providers.common.compat.sdk import DAG, Variable

from airflow_provider_drs.api.starts import look
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.task_groups import migration_gate

# long enough for many looks
look.LOOK_SECONDS = 4

# Airflow 2 may take one death for two, that of a process and, a little later, that of a zombie; each takes a retry
RETRY = {"retries": 3, "retry_delay": datetime.timedelta(seconds=1)}

for name, endpoints in Variable.get("gates", deserialize_json=True).items():
    with DAG(name, schedule=None, start_date=datetime.datetime(2026, 1, 1), default_args=RETRY):
        migration_gate(
            jobs=endpoints,
            drs_conn_id=name,
            test={"job_settings": {"node_type": "high"}},
            poke_interval=0.2,
            poll_interval=0.2,
        )

with DAG("many", schedule=None, start_date=datetime.datetime(2026, 1, 1), default_args=RETRY):
    DrsTestConnectionsOperator(
        task_id="test", jobs="{{ var.value.endpoints }}", drs_conn_id="many", batch_size=1, max_concurrency=2
    )

with DAG("late", schedule=None, start_date=datetime.datetime(2026, 1, 1), default_args=RETRY):
    migration_gate(
        jobs="{{ var.value.late }}",
        job_ids="{{ var.json.late[0].id }}",
        deferrable=True,
        poke_interval=0.2,
        poll_interval=0.2,
        test={"job_settings": {"node_type": "high"}},
        start={"timeout": 5},
    )
