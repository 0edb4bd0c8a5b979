"""How a deferred wait ends whose time is up, as Airflow tells it to the sensor."""

from __future__ import annotations

import inspect
import re

import pytest
from airflow import __version__
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, AirflowSkipException
from samples import job_id

from airflow_provider_drs.sensors.drs import DrsJobStatusSensor


def words_of_the_scheduler() -> tuple[str, str]:
    """Return how this Airflow tells a deferred task that its time is up, and that its trigger has failed."""
    if __version__.startswith("2."):
        from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

        source = inspect.getsource(SchedulerJobRunner.check_trigger_timeouts)
        return re.findall(r'next_kwargs={"error": "([^"]+)"}', source)[0], "Trigger failure"
    from airflow.models.trigger import TriggerFailureReason

    return TriggerFailureReason.TRIGGER_TIMEOUT.value, TriggerFailureReason.TRIGGER_FAILURE.value


TIME_IS_UP, TRIGGER_FAILED = words_of_the_scheduler()


@pytest.mark.parametrize(
    ("flag", "end"),
    [
        ({}, AirflowSensorTimeout),
        ({"soft_fail": True}, AirflowSkipException),
        ({"silent_fail": True}, AirflowSensorTimeout),
        ({"never_fail": True}, AirflowSensorTimeout),
    ],
)
def test_it_ends_as_it_does_in_the_other_two_modes(flag, end):
    sensor = DrsJobStatusSensor(task_id="wait", job_ids=[job_id(1)], deferrable=True, **flag)

    with pytest.raises(end):
        sensor.resume_execution("__fail__", {"error": TIME_IS_UP}, {})


def test_another_failure_of_the_trigger_is_not_taken_for_it():
    sensor = DrsJobStatusSensor(task_id="wait", job_ids=[job_id(1)], deferrable=True)

    with pytest.raises(Exception, match="Trigger failure") as caught:
        sensor.resume_execution("__fail__", {"error": TRIGGER_FAILED}, {})

    assert not isinstance(caught.value, AirflowSensorTimeout)
