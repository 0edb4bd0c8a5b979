"""Three shut gates, and behind each a task with every trigger rule that the guide explains."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import dag, task
from samples import job_id

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

RULES = ("all_success", "none_failed", "none_failed_min_one_success", "all_done", "one_failed", "all_skipped")


@task
def run() -> str:
    return "runs"


@dag(schedule=None, catchup=False)
def trigger_rules():  # type: ignore[no-untyped-def]
    for on_failure in ("fail", "skip", "report"):
        test = DrsTestConnectionsOperator(
            task_id=on_failure,
            jobs={"id": job_id(1), "net_type": "eip", "end_point_type": "so", "db_conn_id": "orders_old"},
            on_failure=on_failure,  # type: ignore[arg-type]
        )
        for rule in RULES:
            test >> run.override(task_id=f"{on_failure}_{rule}", trigger_rule=rule)()


trigger_rules()
