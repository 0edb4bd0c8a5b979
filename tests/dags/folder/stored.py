"""Tests and stores what the run's configuration names."""

from airflow.providers.common.compat.sdk import dag

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator


@dag(schedule=None, params={"endpoints": [], "settings": None})
def stored():
    DrsTestConnectionsOperator(
        task_id="test",
        jobs="{{ params.endpoints | tojson }}",
        store=True,
        job_settings="{{ params.settings | tojson }}",
    )


stored()
