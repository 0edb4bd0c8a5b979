"""What the log tells a DAG author about secrets, and what a run of the example without credentials sends."""

from __future__ import annotations

import json

import pytest
from airflow_runs import run_dag
from wire import Service

pytestmark = pytest.mark.usefixtures("airflow_db")


def connection(monkeypatch, conn_id, **fields):
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))


def drs(monkeypatch, service):
    extra = {"project_id": "a-project"}
    connection(monkeypatch, "drs_default", conn_type="drs", host=service.url, password="a-token", extra=extra)


def test_a_literal_secret_gives_one_warning_for_its_task_and_nothing_else_does(monkeypatch, console):
    connection(monkeypatch, "shop", conn_type="mysql", host="192.0.2.10", login="drs", password="correct horse battery")
    with Service() as service:
        drs(monkeypatch, service)
        run = run_dag("literal_secrets.py")

    assert {task: state for task, state in run.states.items() if state not in ("success", ["success"])} == {
        "json_text": "failed"
    }
    actual = console()
    assert actual.count("Keep the secret in an Airflow Connection and name that in db_conn_id") == len(
        ["literal", "json_text", "mapped"]
    )
    assert "Airflow keeps the code of DAGs" in actual


def test_the_example_without_credentials_sends_those_of_the_connections(monkeypatch):
    connection(monkeypatch, "orders_old", conn_type="mysql", host="192.0.2.1", login="drs", password="old password")
    connection(
        monkeypatch, "orders_new", conn_type="postgres", host="192.0.2.2", login="drs", password="new", schema="orders"
    )
    with Service() as service:
        drs(monkeypatch, service)
        run = run_dag("credentials_from_connections.py")

    assert run.states == {"test_connections": "success"}
    sent = {entry["ip"]: entry for request in service.calls("batch-connection") for entry in request.entries}
    assert sent["192.0.2.1"]["db_password"] == "old password"
    assert sent["192.0.2.2"]["db_name"] == "orders"
    assert {entry["db_type"] for entry in sent.values()} == {"mysql", "postgresql"}
