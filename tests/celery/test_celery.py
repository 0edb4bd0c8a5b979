"""The whole gate through Celery workers leaves the reports that it leaves on one machine, and starts each job once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from airflow_runs import run_dag
from cryptography.fernet import Fernet
from databases import JOBS, Databases
from postgres import Postgres
from running_airflow import RunningAirflow, free_ports, wait_until

from airflow_provider_drs.emulator.scenario import load_world
from airflow_provider_drs.emulator.server import Emulator

pytestmark = pytest.mark.celery

GATE = "whole_gate"
EXAMPLE = Path(__file__).parents[2] / "example_dags" / f"{GATE}.py"
PARTS = ("api-server", "scheduler", "dag-processor", "triggerer", "celery worker")
OF_ONE_RUN = {"seconds", "request_id", "checked_at", "summary", "update_time"}
"""What two runs of the same gate may tell differently; all else is the same."""


@contextmanager
def redis(directory: Path) -> Iterator[str]:
    """Run a Redis that keeps nothing; yield its URL."""
    port = str(free_ports(1)[0])
    listening = ["--port", port, "--bind", "127.0.0.1"]
    server = subprocess.Popen(["redis-server", *listening, "--save", "", "--dir", directory], stdout=subprocess.DEVNULL)
    try:
        answers = ["redis-cli", "-p", port, "ping"]
        wait_until("Redis answers", lambda: subprocess.run(answers, capture_output=True).returncode == 0, 20)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


STEPS = ("gate.test_connections", "gate.precheck", "gate.start")


def by_celery(airflow: RunningAirflow, run: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Run the gate; return the states of its tasks and the reports of its steps."""
    path = f"/dags/{GATE}/dagRuns/{run}"
    airflow.start(GATE, run)
    wait_until(f"{run} is over", lambda: airflow._json(path).get("state") in ("success", "failed"), 400)
    tasks = airflow._json(f"{path}/taskInstances")["task_instances"]
    reports = {step: airflow._json(f"{path}/taskInstances/{step}/xcomEntries/return_value") for step in STEPS}
    return (
        {task["task_id"]: task["state"] for task in tasks},
        {step: lasting(report["value"]) for step, report in reports.items() if "value" in report},
    )


def lasting(report: Any) -> Any:
    """Return a report without what belongs to one run alone."""
    if isinstance(report, list):
        return [lasting(each) for each in report]
    if isinstance(report, dict):
        return {name: lasting(value) for name, value in report.items() if name not in OF_ONE_RUN}
    return report


@pytest.mark.usefixtures("airflow_db")
def test_the_gate_through_celery_tells_what_it_tells_on_one_machine(tmp_path, monkeypatch):
    home, dags = tmp_path / "home", tmp_path / "dags"
    home.mkdir()
    dags.mkdir()
    shutil.copy(EXAMPLE, dags)
    with ExitStack() as stack:
        postgres = stack.enter_context(Postgres(tmp_path))
        postgres.execute("CREATE ROLE airflow LOGIN PASSWORD 'airflow'")
        postgres.execute("CREATE DATABASE airflow OWNER airflow")
        metadata = f"postgresql://airflow:airflow@127.0.0.1:{postgres.port}/airflow"
        databases = Databases(postgres)
        scenario = {"jobs": [{"id": job, "ready_after_polls": 2} for job in JOBS.values()]}
        there, here = (stack.enter_context(Emulator(load_world(scenario))) for _ in range(2))
        given = databases.as_airflow_sees_them()
        for name, value in {**given, "AIRFLOW_CONN_DRS_DEFAULT": here.connection_json}.items():
            monkeypatch.setenv(name, value)
        settings = {
            "AIRFLOW_CONN_DRS_DEFAULT": there.connection_json,
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": stack.enter_context(redis(tmp_path)),
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{metadata}",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "2",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata.replace("postgresql", "postgresql+psycopg2"),
        }
        in_home = {**os.environ, **settings, "AIRFLOW_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=in_home, check=True, capture_output=True)
        key = Fernet.generate_key().decode()
        airflow = stack.enter_context(RunningAirflow(home, dags, {**given, **settings}, key, PARTS))

        postgres.execute("ALTER ROLE billing_new PASSWORD 'changed yesterday'")
        shut, shut_here = by_celery(airflow, "shut"), run_dag(f"{GATE}.py")
        postgres.execute(f"ALTER ROLE billing_new PASSWORD '{databases.passwords['billing_new']}'")
        opened, opened_here = by_celery(airflow, "opened"), run_dag(f"{GATE}.py")
        with psycopg.connect(metadata) as connection:
            through_celery = connection.execute("SELECT 1 FROM celery_taskmeta").rowcount

    for (states, reports), run in ((shut, shut_here), (opened, opened_here)):
        assert states == run.states
        assert reports == {step: lasting(run.xcoms[step]) for step in STEPS if run.xcoms[step] is not None}
    endpoints = shut[1]["gate.test_connections"]["endpoints"]
    assert [item["passed"] for item in endpoints] == [True, True, True, False]
    assert "password authentication failed" in endpoints[3]["text"]
    assert set(opened[0].values()) == {"success"}
    assert [emulator.world.job(job).starts for emulator in (there, here) for job in JOBS.values()] == [1, 1, 1, 1]
    # what was deferred, Celery had twice
    of_the_second = ["wait", "test", "precheck", "precheck", "start", "start", "follow"]
    assert through_celery == len(["wait", "wait", "test", *of_the_second])
