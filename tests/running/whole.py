"""One whole Airflow for all tests of this folder that need one; each has DAGs, and most a service, of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from airflow import __version__
from cryptography.fernet import Fernet
from decisions import troubled_services
from running_airflow import RunningAirflow, free_ports
from samples import both_ends, job_id
from triggerers import job_ids

from airflow_provider_drs.emulator.rehearsal import RehearsalEmulator

HERE = Path(__file__).parent
ORDERS = {"ORDERS_OLD": "203.0.113.10", "ORDERS_NEW": "203.0.113.20"}
REFUSED_TOKEN = "s3cr3t-c4nary-0f-waits"
FOLDERS = ["beginnings", "folder"]
if not __version__.startswith(("2.", "3.0.")):
    FOLDERS += ["approvals", "events"]
if __version__.startswith("3.3."):
    FOLDERS += ["policies"]


@dataclass(frozen=True)
class Whole:
    """A running Airflow, and the emulators of DRS by the ids of their Connections."""

    airflow: RunningAirflow
    emulators: dict[str, RehearsalEmulator]


@contextmanager
def whole_airflow(home: Path) -> Iterator[Whole]:
    """Run Airflow in an empty directory."""
    dags = home / "dags"
    for folder in FOLDERS:
        shutil.copytree(HERE / folder, dags / folder)
    shutil.copy(HERE.parents[1] / "example_dags" / "approval_by_a_person.py", dags)
    # what the DAG files read
    (home / "jobs.json").write_text(json.dumps([job_id(number) for number in range(5)]))
    waits = {"job_ids": job_ids(6), "poke_interval": 2, "drs_conn_id": "drs_killed"}
    (home / "waits.json").write_text(json.dumps(waits))
    gates = {"approved": both_ends(1), "rejected": both_ends(2)}

    with ExitStack() as stack:
        environment, emulators = stack.enter_context(troubled_services())
        for name in ("drs_default", "drs_events", "drs_beginnings", "drs_killed"):
            emulator = emulators[name] = RehearsalEmulator()
            stack.enter_context(emulator)
            environment[f"AIRFLOW_CONN_{name.upper()}"] = emulator.connection_json
        for each in (job_id(1), job_id(2)):
            emulators["drs_events"].world.add_job(each, "CREATING", ready_after_polls=1_000_000)
        beginnings = json.loads(emulators["drs_beginnings"].connection_json)
        (closed,) = free_ports(1)
        dead = {"host": f"http://127.0.0.1:{closed}", "extra": {**beginnings["extra"], "max_retry_seconds": 2}}
        environment |= {
            "AIRFLOW_CONN_REFUSED": json.dumps({**beginnings, "password": REFUSED_TOKEN}),
            "AIRFLOW_CONN_DEAD": json.dumps({**beginnings, **dead}),
            "AIRFLOW_VAR_GATES": json.dumps(gates),
            # the next triggerer soon takes over the waits of a killed one
            "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "3",
            "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "1",
        }
        for name, host in ORDERS.items():
            connection = {"conn_type": "mysql", "host": host, "login": "drs", "password": "s3cr3t-c4nary"}
            environment[f"AIRFLOW_CONN_{name}"] = json.dumps(connection)
        airflow = stack.enter_context(RunningAirflow(home, dags, environment, Fernet.generate_key().decode()))
        yield Whole(airflow, emulators)
