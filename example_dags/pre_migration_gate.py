"""Start a migration only when DRS can log in to every source and every target.

A team stores:

* the list of databases as the Variable ``drs_databases``, ``{name: {"id": <DRS job>, "end_point_type": "so" or "ta",
  "db_type", "ip", "db_port", "db_user", ...}}``, with members as in the DRS API;
* the password of each database in a Connection of the same name;
* the credential for DRS as the Connection ``drs_default``.

``airflow dags test pre_migration_gate`` runs it against the DRS and the databases that these name, or the emulator.
"""

from __future__ import annotations

from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor

DATABASES = ("orders_old", "orders_new", "billing_old", "billing_new")


def endpoint(name: str) -> dict[str, str]:
    """Return the endpoint of one database as templates, so that this file holds no address and no password."""
    members = ("id", "end_point_type", "db_type", "ip", "db_port", "db_user", "db_name")
    return {
        **{member: f"{{{{ var.json.drs_databases.{name}.{member} }}}}" for member in members},
        "label": name,
        "net_type": "{{ params.net_type }}",
        "db_password": f"{{{{ conn.{name}.password }}}}",
    }


@dag(schedule=None, catchup=False, params={"net_type": "eip"}, tags=["drs"], doc_md=__doc__)
def pre_migration_gate():  # type: ignore[no-untyped-def]
    """Wait for the jobs, test their endpoints, then migrate."""
    wait = DrsJobStatusSensor(
        task_id="wait_until_configurable",
        job_ids=[f"{{{{ var.json.drs_databases.{name}.id }}}}" for name in DATABASES],
        poke_interval=10,
        timeout=3600,
        deferrable=True,
    )
    test = DrsTestConnectionsOperator(
        task_id="test_connections",
        jobs=[endpoint(name) for name in DATABASES],
    )

    @task
    def start_migration() -> str:
        """Replace this with a task that starts the migration; it runs only when the gate is open."""
        return "The gate is open: every source and every target lets DRS in."

    wait >> test >> start_migration()


pre_migration_gate()
