"""Every example DAG runs as it stands."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from airflow_runs import load_dag, run_dag
from samples import job_id

from airflow_provider_drs.emulator.scenario import load_world
from airflow_provider_drs.emulator.server import Emulator

EXAMPLES = Path(__file__).parents[2] / "example_dags"


@pytest.mark.parametrize("file", sorted(file.name for file in EXAMPLES.glob("*.py")))
def test_an_example_is_one_dag_of_the_same_name(file):
    assert load_dag(file).dag_id == Path(file).stem


@pytest.mark.usefixtures("airflow_db")
@pytest.mark.parametrize("closed", [None, "billing_new"])
def test_the_gate_lets_the_migration_start_only_when_every_database_answers(monkeypatch, console, closed):
    jobs = {"orders": job_id(1), "billing": job_id(2)}
    scenario = {"jobs": [{"id": job, "ready_after_polls": 0} for job in jobs.values()]}
    names = [f"{job}_{age}" for job in jobs for age in ("old", "new")]
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as shut:
        shut.bind(("127.0.0.1", 0))
        databases = {
            name: {
                "id": jobs[name.split("_")[0]],
                "end_point_type": "so" if name.endswith("old") else "ta",
                "db_type": "gaussdbv5",  # of which the emulator tests the port and no login
                "ip": "127.0.0.1",
                "db_port": (shut if name == closed else listening).getsockname()[1],
                "db_user": "drs",
                "db_name": name,
            }
            for name in names
        }
        monkeypatch.setenv("AIRFLOW_VAR_DRS_DATABASES", json.dumps(databases))
        for name in names:
            connection = {"conn_type": "postgres", "password": f"s3cr3t-c4nary-{name}"}
            monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))
        with Emulator(load_world(scenario)) as emulator:
            monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", emulator.connection_json)
            run = run_dag("pre_migration_gate.py")

    assert run.states == {
        "wait_until_configurable": "success",
        "test_connections": "failed" if closed else "success",
        "start_migration": "upstream_failed" if closed else "success",
    }
    assert run.xcoms["wait_until_configurable"] == dict.fromkeys(jobs.values(), "CONFIGURATION")
    report = run.xcoms["test_connections"]["endpoints"]
    assert [item["label"] for item in report] == names
    assert [item["label"] for item in report if not item["passed"]] == ([closed] if closed else [])
    assert "s3cr3t-c4nary" not in console() + json.dumps(run.xcoms)
