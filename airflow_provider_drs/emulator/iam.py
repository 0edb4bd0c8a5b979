"""The two calls of IAM that a caller of DRS may need, served beside DRS on the same address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from openapi_core.contrib.starlette import StarletteOpenAPIRequest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .contract import Contract
from .errors import RefusedError
from .state import World


async def check_caller(world: World, request: Request) -> None:
    """Let a request in by its token or its signature.

    :raises RefusedError: neither is good.
    """
    if "authorization" in request.headers:
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        query = request.scope["query_string"].decode("latin-1")
        headers = {name.lower(): value for name, value in request.headers.items()}
        world.accounts.check_signature(request.method, path, query, headers, await request.body())
    else:
        world.accounts.check_token(request.headers.get("x-auth-token"), world.token)


def routes(world: World, contract: Contract) -> list[Route]:
    """Make the routes of ``keystoneCreateUserTokenByPassword`` and ``keystoneListProjects``."""

    async def tokens(request: Request) -> Response:
        body = contract.read(StarletteOpenAPIRequest(request, await request.body()))
        user = body["auth"]["identity"]["password"]["user"]
        project = {"id": world.project_id, "name": world.accounts.region}
        asked = body["auth"].get("scope", {}).get("project", {})
        token, issued_at, expires_at = world.accounts.log_in(user["name"], user["password"], user["domain"]["name"])
        if any(project.get(name) != value for name, value in asked.items()):
            raise RefusedError("401", "The project does not exist.", 401)
        facts = {"issued_at": issued_at, "expires_at": expires_at, "methods": ["password"], "project": project}
        return _answer(201, {"token": facts}, {"X-Subject-Token": token})

    async def projects(request: Request) -> Response:
        await check_caller(world, request)
        contract.read(StarletteOpenAPIRequest(request, await request.body()))
        named = request.query_params["name"] == world.accounts.region
        return _answer(200, {"projects": [{"id": world.project_id, "name": world.accounts.region}] if named else []})

    return [
        Route("/v3/auth/tokens", _as_iam_refuses(tokens), methods=["POST"]),
        Route("/v3/projects", _as_iam_refuses(projects), methods=["GET"]),
    ]


def _as_iam_refuses(call: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def called(request: Request) -> Response:
        try:
            return await call(request)
        except RefusedError as refusal:
            if refusal.code.startswith("APIGW."):
                raise
            error = {"code": refusal.http_status, "message": refusal.text, "title": "Refused"}
            return _answer(refusal.http_status, {"error": error})

    return called


def _answer(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(body, status, headers={"X-Request-Id": uuid4().hex, **(headers or {})})
