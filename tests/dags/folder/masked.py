"""Secrets in members whose names mean nothing to Airflow: as text, beside a template that breaks, and by templates."""

import os

from airflow.providers.common.compat.sdk import dag

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

LITERAL = os.environ.get("LITERAL_SECRET", "a literal secret")
MEMBERS = {"net_type": "eip", "end_point_type": "so", "db_type": "mysql", "ip": "192.0.2.10", "db_port": 3306}
ENDPOINT = {"id": "00000001-2222-4333-8444-5555555jb101", **MEMBERS, "db_user": "drs", "db_password": "drs password"}


@dag(schedule=None, params={"secret": "", "another": ""})
def masked():
    DrsTestConnectionsOperator(task_id="breaks", jobs=[{**ENDPOINT, "ssl_cert_key": LITERAL, "label": "{{ 1 / 0 }}"}])
    kafka = {"trust_store_key": "{{ params.another }}"}
    rendered = {**ENDPOINT, "ssl_cert_key": "{{ params.secret }}", "kafka_security_config": kafka}
    DrsTestConnectionsOperator(task_id="renders", jobs=[rendered])


masked()
