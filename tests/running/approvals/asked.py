"""A step that leaves what a file says as its report, a person who is asked, and what starts if the person approves."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import dag, task

from airflow_provider_drs.operators.approval import DrsApprovalOperator


@dag(schedule=None, params={"of_the_dag": "x"})
def asked():
    @task
    def report(run_id: str | None = None) -> Any:  # Airflow fills it in
        return json.loads(Path(os.environ["AIRFLOW_HOME"], f"{run_id}.json").read_text())

    @task
    def start() -> str:
        return "started"

    approve = DrsApprovalOperator(
        task_id="approve",
        report=report(),
        body="Wave 7.",
        # a refusal uses none of them: they are for a busy Airflow 3.1, which once failed a task that asked again
        retries=2,
        retry_delay=timedelta(seconds=1),
    )
    approve >> start()


asked()
