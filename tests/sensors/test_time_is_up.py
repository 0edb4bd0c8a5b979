"""How a deferred wait ends whose time is up, as Airflow tells it to the sensor."""

from __future__ import annotations

import pytest
from airflow import __version__
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, AirflowSkipException
from samples import job_id

from airflow_provider_drs.sensors.drs import DrsJobStatusSensor

TIME_IS_UP = "Trigger/execution timeout" if __version__.startswith("2.") else "Trigger timeout"
"""What the scheduler of this Airflow says."""


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
        sensor.resume_execution("__fail__", {"error": "Trigger failure"}, {})

    assert not isinstance(caught.value, AirflowSensorTimeout)
