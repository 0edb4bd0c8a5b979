"""The same test with each way to take a failure, and once without an XCom; retries are there to be spent."""

from airflow.providers.common.compat.sdk import dag

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator


@dag(schedule=None, params={"endpoints": []})
def second_thoughts():
    common = {"jobs": "{{ params.endpoints | tojson }}", "retries": 2, "retry_delay": 0}
    for choice in ("fail", "skip", "report"):
        DrsTestConnectionsOperator(task_id=choice, on_failure=choice, **common)
    DrsTestConnectionsOperator(task_id="silent", do_xcom_push=False, **common)


second_thoughts()
