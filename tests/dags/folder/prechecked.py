"""Checks the same jobs twice: with a wait in the worker, and with one in the triggerer."""

from airflow.providers.common.compat.sdk import dag

from airflow_provider_drs.operators.precheck import DrsPrecheckOperator


@dag(schedule=None, params={"job_ids": [], "waivers": None})
def prechecked():
    common = {
        "job_ids": "{{ params.job_ids }}",
        "waivers": "{{ params.waivers }}",
        "poll_interval": 0.05,
        "timeout": 120,
    }
    worker = DrsPrecheckOperator(task_id="worker", **common)
    deferred = DrsPrecheckOperator(task_id="deferred", deferrable=True, trigger_rule="all_done", **common)
    waived = DrsPrecheckOperator(
        task_id="waived", trigger_rule="all_done", **{**common, "waivers": "accepted_alarms.yml", "list_all": True}
    )
    worker >> deferred >> waived


prechecked()
