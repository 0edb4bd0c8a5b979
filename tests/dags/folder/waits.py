"""Waits for the same jobs in all three modes."""

from airflow.providers.common.compat.sdk import dag

from airflow_provider_drs.sensors.drs import DrsJobStatusSensor


@dag(schedule=None, params={"job_ids": []})
def waits():
    common = {"job_ids": "{{ params.job_ids }}", "poke_interval": 0.01, "timeout": 60, "retries": 2, "retry_delay": 0}
    DrsJobStatusSensor(task_id="poke", **common)
    DrsJobStatusSensor(task_id="reschedule", mode="reschedule", **common)
    DrsJobStatusSensor(task_id="deferrable", deferrable=True, **common)


waits()
