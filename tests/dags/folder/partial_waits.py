"""Partial waits in all three modes, with each flag for failure, each for jobs of its own; and mapped ones."""

from airflow.providers.common.compat.sdk import dag

from airflow_provider_drs.sensors.drs import DrsJobStatusSensor

MODES = {"poke": {}, "reschedule": {"mode": "reschedule"}, "deferrable": {"deferrable": True}}
FLAGS = ["none", "soft_fail", "silent_fail", "never_fail"]


@dag(schedule=None, params={"jobs_of": {}})
def partial_waits():
    for mode, how in MODES.items():
        common = {**how, "partial": True, "poke_interval": 0.01, "timeout": 3600, "retry_delay": 0}
        for flag in FLAGS:
            DrsJobStatusSensor(
                task_id=f"{mode}__{flag}",
                job_ids="{{ params.jobs_of[task.task_id] }}",
                **common,
                **({} if flag == "none" else {flag: True}),
            )
        DrsJobStatusSensor.partial(task_id=f"{mode}__mapped", **common).expand(
            job_ids=["{{ params.jobs_of[task.task_id] }}"]
        )


partial_waits()
