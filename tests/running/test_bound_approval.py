"""An approval counts for the report that was shown, whatever is cleared; a whole Airflow, answered through its API."""

from __future__ import annotations

import json

import pytest
from airflow import __version__
from running_airflow import wait_until

pytestmark = [
    pytest.mark.running_airflow,
    pytest.mark.skipif(__version__.startswith(("2.", "3.0.")), reason="Airflow asks people from 3.1 on"),
]

DAG = "asked"
KEEPS_THE_FIRST_QUESTION = __version__.startswith(("3.1.", "3.2.", "3.3."))
ASKS_FOR_PARAMS_OF_THE_DAG = __version__.startswith("3.1.")
STARTED = {"report": "success", "approve": "success", "start": "success"}
STOPPED = {"report": "success", "approve": "failed", "start": "upstream_failed"}


def report(passed, address="203.0.113.10:3306"):
    verdict = "passed" if passed else "Connection timed out"
    return {
        "schema": 1,
        "kind": "connections",
        "passed": passed,
        "failed": 0 if passed else 1,
        "checked_at": "2026-11-26T12:00:00+00:00",
        # the same whatever is found: it is over what was looked at
        "digest": f"sha256:{7:064x}",
        "summary": f"| address | verdict |\n|---|---|\n| {address} | {verdict} |",
    }


GREEN, RED, MOVED = report(True), report(False), report(True, "203.0.113.99:3306")
CLEARED_WITH = {"turned_red": (GREEN, RED), "turned_green": (RED, GREEN), "moved": (GREEN, MOVED)}


def test_the_start_runs_only_behind_an_approval_of_the_report_as_it_is(whole):
    airflow = whole.airflow

    def write(run, content):
        (airflow.home / f"{run}.json").write_text(json.dumps(content))

    first = {run: before for run, (before, _) in CLEARED_WITH.items()}
    first |= {"changed_while_open": GREEN, "asked_again": GREEN, "rejected": RED}
    for run, content in first.items():
        write(run, content)

    def state(run, task):
        return dict(airflow.states(DAG, run))[task]

    def heard(runs):
        return {run: airflow.heard_of(DAG, "approve", run) for run in runs}

    def wait_for_questions(before):
        wait_until(
            "the scheduler knows that all wait",
            lambda: (
                all(now > before[run] for run, now in heard(before).items())
                and {state(run, "approve") for run in before} <= {"deferred", "awaiting_input"}
            ),
            180,
        )
        return {run: airflow.question(DAG, run, "approve") for run in before}

    def wait_for_ends(runs):
        over = ("success", "failed")
        wait_until("the runs are over", lambda: all(airflow.run_state(DAG, run) in over for run in runs), 180)
        return {run: dict(airflow.states(DAG, run)) for run in runs}

    for run in first:
        airflow.start(DAG, run)
    asked = wait_for_questions(dict.fromkeys(first, 0))

    # a person rejects, and one approves a green report
    airflow.answer(DAG, "rejected", "approve", "Reject", note="ticket 4711\nis open")
    airflow.answer(DAG, "turned_red", "approve", "Approve", note="go")
    airflow.answer(DAG, "moved", "approve", "Approve")
    answered = wait_for_ends(["rejected", "turned_red", "moved"])
    answers = {run: airflow.xcom(DAG, "approve", run_id=run) for run in answered}

    # while a question is open, the step before it runs again, alone, and has another report
    write("changed_while_open", RED)
    airflow.clear(DAG, "changed_while_open", ["report"])
    wait_until(
        "the report is another",
        lambda: (
            state("changed_while_open", "report") == "success"
            and not airflow.xcom(DAG, "report", run_id="changed_while_open")["passed"]
        ),
        120,
    )
    airflow.answer(DAG, "changed_while_open", "approve", "Approve")

    # the question alone is asked again, for the same report
    before = heard(["asked_again"])
    airflow.clear(DAG, "asked_again", ["approve", "start"])
    wait_for_questions(before)
    airflow.answer(DAG, "asked_again", "approve", "Approve")
    ends = wait_for_ends(["changed_while_open", "asked_again"])

    # step and question are cleared, and the report is another then
    before = heard(CLEARED_WITH)
    for run, (_, after) in CLEARED_WITH.items():
        write(run, after)
        airflow.clear(DAG, run, ["report", "approve", "start"])
    if KEEPS_THE_FIRST_QUESTION:
        cleared = wait_for_ends(CLEARED_WITH)
    else:
        shown_after = wait_for_questions(before)

    def tries_that_say(run, sentence):
        logs = airflow.home.rglob(f"dag_id=asked/run_id={run}/task_id=approve/*.log")
        return sum(sentence in file.read_text() for file in logs)

    for run, content in first.items():
        assert asked[run]["body"].startswith(f"Wave 7.\n\n{content['summary']}\n\nFingerprint of what is shown: ")
    assert asked["rejected"]["subject"] == "Start the migration? connections: NOT passed, 1 failed"
    assert asked["moved"]["subject"] == "Start the migration? connections: passed"
    assert "note" in asked["moved"]["params"]

    assert answered["turned_red"] == answered["moved"] == STARTED
    assert answered["rejected"] == {"report": "success", "approve": "success", "start": "skipped"}
    assert all(answer.pop("at").endswith("+00:00") for answer in answers.values())
    assert all(answer.pop("by") for answer in answers.values())
    digest = GREEN["digest"]
    fields = {"params_input": {"of_the_dag": "x"}} if ASKS_FOR_PARAMS_OF_THE_DAG else {}
    assert answers == {
        "rejected": {"approved": False, "digest": digest, "note": "ticket 4711 is open", **fields},
        "turned_red": {"approved": True, "digest": digest, "note": "go", **fields},
        "moved": {"approved": True, "digest": digest, "note": None},
    }

    assert ends == {"changed_while_open": STOPPED, "asked_again": STARTED}
    assert tries_that_say("changed_while_open", "The report is not the one that was shown") == 1
    if KEEPS_THE_FIRST_QUESTION:
        assert cleared == dict.fromkeys(CLEARED_WITH, STOPPED)
        for run in CLEARED_WITH:
            assert tries_that_say(run, "Airflow would show people the report of an earlier try") == 1
    else:
        for run, (_, after) in CLEARED_WITH.items():
            assert after["summary"] in shown_after[run]["body"]
