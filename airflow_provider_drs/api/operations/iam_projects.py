"""``keystoneListProjects``: the project of a region, which bears the region's name."""

from __future__ import annotations

from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.operation import Operation, Repeat
from airflow_provider_drs.api.wire.answers import Answer

IAM_PROJECTS = Operation(
    "keystoneListProjects", "GET", "/v3/projects?name={name}", Repeat.READ, expected_key="projects", service="IAM"
)


def project_id(region: str, answer: Answer) -> str:
    """Return the id of a region's own project.

    :raises DrsInputError: when IAM names none or several, so that the id must be given.
    """
    ids = [str(item["id"]) for item in answer.payload["projects"] if isinstance(item, dict) and item.get("id")]
    if len(ids) != 1:
        raise DrsInputError([f"project_id: IAM knows {len(ids) or 'no'} projects named {region}; give the id"])
    return ids[0]
