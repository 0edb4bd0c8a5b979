"""Workers die at any call of a gate, and Airflow tries again: no job is started twice, and reports are whole."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from cryptography.fernet import Fernet
from running_airflow import RunningAirflow, wait_until
from samples import both_ends, endpoint, job_id
from starts import starts
from wire import Reply, Request, Service

from airflow_provider_drs.emulator.rehearsal import RehearsalEmulator
from airflow_provider_drs.emulator.server import Emulator

pytestmark = pytest.mark.running_airflow

CALLS = [
    ("wait", "batch-status"),
    ("test_connections", "batch-detail"),
    ("test_connections", "batch-status"),
    ("test_connections", "batch-connection"),
    ("test_connections", "batch-connection"),
    ("test_connections", "batch-modification"),
    ("test_connections", "batch-detail"),
    ("precheck", "batch-precheck-result"),
    ("precheck", "batch-precheck"),
    ("precheck", "batch-precheck-result"),
    ("start", "batch-detail"),
    ("start", "batch-starting"),
    ("start", "batch-status"),
]
"""The calls of a gate with one job, in their order, each with its task."""

# an answer to one of these that nobody reads leaves what a lost call leaves
READS = ("batch-status", "batch-detail", "batch-precheck-result")

POINTS = {
    f"{number:02}_{task}_{operation}_{'accepted' if done else 'lost'}": (number, done)
    for number, (task, operation) in enumerate(CALLS)
    for done in ((False,) if operation in READS else (False, True))
}
LATE = both_ends(200)
MANY = [endpoint(number) for number in range(100, 112)]
LOST_START = next(name for name in POINTS if name.endswith("batch-starting_lost"))


class Killing(Service):
    """It hands each call on to the emulator, and kills the worker that makes one of them.

    :param emulator: answers.
    :param number: the number of the call whose caller dies, counted from 0.
    :param done: whether the emulator does what that call asks.
    """

    def __init__(self, emulator: Emulator, number: int, done: bool) -> None:
        super().__init__(self._reply)
        self._emulator, self._number, self._done = emulator, number, done
        self.operations: list[str] = []

    def _reply(self, request: Request) -> Reply:
        self.operations.append(request.path.rpartition("/")[2])
        fatal = len(self.operations) - 1 == self._number
        if not fatal or self._done:
            headers = {name: value for name, value in request.headers.items() if name.lower().startswith("x-")}
            url = f"{self._emulator.url}{request.path}"
            answer = requests.request(request.method, url, json=request.json, headers=headers, timeout=10)
        if fatal:
            (worker,) = self.callers()
            os.kill(worker, signal.SIGKILL)
            return Reply({}, status=503)
        return Reply(answer.json(), answer.status_code, {"X-Request-Id": answer.headers["X-Request-Id"]})

    def callers(self) -> set[int]:
        port = urlsplit(self.url).port
        connections = psutil.net_connections("tcp")
        return {each.pid for each in connections if each.raddr and each.raddr.port == port and each.pid} - {os.getpid()}


@dataclass
class Aftermath:
    """What became of the gates, by the name of the point at which their worker was killed."""

    operations: dict[str, list[str]] = field(default_factory=dict)
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    tries: dict[str, dict[str, int]] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    reports: dict[str, Any] = field(default_factory=dict)
    late_marker: list[Any] = field(default_factory=list)
    markers: list[Any] = field(default_factory=list)


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    seen = Aftermath()
    with ExitStack() as stack:
        emulator = stack.enter_context(RehearsalEmulator())
        points = {**POINTS, "many": (4, False)}
        services = {name: Killing(emulator, *point) for name, point in points.items()}
        for service in services.values():
            stack.enter_context(service)
        emulator.world.add_job(
            LATE[0]["id"], "CONFIGURATION", ready_after_polls=10_000, precheck={"ready_after_polls": 0}
        )
        connection = json.loads(emulator.connection_json)
        gates = {name: both_ends(number) for number, name in enumerate(POINTS)}
        environment = {
            "AIRFLOW_VAR_GATES": json.dumps(gates),
            "AIRFLOW_VAR_ENDPOINTS": json.dumps(MANY),
            "AIRFLOW_VAR_LATE": json.dumps(LATE),
            "AIRFLOW_CONN_DRS_DEFAULT": emulator.connection_json,
            **{
                f"AIRFLOW_CONN_{name.upper()}": json.dumps(connection | {"host": service.url})
                for name, service in services.items()
            },
        }
        home, dags = tmp_path_factory.mktemp("airflow"), Path(__file__).parent / "folder"
        airflow = stack.enter_context(RunningAirflow(home, dags, environment, Fernet.generate_key().decode()))
        runs = [*points, "late"]
        for name in runs:
            airflow.start(name)
        over = ("success", "failed")
        wait_until("the runs are over", lambda: all(airflow.run_state(name) in over for name in runs), 900)
        jobs = {**{name: job_id(number) for number, name in enumerate(POINTS)}, "late": LATE[0]["id"]}
        for name, job in jobs.items():
            tasks = airflow._json(f"/dags/{name}/dagRuns/run/taskInstances")["task_instances"]
            seen.states[name] = {task["task_id"].removeprefix("gate."): task["state"] for task in tasks}
            seen.tries[name] = {task["task_id"].removeprefix("gate."): task["try_number"] for task in tasks}
            seen.starts[name] = starts(emulator, job)
            seen.reports[name] = airflow.xcom(name, "gate.start") if seen.states[name]["start"] in over else None
        seen.late_marker = airflow._json("/variables")["variables"]
        emulator.world.set_status(LATE[0]["id"], "FULL_TRANSFER_STARTED")
        airflow.clear("late", "run", ["gate.start"])
        wait_until("the late start shows", lambda: dict(airflow.states("late"))["gate.start"] == "success", 300)
        seen.starts["late, cleared"] = starts(emulator, LATE[0]["id"])
        seen.reports["many"] = airflow.xcom("many", "test")
        assert services["many"].callers() == set()
        seen.operations = {name: service.operations for name, service in services.items()}
        seen.markers = airflow._json("/variables")["variables"]
        yield seen


@pytest.mark.parametrize("name", POINTS)
def test_a_job_is_started_once_at_most_although_the_worker_is_killed(aftermath, name):
    number, _ = POINTS[name]
    task, _ = CALLS[number]
    once = name != LOST_START

    assert aftermath.operations[name][: number + 1] == [operation for _, operation in CALLS[: number + 1]]
    assert {step for step, tries in aftermath.tries[name].items() if tries > 1} == {task}
    assert 0 not in aftermath.tries[name].values()
    assert aftermath.starts[name] == once
    assert set(aftermath.states[name].values()) == {"success"} if once else aftermath.states[name]["start"] == "failed"
    assert len(aftermath.reports[name]["started"]) == once


def test_a_start_that_may_be_lost_is_told_as_unknown(aftermath):
    (job,) = aftermath.reports[LOST_START]["jobs"]

    assert "it is not known whether" in job["text"]


def test_no_marker_is_left(aftermath):
    assert aftermath.markers == []


def test_the_report_of_a_retry_names_every_endpoint_again(aftermath):
    report = aftermath.reports["many"]

    assert report["passed"] is True
    assert [item["job_id"] for item in report["endpoints"]] == [each["id"] for each in MANY]
    assert len(aftermath.operations["many"]) > len(MANY)


def test_a_start_that_shows_too_late_says_that_it_was_accepted_and_is_not_tried_again(aftermath):
    (job,) = aftermath.reports["late"]["jobs"]

    assert (aftermath.states["late"]["start"], aftermath.tries["late"]["start"]) == ("failed", 1)
    assert (aftermath.starts["late"], aftermath.reports["late"]["started"]) == (1, [LATE[0]["id"]])
    assert job["text"].startswith("its start was accepted, but within 5 s it was not seen in FULL_TRANSFER_STARTED")
    assert job["text"].endswith("its last status is CONFIGURATION")


def test_a_start_that_shows_too_late_is_not_sent_again_when_the_task_is_cleared(aftermath):
    (marker,) = aftermath.late_marker

    assert LATE[0]["id"] in marker["value"]
    assert aftermath.starts["late, cleared"] == 1
