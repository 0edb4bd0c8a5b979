"""A whole gate for each job of a file: wait, test and store, pre-check, start; a shut gate stops no other job.

The JSON file ``many_jobs_from_a_file.json`` lists the two endpoints of each job; new jobs need no change of the DAG.
The DAG needs the Connections ``drs_default`` and those that the file names. README.md in this folder explains how to
run it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import dag, task, task_group

from airflow_provider_drs.task_groups import migration_gate

FILE = Path(__file__).with_name("many_jobs_from_a_file.json")


@dag(schedule=None, catchup=False, tags=["drs"], doc_md=__doc__)
def a_gate_for_each_job():  # type: ignore[no-untyped-def]
    """Map the whole gate over the jobs of the file."""

    @task
    def jobs_in_the_file() -> list[dict[str, Any]]:
        """Read the file when the DAG runs, not each time that Airflow parses the DAG."""
        return [{"jobs": endpoints, "job_ids": endpoints[0]["id"]} for endpoints in json.loads(FILE.read_text())]

    @task_group
    def migration(jobs, job_ids):  # type: ignore[no-untyped-def]
        """Start one job when its gate is open."""
        migration_gate(
            jobs=jobs,
            job_ids=job_ids,
            deferrable=True,
            poke_interval=10,
            poll_interval=5,
            # what DRS does not tell of a job
            test={"job_settings": {"node_type": "high"}},
        )

    migration.expand_kwargs(jobs_in_the_file())


a_gate_for_each_job()
