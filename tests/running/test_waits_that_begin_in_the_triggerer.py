"""Waits that begin in the triggerer end like those that begin in a worker; a whole Airflow, one for all of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from airflow import __version__
from running_airflow import AIRFLOW_2, RunningAirflow, wait_until
from samples import job_id
from whole import REFUSED_TOKEN, Whole

from airflow_provider_drs.emulator.state import World

pytestmark = pytest.mark.running_airflow

IGNORES_THE_OPTION = __version__.startswith(("3.0.", "3.1.", "3.2."))
REPORT = "drs/report.html#/dags/waits/runs/run/tasks/marked_triggerer"
NO_EFFECT = "start_from_trigger has no effect here"
JOBS = READY, LATE, FAILED, NEVER, MARKED = [job_id(number) for number in range(5)]
OVER = ("success", "failed")
PLACES = ("triggerer", "worker")

PARTIAL = {READY: "CONFIGURATION", FAILED: "CREATE_FAILED"}
# the state, and what the task returns
ENDS = {
    "ready": ("success", {READY: "CONFIGURATION"}),
    "late": ("success", {READY: "CONFIGURATION", LATE: "CONFIGURATION"}),
    "marked": ("failed", None),
    "lost": ("failed", None),
    "lost_but_partial": ("success", PARTIAL),
    "lost_but_soft": ("skipped", None),
    "malformed": ("failed", None),
    "no_connection": ("failed", None),
    "refused_credential": ("failed", None),
    "refused_but_never_fails": ("skipped", None),
    "dead_service": ("failed", None),
    "dead_but_silent": ("failed", None),
    "time_is_up": ("failed", None),
    "time_is_up_but_soft": ("skipped", None),
}
if not AIRFLOW_2:
    ENDS |= {
        "templates": ("success", PARTIAL),
        "bad_template": ("failed", None),
        "template_without_a_value": ("failed", None),
    }


@pytest.fixture
def airflow_and_world(whole: Whole) -> tuple[RunningAirflow, World]:
    world = whole.emulators["drs_beginnings"].world
    for each, status in zip(JOBS, ("CONFIGURATION", "CREATING", "CREATE_FAILED", "CREATING", "CREATING"), strict=True):
        world.add_job(each, status, ready_after_polls=1_000_000)
    return whole.airflow, world


def end_of(airflow: RunningAirflow, task_id: str) -> dict[str, Any]:
    """Return how a task has ended, and what it shows."""
    facts = airflow.task("waits", task_id)
    noted = [json.loads(line) for line in (airflow.home / "failed").read_text().splitlines()]
    errors = [each["error"] for each in noted if each["task"] == task_id]
    return {
        "end": (facts["state"], airflow.xcom("waits", task_id)),
        "rendered": facts["rendered_fields"],
        "xcoms": airflow.xcom_keys("waits", task_id),  # the link to the console is among them
        "errors": [re.sub(r"request id \S+|lasted for \d+ s", "...", error) for error in errors],
    }


def lines_without_effect(home: Path, dag_id: str) -> Counter[str]:
    """Count for each task the lines in its logs that say that the option has no effect."""
    logs = {log: log.read_text() for log in (home / "logs" / f"dag_id={dag_id}").rglob("*.log")}
    tasks = (re.findall(r"task_id=(\w+)", str(log)) * text.count(NO_EFFECT) for log, text in logs.items())
    return Counter(chain.from_iterable(tasks))


@pytest.mark.skipif(IGNORES_THE_OPTION, reason="Airflow 3.0 to 3.2 start no task in the triggerer")
def test_they_end_and_show_the_same_with_half_the_workers(airflow_and_world):
    airflow, world = airflow_and_world

    def late_ones_alone_are_left():
        states = dict(airflow.states("waits"))
        return all(states.get(task) == "deferred" for task in open_tasks) and all(
            state in (*OVER, "skipped") for task, state in states.items() if task not in open_tasks
        )

    def late_ones_have_failed():
        states = dict(airflow.states("waits"))
        return all(states[task] == "failed" for task in late)

    late = [f"late_{where}" for where in PLACES]
    open_tasks = [*late, *(f"marked_{where}" for where in PLACES), "mapped"]
    airflow.start("waits")
    wait_until("all but some have ended", late_ones_alone_are_left, 400)
    wait_until("the scheduler knows it", lambda: airflow.heard_of("waits", "late_worker") == 1, 60)
    assert airflow.heard_of("waits", "late_triggerer") == 0
    wait_until("their jobs are polled", lambda: {LATE, MARKED} <= {*world.calls[-1].job_ids}, 60)
    for where in PLACES:
        airflow.mark("waits", f"marked_{where}", "failed")
    wait_until("the marked waits poll no more", lambda: MARKED not in world.calls[-1].job_ids, 60)
    world.set_status(LATE, "CONFIGURATION")
    wait_until("the run is over", lambda: airflow.run_state("waits") in OVER, 120)
    both = ("late_worker", "late_triggerer")
    wait_until("the scheduler knows it", lambda: [airflow.heard_of("waits", task) for task in both] >= [2, 1], 60)
    workers = airflow.heard_of("waits", "late_triggerer")
    tries = airflow.task("waits", "dead_service_triggerer")["try_number"]
    ends = {name: [end_of(airflow, f"{name}_{where}") for where in PLACES] for name in ENDS}
    without_a_worker = airflow.links("waits", "marked_triggerer")

    # again, with another end
    world.set_status(LATE, "CREATE_FAILED")
    airflow.clear("waits", "run", late)
    wait_until("both have failed", late_ones_have_failed, 120)
    left = [airflow.xcom("waits", task) for task in late]

    assert {name: began_there["end"] for name, (began_there, _) in ends.items()} == ENDS
    ends.pop("marked")  # no worker has rendered the fields of the one that began in the triggerer
    for began_in_the_triggerer, began_in_a_worker in ends.values():
        assert began_in_the_triggerer == began_in_a_worker
    assert (without_a_worker["DRS report"] or "").endswith(REPORT)
    assert workers == 1
    assert tries == 2
    assert left == [None, None]
    assert lines_without_effect(airflow.home, "waits") == {"malformed_triggerer": 1, "mapped": 1}
    kept = [airflow.console, airflow.home / "airflow.db", *(airflow.home / "logs").rglob("*.log")]
    assert [file for file in kept if REFUSED_TOKEN.encode() in file.read_bytes()] == []


@pytest.mark.skipif(not IGNORES_THE_OPTION, reason="this Airflow starts tasks in the triggerer")
def test_where_airflow_ignores_the_option_the_wait_begins_in_a_worker_and_says_so(airflow_and_world):
    airflow, world = airflow_and_world
    airflow.start("one")
    wait_until("the wait is deferred", lambda: airflow.states("one") == [("late", "deferred")], 300)
    wait_until("the scheduler knows it", lambda: airflow.heard_of("one", "late") == 1, 60)
    world.set_status(LATE, "CONFIGURATION")
    wait_until("the run is over", lambda: airflow.run_state("one") in OVER, 120)
    states, result = airflow.states("one"), airflow.xcom("one", "late")

    assert states == [("late", "success")]
    assert result == {LATE: "CONFIGURATION"}
    assert lines_without_effect(airflow.home, "one") == {"late": 1}
