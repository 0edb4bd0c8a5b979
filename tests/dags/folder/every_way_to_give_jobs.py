"""Hands the same endpoints to the operator in each way that DAG authors use."""

from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator


@dag(schedule=None, params={"endpoints": []})
def every_way_to_give_jobs():
    @task
    def endpoints(params=None):
        return params["endpoints"]

    given = endpoints()
    DrsTestConnectionsOperator(task_id="xcom", jobs=given)
    given >> DrsTestConnectionsOperator(task_id="text_of_an_xcom", jobs="{{ ti.xcom_pull('endpoints') }}")
    DrsTestConnectionsOperator(task_id="json_text", jobs="{{ params.endpoints | tojson }}")
    DrsTestConnectionsOperator(
        task_id="templated_members",
        jobs=[
            {
                "id": "{{ params.endpoints[0].id }}",
                "net_type": "eip",
                "db_type": "mysql",
                "ip": "{{ params.endpoints[0].ip }}",
                "db_port": "{{ params.endpoints[0].db_port }}",
                "db_user": "drs",
                "db_password": "{{ params.endpoints[0].db_password }}",
                "end_point_type": "so",
                "ssl_link": "{{ false }}",
            }
        ],
    )
    DrsTestConnectionsOperator.partial(task_id="mapped").expand(jobs=given)


every_way_to_give_jobs()
