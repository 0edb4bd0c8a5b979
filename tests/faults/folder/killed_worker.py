"""Tests twelve endpoints in twelve calls, and retries once when the worker dies."""

import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

with DAG("killed_worker", schedule=None, start_date=datetime.datetime(2026, 1, 1)):
    DrsTestConnectionsOperator(
        task_id="test",
        jobs="{{ var.value.endpoints }}",
        batch_size=1,
        max_concurrency=2,
        retries=1,
        retry_delay=datetime.timedelta(seconds=1),
    )
