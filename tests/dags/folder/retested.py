"""A gate that may test again in two ways: within its task, and by Airflow's retries."""

from airflow.providers.common.compat.sdk import dag

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator


@dag(schedule=None, params={"endpoints": []})
def retested():
    DrsTestConnectionsOperator(
        task_id="test",
        jobs="{{ params.endpoints | tojson }}",
        retries=3,
        retry_delay=0,
        retest_attempts=3,
        retest_delay=0,
    )


retested()
