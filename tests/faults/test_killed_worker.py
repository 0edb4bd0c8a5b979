"""A worker that dies during a run leaves no connection open, and Airflow's retry returns a whole report."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from cryptography.fernet import Fernet
from running_airflow import RunningAirflow, wait_until
from samples import endpoint, job_id
from wire import Reply, Request, Service, all_pass

pytestmark = pytest.mark.running_airflow

ENDPOINTS = 12


def test_the_retry_of_a_killed_worker_gives_a_whole_report(tmp_path):
    holding, killed = threading.Event(), threading.Event()

    def hold_from_the_fifth_call_on(request: Request) -> Reply:
        if len(service.requests) >= 5 and not killed.is_set():
            holding.set()
            killed.wait(60)
        return all_pass(request)

    def callers() -> set[int]:
        port = urlsplit(service.url).port
        connections = psutil.net_connections("tcp")
        return {each.pid for each in connections if each.raddr and each.raddr.port == port and each.pid} - {os.getpid()}

    with Service(hold_from_the_fifth_call_on) as service:
        connection = {"conn_type": "drs", "host": service.url, "password": "t", "extra": {"project_id": "p"}}
        environment = {
            "AIRFLOW_CONN_DRS_DEFAULT": json.dumps(connection),
            "AIRFLOW_VAR_ENDPOINTS": json.dumps([endpoint(number) for number in range(ENDPOINTS)]),
        }
        dags = Path(__file__).parent / "folder"
        with RunningAirflow(tmp_path, dags, environment, Fernet.generate_key().decode()) as airflow:
            airflow.start("killed_worker")
            wait_until("the service holds a call", holding.is_set, 120)
            (worker,) = callers()
            os.kill(worker, signal.SIGKILL)
            killed.set()
            wait_until("the run is over", lambda: airflow.run_state("killed_worker") in ("success", "failed"), 120)
            (task,) = airflow._json("/dags/killed_worker/dagRuns/run/taskInstances")["task_instances"]
            report = airflow.xcom("killed_worker", "test")
        assert callers() == set()

    assert (task["state"], task["try_number"]) == ("success", 2)
    assert [item["job_id"] for item in report["endpoints"]] == [job_id(number) for number in range(ENDPOINTS)]
    assert report["passed"] is True
    assert len(service.requests) > ENDPOINTS, "the second try tests every endpoint again"
