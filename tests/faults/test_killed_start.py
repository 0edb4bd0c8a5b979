"""A worker that dies at any moment of a start, and Airflow's retry after it, start a job once at most."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from cryptography.fernet import Fernet
from running_airflow import RunningAirflow, wait_until
from samples import job_id
from starts import evidence_of, have_ready, starts
from wire import Reply, Request, Service

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

pytestmark = pytest.mark.running_airflow

JOB = job_id(1)


class Between(Service):
    """It hands each call on to the emulator, and holds the first call of an operation until the caller is dead.

    :param emulator: answers.
    :param operation: the last word of the path.
    :param done: whether the emulator does what the held call asks; it is held before that or after it.
    """

    def __init__(self, emulator: Emulator, operation: str, done: bool) -> None:
        super().__init__(self._reply)
        self._emulator, self._operation, self._done = emulator, operation, done
        self.holding, self.killed = threading.Event(), threading.Event()

    def _reply(self, request: Request) -> Reply:
        held = request.path.endswith(self._operation) and not self.killed.is_set()
        if held and not self._done:
            return self._hold()
        headers = {name: value for name, value in request.headers.items() if name.lower().startswith("x-")}
        answer = requests.post(f"{self._emulator.url}{request.path}", json=request.json, headers=headers, timeout=10)
        if held:
            return self._hold()
        return Reply(answer.json(), answer.status_code, {"X-Request-Id": answer.headers["X-Request-Id"]})

    def _hold(self) -> Reply:
        self.holding.set()
        self.killed.wait(60)
        return Reply({}, status=503)

    def callers(self) -> set[int]:
        port = urlsplit(self.url).port
        connections = psutil.net_connections("tcp")
        return {each.pid for each in connections if each.raddr and each.raddr.port == port and each.pid} - {os.getpid()}


@pytest.mark.parametrize(
    ("operation", "done", "state", "count", "said"),
    [
        pytest.param("batch-detail", False, "success", 1, "", id="before the marker"),
        pytest.param("batch-starting", False, "failed", 0, "it is not known whether", id="during a start that is lost"),
        pytest.param("batch-starting", True, "success", 1, "", id="during a start that is accepted"),
        pytest.param("batch-status", False, "success", 1, "", id="after the start"),
    ],
)
def test_a_job_is_started_once_at_most_although_the_worker_is_killed(tmp_path, operation, done, state, count, said):
    emulator = Emulator(World(ready_after_polls=3))
    between = Between(emulator, operation, done)
    with emulator, between:
        have_ready(emulator, 1)
        world = emulator.world
        with DrsClient(emulator.url, world.project_id, TokenAuth(world.token)) as client:
            evidence = evidence_of(client, [JOB])
        connection = json.loads(emulator.connection_json) | {"host": between.url}
        environment = {
            "AIRFLOW_CONN_DRS_DEFAULT": json.dumps(connection),
            "AIRFLOW_VAR_JOB_ID": JOB,
            "AIRFLOW_VAR_EVIDENCE": json.dumps(evidence),
        }
        dags = Path(__file__).parent / "folder"
        with RunningAirflow(tmp_path, dags, environment, Fernet.generate_key().decode()) as airflow:
            airflow.start("killed_start")
            wait_until("the service holds a call", between.holding.is_set, 120)
            (worker,) = between.callers()
            os.kill(worker, signal.SIGKILL)
            between.killed.set()
            wait_until("the run is over", lambda: airflow.run_state("killed_start") in ("success", "failed"), 120)
            (task,) = airflow._json("/dags/killed_start/dagRuns/run/taskInstances")["task_instances"]
            report = airflow.xcom("killed_start", "start")
            markers = airflow._json("/variables")["variables"]

        assert (task["state"], task["try_number"]) == (state, 2)
        assert starts(emulator, JOB) == count
        assert report["started"] == [JOB] * count
        assert said in (report["jobs"][0]["text"] or "")
        assert markers == []
