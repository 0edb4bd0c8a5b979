"""Test both sides of a migration without a credential, or even an address, in the DAG.

What a team keeps where:

* each database, with its password and certificate: an Airflow Connection of its own, ``orders_old`` and ``orders_new``,
  best in a secrets backend;
* the id of the DRS job: the ``job_id`` parameter of the run;
* the credential for DRS: the Connection ``drs_default``.
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
    """Name the Connection of each side; it says the rest."""
    job = {"id": "{{ params.job_id }}", "net_type": "{{ params.net_type }}"}
    DrsTestConnectionsOperator(
        task_id="test_connections",
        jobs=[
            {**job, "end_point_type": "so", "db_conn_id": "orders_old", "label": "old orders"},
            {**job, "end_point_type": "ta", "db_conn_id": "orders_new", "label": "new orders"},
        ],
    )


credentials_from_connections()
