"""An Airflow in which gates have run: the pages of a browser show what became of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet
from running_airflow import RunningAirflow, wait_until

from airflow_provider_drs.emulator.rehearsal import RehearsalEmulator

ACCESS_DENIED = "Access denied for user 'drs'@'203.0.113.7' (using password: YES)"
CONNECTION_REFUSED = "parcels-old.example.com:3306: Connection refused"


@contextmanager
def airflow_after_gates(home: Path) -> Iterator[RunningAirflow]:
    """Run Airflow in an empty directory, and in it the DAGs of ``folder``; one task of ``reports`` still waits."""
    emulator = RehearsalEmulator()
    with emulator:
        emulator.databases.refuse("billing-new.example.com", ACCESS_DENIED, code="DRS.KE0002")
        emulator.databases.refuse("parcels-old.example.com", CONNECTION_REFUSED)
        emulator.world.add_job("00000010-2222-4333-8444-5555555jb101", "CREATE_FAILED")
        emulator.world.add_job("00000063-2222-4333-8444-5555555jb101", "CREATING", ready_after_polls=10**6)
        connection = json.loads(emulator.connection_json)
        connection["extra"] = {**connection["extra"], "console_url": "https://console.example.com/drs"}
        environment = {
            "AIRFLOW_CONN_DRS_DEFAULT": json.dumps(connection),
            "AIRFLOW_VAR_DATABASE_PASSWORD": "correct horse battery",
            # the default of Airflow 2, and beside it the one of these tests
            "AIRFLOW__API__AUTH_BACKENDS": "airflow.api.auth.backend.session,airflow.api.auth.backend.basic_auth",
        }
        dags = Path(__file__).parent / "folder"
        with RunningAirflow(home, dags, environment, Fernet.generate_key().decode()) as airflow:
            for dag in ("failed_gate", "reports"):
                airflow.start(dag)
            wait_until("the gate has failed", lambda: airflow.run_state("failed_gate") == "failed", 240)
            open_states = {"None", "scheduled", "queued", "running"}
            wait_until(
                "only one task waits",
                lambda: not open_states & {state for _, state in airflow.states("reports")},
                900,
            )
            yield airflow
