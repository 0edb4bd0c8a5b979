"""Events start DAGs in a whole Airflow: that of an open gate, and that of jobs which get into a status."""

from __future__ import annotations

import pytest
from airflow import __version__
from running_airflow import wait_until
from samples import job_id

pytestmark = [
    pytest.mark.running_airflow,
    pytest.mark.skipif(
        __version__.startswith(("2.", "3.0.")),
        reason="Airflow has asset watchers from 3.0 on, and asks people from 3.1 on",
    ),
]

WATCHED = [job_id(1), job_id(2)]
THERE, LEFT = "CONFIGURATION", "CHANGE_JOB_STARTED"
KEEPS_WHAT_WAS_SEEN = not __version__.startswith(("3.1.", "3.2."))
ANSWERS = {"approved": "Approve", "rejected": "Reject"}


def test_an_open_gate_and_jobs_that_get_ready_start_dags(whole):
    airflow, drs_emulator = whole.airflow, whole.emulators["drs_events"]
    world = drs_emulator.world
    drs_emulator.databases.refuse("203.0.113.10", "Connection timed out")

    def polls():
        return sum(call.job_ids == tuple(WATCHED) for call in list(world.calls))

    def wait_for_polls():
        before = polls()
        wait_until("the watch has polled again", lambda: polls() >= before + 2, 120)

    def move(status, *watched):
        for each in watched:
            world.set_status(each, status)

    def wait_for_runs(dag_id, count):
        wait_until(
            f"{dag_id} has run {count} times",
            lambda: [state for _, state in airflow.runs(dag_id)] == ["success"] * count,
            240,
        )

    airflow.start("gate", "open")
    airflow.start("gate", "shut")
    for run in ANSWERS:
        airflow.start("asking", run)

    # one job after the other gets there
    wait_for_polls()
    move(THERE, WATCHED[0])
    wait_for_polls()
    too_early = airflow.runs("watching")
    move(THERE, WATCHED[1])
    wait_for_runs("watching", 1)
    # one leaves and comes back
    move(LEFT, WATCHED[1])
    wait_for_polls()
    move(THERE, WATCHED[1])
    wait_for_runs("watching", 2)
    # they come back while there is no triggerer
    move(LEFT, *WATCHED)
    wait_for_polls()
    airflow.replace_triggerer(between=lambda: move(THERE, *WATCHED))
    wait_for_polls()
    if KEEPS_WHAT_WAS_SEEN:
        wait_for_runs("watching", 3)

    wait_until(
        "both are asked", lambda: all("body" in airflow.question("asking", run, "approve") for run in ANSWERS), 240
    )
    wait_until("the scheduler knows it, too", lambda: airflow.heard_of("asking", "approve") >= len(ANSWERS), 60)
    for run, option in ANSWERS.items():
        airflow.answer("asking", run, "approve", option)
    wait_until(
        "all gates have ended",
        lambda: all(state == "success" for dag in ("gate", "asking") for _, state in airflow.runs(dag)),
        240,
    )
    reports = {run: airflow.xcom("gate", "test", run_id=run) for run in ("open", "shut")}
    answer = airflow.xcom("asking", "approve", run_id="approved")
    shown = airflow.xcom("asking", "test", run_id="approved")["summary"]
    wait_until("the migration heard of both", lambda: len(told(airflow, "migration")) == 2, 240)
    events = dict(told(airflow, "migration"))
    watched = told(airflow, "watching")
    emitted = airflow.asset_events()

    assert too_early == []
    assert reports["shut"]["passed"] is False
    assert events == {
        "drs://wave-1/tested": {name: reports["open"][name] for name in ("kind", "digest", "checked_at", "summary")},
        "drs://wave-1/approved": {
            "kind": "approval",
            "digest": answer["digest"],
            "checked_at": answer["at"],
            "summary": shown,
        },
    }
    assert watched == [["drs-jobs-ready", {"from_trigger": True, "payload": dict.fromkeys(WATCHED, THERE)}]] * (
        3 if KEEPS_WHAT_WAS_SEEN else 2
    )
    assert len(emitted) == len(watched) + len(events)
    assert "s3cr3t-c4nary" not in f"{emitted}"


def told(airflow, dag_id):
    """Return URI and extra of each event that has started a run of a DAG, as its task has returned them."""
    return [
        event
        for run, state in airflow.runs(dag_id)
        if state == "success"
        for event in airflow.xcom(dag_id, "told", run_id=run)
    ]
