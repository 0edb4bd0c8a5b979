"""Many jobs from a file: each job has its own gate, so a shut gate stops no other job.

The JSON file in this folder lists the two endpoints of each job; new jobs need no change of the DAG. The DAG needs the
Connections ``drs_default`` and those that the file names. README.md in this folder explains how to run it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import dag, task, task_group

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

FILE = Path(__file__).with_suffix(".json")


@dag(schedule=None, catchup=False, tags=["drs"], doc_md=__doc__)
def many_jobs_from_a_file():  # type: ignore[no-untyped-def]
    """Map one group of tasks over the jobs of the file."""

    @task
    def jobs_in_the_file() -> Any:
        """Read the file when the DAG runs, not each time that Airflow parses the DAG."""
        return json.loads(FILE.read_text())

    @task_group
    def migration(endpoints):  # type: ignore[no-untyped-def]
        """Test one job, then migrate it."""
        test = DrsTestConnectionsOperator(task_id="test_connections", jobs=endpoints)

        @task
        def start_migration(endpoints: list[dict[str, str]]) -> str:
            """Replace this with a task that starts the migration of one job."""
            return f"The gate of {endpoints[0]['label']} is open."

        test >> start_migration(endpoints)

    migration.expand(endpoints=jobs_in_the_file())


many_jobs_from_a_file()
