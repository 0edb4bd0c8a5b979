"""What Airflow 3.4 does after errors under a retry policy, by what it has recorded of real runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow_runs import load_dag, run_loaded
from decisions import DAG_FILE, Attempt, Outcome, recorded_outcomes, troubled_services
from samples import job_id

from airflow_provider_drs._version import AIRFLOW

pytestmark = pytest.mark.skipif(
    AIRFLOW < (3, 4),
    reason="Airflow reschedules failed tasks from 3.4 on; tests/running/test_retry_policies.py is for 3.3",
)

TASKS = ["creating", "status_hidden", "chained", "precheck", "stale_token", "wrong_password"]
UNUSED_RETRIES = [Attempt(1, None, None)]


@pytest.fixture(scope="module")
def seen(airflow_db: None) -> Iterator[tuple[dict[str, Outcome], dict[str, Any]]]:
    """What became of the tasks, and the emulator of each."""
    file = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / DAG_FILE.name
    shutil.copy(DAG_FILE, file)
    with troubled_services() as (environment, emulators), pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        run_loaded(load_dag(file.name).partial_subset([*TASKS, "lost_start_rescheduled"]))
        yield recorded_outcomes(Path(os.environ["AIRFLOW_HOME"]) / "airflow.db"), emulators
    file.unlink()


@pytest.mark.parametrize(("task", "waits"), [("creating", 3), ("status_hidden", 2), ("chained", 1)])
def test_a_task_whose_job_is_not_ready_runs_again_without_a_retry(seen, task, waits):
    assert seen[0][task] == Outcome("success", UNUSED_RETRIES, waits)


def test_a_wait_for_a_job_has_a_limit_and_then_spends_retries(seen):
    outcome = seen[0]["precheck"]

    assert (outcome.state, len(outcome.attempts)) == ("failed", 2)
    assert outcome.reschedules >= 2
    for attempt in outcome.attempts:
        assert attempt.reason == (
            "Reschedule limit reached (reschedule_timeout=0:00:01): A job is not in CONFIGURATION yet."
        )


def test_the_reason_of_a_permanent_error_stands_beside_the_failed_task(seen):
    renew = "Put a new token into the connection, or use a credential that renews itself."
    refused = "Endpoints failed for a reason that stays, such as a refused login."

    assert seen[0]["stale_token"] == Outcome(
        "failed", [Attempt(1, None, f"The credential was refused (DRS.M00100). {renew}")]
    )
    assert seen[0]["wrong_password"] == Outcome(
        "failed", [Attempt(1, None, f"{refused} The log of the task has the whole error.")]
    )


def test_no_policy_has_a_start_of_unknown_outcome_run_again(seen):
    outcomes, emulators = seen

    assert outcomes["lost_start_rescheduled"] == Outcome("failed", UNUSED_RETRIES)
    assert emulators["lost_start_rescheduled"].world.job(job_id(1)).starts == 1
