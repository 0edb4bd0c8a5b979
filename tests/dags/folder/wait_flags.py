"""Waits that are told what to do about failure, in all three modes, each for a job of its own."""

from airflow.providers.common.compat.sdk import dag

from airflow_provider_drs.sensors.drs import DrsJobStatusSensor

MODES = {"poke": {}, "reschedule": {"mode": "reschedule"}, "deferrable": {"deferrable": True}}
FLAGS = ["none", "soft_fail", "silent_fail", "never_fail"]


@dag(schedule=None, params={"job_of": {}})
def wait_flags():
    for mode, how in MODES.items():
        for flag in FLAGS:
            DrsJobStatusSensor(
                task_id=f"{mode}__{flag}",
                job_ids="{{ params.job_of[task.task_id] }}",
                poke_interval=0.01,
                timeout=3600,
                **how,
                **({} if flag == "none" else {flag: True}),
            )


wait_flags()
