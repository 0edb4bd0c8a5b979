"""Starts one job on the evidence of a Variable, and retries when the worker dies."""

import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_drs.api.starts import look
from airflow_provider_drs.operators.start import DrsStartJobsOperator

# long enough for many looks
look.LOOK_SECONDS = 4

with DAG("killed_start", schedule=None, start_date=datetime.datetime(2026, 1, 1)):
    DrsStartJobsOperator(
        task_id="start",
        job_ids="{{ var.value.job_id }}",
        evidence="{{ var.value.evidence }}",
        poll_interval=0.2,
        retries=1,
        retry_delay=datetime.timedelta(seconds=1),
    )
