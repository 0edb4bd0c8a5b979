"""The example that asks a person, and the whole gate that does; the answers come through Airflow's API."""

from __future__ import annotations

import pytest
from airflow import __version__
from running_airflow import wait_until
from samples import job_id
from starts import starts

pytestmark = [
    pytest.mark.running_airflow,
    pytest.mark.skipif(
        __version__.startswith(("2.", "3.0.")),
        reason="Airflow asks people from 3.1 on; before, the example defines no DAG",
    ),
]

DAG = "approval_by_a_person"
ANSWERS = {"approved": "Approve", "rejected": "Reject"}
"""What people answer, by the run of the example and by the gate."""
JOBS = [job_id(1), job_id(2)]
STEPS = ["gate.wait", "gate.test_connections", "gate.precheck", "gate.approve"]


def test_the_migration_starts_only_if_a_person_approves_it(whole):
    airflow, drs_emulator = whole.airflow, whole.emulators["drs_default"]
    for run in ANSWERS:
        airflow.start(DAG, run)
        airflow.start(run)
    wait_until("both are asked", lambda: all("body" in airflow.question(DAG, run, "approve") for run in ANSWERS), 400)
    question = airflow.question(DAG, "approved", "approve")
    before = [dict(airflow.states(DAG, run))["start_migration"] for run in ANSWERS]
    wait_until("the scheduler knows it, too", lambda: airflow.heard_of(DAG, "approve") == len(ANSWERS), 60)
    for run, option in ANSWERS.items():
        airflow.answer(DAG, run, "approve", option)
    over = ("success", "failed")
    wait_until("both runs are over", lambda: all(airflow.run_state(DAG, run) in over for run in ANSWERS), 400)
    approved, rejected = (dict(airflow.states(DAG, run)) for run in ANSWERS)
    reports = {run: airflow.xcom(DAG, "test_connections", run_id=run) for run in ANSWERS}
    kept = {run: airflow.xcom(DAG, "approve", run_id=run) for run in ANSWERS}

    def gate_asks(gate):
        assert "failed" not in dict(airflow.states(gate)).values()
        return "body" in airflow.question(gate, "run", "gate.approve")

    wait_until("both gates ask", lambda: all(gate_asks(gate) for gate in ANSWERS), 400)
    wait_until(
        "the scheduler knows that, too", lambda: all(airflow.heard_of(gate, "gate.approve") for gate in ANSWERS), 60
    )
    gate_question = airflow.question("approved", "run", "gate.approve")
    started_before = [starts(drs_emulator, job) for job in JOBS]
    for gate, option in ANSWERS.items():
        airflow.answer(gate, "run", "gate.approve", option)
    wait_until("both gates are done", lambda: all(airflow.run_state(gate) in over for gate in ANSWERS), 400)
    gate_states = {gate: dict(airflow.states(gate)) for gate in ANSWERS}

    introduction, report, fingerprint = question["body"].partition(reports["approved"]["summary"])
    assert introduction == "Migration of orders, old to new.\n\n"
    assert "203.0.113.10:3306" in report
    assert "203.0.113.20:3306" in report
    assert fingerprint.startswith("\n\nFingerprint of ")
    assert question["subject"] == "Start the migration? connections: passed"
    assert "s3cr3t-c4nary" not in f"{question} {kept}"
    assert {run: (answer["approved"], answer["digest"]) for run, answer in kept.items()} == {
        "approved": (True, reports["approved"]["digest"]),
        "rejected": (False, reports["rejected"]["digest"]),
    }
    assert before == ["None", "None"], "nothing starts before the answer"
    assert approved == {"test_connections": "success", "approve": "success", "start_migration": "success"}
    assert rejected == {"test_connections": "success", "approve": "success", "start_migration": "skipped"}

    assert "connections: passed" in gate_question["subject"]
    assert "precheck: passed" in gate_question["subject"]
    assert started_before == [0, 0]
    assert gate_states == {
        "approved": {**dict.fromkeys(STEPS, "success"), "gate.start": "success"},
        "rejected": {**dict.fromkeys(STEPS, "success"), "gate.start": "skipped"},
    }
    assert [starts(drs_emulator, job) for job in JOBS] == [1, 0]
