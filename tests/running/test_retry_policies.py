"""What a whole Airflow 3.3 does after each kind of error under a retry policy, by what it has recorded."""

from __future__ import annotations

from typing import Any

import pytest
from airflow import __version__
from decisions import Outcome, recorded_outcomes
from running_airflow import wait_until
from samples import job_id
from whole import Whole

pytestmark = [
    pytest.mark.running_airflow,
    pytest.mark.skipif(
        not __version__.startswith("3.3."),
        reason="Airflow has retry policies from 3.3 on; tests/dags/test_rescheduled_tasks.py is about 3.4",
    ),
]


@pytest.fixture(scope="module")
def seen(whole: Whole) -> tuple[dict[str, Outcome], dict[str, Any]]:
    """What became of the tasks, and the emulator of each."""
    airflow = whole.airflow
    airflow.start("decided")
    wait_until("the run is over", lambda: airflow.run_state("decided") in ("success", "failed"), 600)
    return recorded_outcomes(airflow.home / "airflow.db"), whole.emulators


def delays(outcome):
    return [attempt.delay for attempt in outcome.attempts]


def reasons(outcome):
    return [attempt.reason for attempt in outcome.attempts]


def test_a_throttled_task_is_retried_after_the_pause_that_the_service_names(seen):
    outcome = seen[0]["throttled"]

    assert outcome.state == "success"
    first, last = delays(outcome)
    assert (2 <= first < 3, last) == (True, None)
    assert reasons(outcome) == [f"The service asks to wait for {first:g} s.", None]


def test_a_task_whose_job_is_not_ready_spends_retries_until_it_is(seen):
    outcome = seen[0]["status_hidden"]

    assert outcome.state == "success"
    assert delays(outcome) == [None, None, None]
    *waits, last = reasons(outcome)
    assert last is None
    assert all("not in CONFIGURATION yet; on this Airflow each wait for it costs a retry" in each for each in waits)
    assert (seen[0]["creating"].state, len(seen[0]["creating"].attempts)) == ("failed", 3)
    assert (seen[0]["precheck"].state, len(seen[0]["precheck"].attempts)) == ("failed", 2)


def test_a_policy_among_the_default_arguments_is_that_of_a_mapped_task(seen):
    outcome = seen[0]["mapped"]

    assert (outcome.state, len(outcome.attempts)) == ("success", 2)
    assert "not in CONFIGURATION yet" in reasons(outcome)[0]


@pytest.mark.parametrize("refused", ["stale_token", "wrong_password"])
def test_a_permanent_error_uses_no_retry(seen, refused):
    assert (seen[0][refused].state, len(seen[0][refused].attempts)) == ("failed", 1)


def test_any_other_error_is_retried_as_airflow_does(seen):
    outcome = seen[0]["unavailable"]

    assert (outcome.state, delays(outcome), reasons(outcome)) == ("success", [None, None], [None, None])


@pytest.mark.parametrize("task", ["stale_token_left_to_airflow", "stale_token_and_broken_policy"])
def test_a_permanent_error_that_no_policy_decides_about_uses_no_retry(seen, task):
    assert (seen[0][task].state, len(seen[0][task].attempts)) == ("failed", 1)


def test_another_policy_may_have_a_permanent_error_retried(seen):
    outcome = seen[0]["stale_token_retried"]

    assert (outcome.state, len(outcome.attempts)) == ("success", 2)


def test_no_policy_has_a_permanent_error_of_the_sensor_retried(seen):
    assert (seen[0]["sensor"].state, len(seen[0]["sensor"].attempts)) == ("failed", 1)


def test_no_policy_has_a_start_of_unknown_outcome_retried(seen):
    outcomes, emulators = seen

    assert (outcomes["lost_start_retried"].state, len(outcomes["lost_start_retried"].attempts)) == ("failed", 1)
    assert emulators["lost_start_retried"].world.job(job_id(1)).starts == 1
