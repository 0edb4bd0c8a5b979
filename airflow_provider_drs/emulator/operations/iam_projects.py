"""``keystoneListProjects``: the one project there is, to who asks by its name."""

from __future__ import annotations

from .operation import Answer, Asked, Operation, Service


async def _answer(service: Service, request: Asked) -> Answer:
    project = {"id": service.world.project_id, "name": service.world.accounts.region}
    return Answer({"projects": [project] if request.query["name"] == project["name"] else []})


IAM_PROJECTS = Operation("keystoneListProjects", _answer)
