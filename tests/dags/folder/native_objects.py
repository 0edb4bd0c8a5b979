"""A DAG that asks Jinja for native objects, so that a template yields a list."""

from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator


@dag(schedule=None, params={"endpoints": []}, render_template_as_native_obj=True)
def native_objects():
    @task
    def endpoints(params=None):
        return params["endpoints"]

    endpoints() >> DrsTestConnectionsOperator(task_id="native", jobs="{{ ti.xcom_pull('endpoints') }}")


native_objects()
