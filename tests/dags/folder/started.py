"""Starts jobs on the evidence that the run's configuration holds, in the worker and in the triggerer."""

from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_drs.operators.start import DrsStartJobsOperator


@dag(schedule=None, params={"job_ids": [], "evidence": None, "start_time": None})
def started():
    @task
    def evidence(params=None):
        return params["evidence"]

    common = {
        "job_ids": "{{ params.job_ids }}",
        "evidence": evidence(),
        "start_time": "{{ params.start_time }}",
        "poll_interval": 0.05,
        "timeout": 120,
    }
    DrsStartJobsOperator(task_id="worker", **common)
    DrsStartJobsOperator(task_id="deferred", deferrable=True, **common)


started()
