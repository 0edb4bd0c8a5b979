"""Tests what the run's configuration names, and has something downstream."""

from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator


@dag(schedule=None, params={"endpoints": []})
def gate():
    @task
    def migrate():
        return "migrated"

    test = DrsTestConnectionsOperator(task_id="test", jobs="{{ params.endpoints | tojson }}", retries=2, retry_delay=0)
    test >> migrate()


gate()
