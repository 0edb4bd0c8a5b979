"""Secrets given as text, and in the ways that leave none in a DAG."""

from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

ADDRESS = {"id": "00000001-2222-4333-8444-5555555jb101", "net_type": "eip", "end_point_type": "so"}
DATABASE = {**ADDRESS, "db_type": "mysql", "ip": "192.0.2.10", "db_port": 3306, "db_user": "drs"}
LITERAL = {**DATABASE, "db_password": "correct horse battery", "ssl_cert_password": "staple of batteries"}
TEXT = '[{"id": "00000001-2222-4333-8444-5555555jb101", "db_password": "correct horse"}]'


@dag(schedule=None)
def literal_secrets():
    @task
    def handed_over():
        return [{**DATABASE, "db_password": "correct horse battery"}]

    DrsTestConnectionsOperator(task_id="literal", jobs=[LITERAL, LITERAL])
    DrsTestConnectionsOperator(task_id="json_text", jobs=TEXT)
    DrsTestConnectionsOperator.partial(task_id="mapped").expand(jobs=[[LITERAL]])
    DrsTestConnectionsOperator(task_id="by_connection", jobs=[{**ADDRESS, "db_conn_id": "shop"}])
    DrsTestConnectionsOperator(task_id="by_template", jobs=[{**DATABASE, "db_password": "{{ conn.shop.password }}"}])
    given = handed_over()
    DrsTestConnectionsOperator(task_id="by_xcom", jobs=given)
    DrsTestConnectionsOperator.partial(task_id="by_mapped_xcom").expand(jobs=given)


literal_secrets()
