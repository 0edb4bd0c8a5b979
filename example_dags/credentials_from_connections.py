"""Test both sides of a migration; the DAG holds no credential and no address.

A team stores:

* each database, with its password and certificate, as an Airflow Connection, ``orders_old`` and ``orders_new``, best in
  a secrets backend;
* the id of the DRS job as the parameter ``job_id`` of the run;
* the credential for DRS as the Connection ``drs_default``.
"""

from __future__ import annotations

from airflow.providers.common.compat.sdk import dag

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator


@dag(
    schedule=None,
    catchup=False,
    params={"job_id": "00000001-2222-4333-8444-5555555jb101", "net_type": "eip"},
    tags=["drs"],
    doc_md=__doc__,
)
def credentials_from_connections():  # type: ignore[no-untyped-def]
    """Name the Connection of each side; the Connection has type, address, login and TLS."""
    job = {"id": "{{ params.job_id }}", "net_type": "{{ params.net_type }}"}
    DrsTestConnectionsOperator(
        task_id="test_connections",
        jobs=[
            {**job, "end_point_type": "so", "db_conn_id": "orders_old", "label": "old orders"},
            {**job, "end_point_type": "ta", "db_conn_id": "orders_new", "label": "new orders"},
        ],
    )


credentials_from_connections()
