"""``keystoneCreateUserTokenByPassword``: a token for a user's password."""

from __future__ import annotations

from ..errors import RefusedError
from .operation import Answer, Asked, Operation, Service


async def _answer(service: Service, request: Asked) -> Answer:
    world = service.world
    user = request.body["auth"]["identity"]["password"]["user"]
    project = {"id": world.project_id, "name": world.accounts.region}
    asked = request.body["auth"].get("scope", {}).get("project", {})
    token, issued_at, expires_at = world.accounts.log_in(user["name"], user["password"], user["domain"]["name"])
    if any(project.get(name) != value for name, value in asked.items()):
        raise RefusedError("401", "The project does not exist.", 401)
    facts = {"issued_at": issued_at, "expires_at": expires_at, "methods": ["password"], "project": project}
    return Answer({"token": facts}, 201, {"X-Subject-Token": token})


IAM_TOKEN = Operation("keystoneCreateUserTokenByPassword", _answer)
