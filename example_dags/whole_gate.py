"""The whole gate: wait, test and store, DRS's own pre-check, start. No migration starts without fresh evidence.

A team stores:

* the list of databases as the Variable ``drs_databases``, ``{name: {"id": <DRS job>, "end_point_type": "so" or "ta",
  "db_type", "ip", "db_port", "db_user", ...}}``, with members as in the DRS API;
* the password of each database in a Connection of the same name;
* the credential for DRS as the Connection ``drs_default``;
* the alarms of the pre-check that are accepted in the DAG's parameter ``waivers``, or in a file beside the DAG.

``airflow dags test whole_gate`` runs it against the DRS and the databases that these name, or the emulator.
"""

from __future__ import annotations

from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_drs.task_groups import migration_gate

DATABASES = ("orders_old", "orders_new", "billing_old", "billing_new")


def endpoint(name: str) -> dict[str, str]:
    """Return the endpoint of one database as templates, so that this file holds no address and no password."""
    members = ("id", "end_point_type", "db_type", "ip", "db_port", "db_user", "db_name")
    return {
        **{member: f"{{{{ var.json.drs_databases.{name}.{member} }}}}" for member in members},
        "label": name,
        "net_type": "eip",
        "db_password": f"{{{{ conn.{name}.password }}}}",
    }


@dag(schedule=None, catchup=False, params={"waivers": []}, tags=["drs"], doc_md=__doc__)
def whole_gate():  # type: ignore[no-untyped-def]
    """Open the gate, and with it start the migration."""
    gate = migration_gate(
        jobs=[endpoint(name) for name in DATABASES],
        deferrable=True,
        poke_interval=10,
        poll_interval=5,
        waivers="{{ params.waivers }}",
        # what DRS does not tell of a job
        test={"job_settings": {"node_type": "high"}},
    )

    @task
    def follow_migration() -> str:
        """Replace this with a task that follows the migration; it runs only when all jobs have started."""
        return "Every job has started."

    gate >> follow_migration()


whole_gate()
