"""``listJobsV5``: the jobs of a project, as the successor of v3 lists them; only some regions have it."""

from __future__ import annotations

from airflow_provider_drs.api.operation import Operation, Repeat

JOB_LIST_V5 = Operation(
    "listJobsV5", "GET", "/v5/{project_id}/jobs?job_type=migration&limit=1", Repeat.NEVER, expected_key="jobs"
)
