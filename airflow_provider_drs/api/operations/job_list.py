"""``showJobList``: the jobs of a project."""

from __future__ import annotations

from typing import Any

from airflow_provider_drs.api.operation import Operation, Repeat

# a person at the Test button waits for the answer
JOB_LIST = Operation("showJobList", "POST", "/v3/{project_id}/jobs", Repeat.NEVER, expected_key="jobs")


def body() -> dict[str, Any]:
    """Return the cheapest request: a list of one job."""
    return {"cur_page": 1, "per_page": 1, "db_use_type": "migration"}
