"""Tests what the run's configuration names; only connection ids and no credential go through it."""

from airflow.providers.common.compat.sdk import dag

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator


@dag(schedule=None, params={"endpoints": []})
def of_connections():
    DrsTestConnectionsOperator(task_id="test", jobs="{{ params.endpoints | tojson }}", do_xcom_push=True)


of_connections()
