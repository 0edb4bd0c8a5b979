"""The HTTP side of the emulator: who is let in, what keeps the contract, and how an answer is sent."""

from __future__ import annotations

import logging
from uuid import uuid4

from openapi_core.contrib.starlette import StarletteOpenAPIRequest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from .contract import Contract, ContractCall, calls
from .errors import RefusedError
from .operations import OPERATIONS
from .operations.operation import Answer, Asked, Operation, Service
from .probes import Probe, dial
from .state import World

log = logging.getLogger(__name__)


def create_app(world: World, probe: Probe = dial) -> Starlette:
    """Make the application that answers the calls of ``contract.yaml``.

    All texts are English, for any ``X-Language``.

    :param world: the jobs, the token and the project; it may be changed while the application serves.
    :param probe: tests one entry of a connection test; called in a thread of its own.
    """
    service, contract = Service(world, probe), Contract()

    def route(operation: Operation) -> Route:
        call = calls()[operation.name]

        async def answered(request: Request) -> Response:
            try:
                if call.needs_credential:
                    await _check_caller(world, request)
                if request.path_params.get("project_id", world.project_id) != world.project_id:
                    raise RefusedError("DRS.M00261", "The project ID in the path does not belong to the token.", 403)
                ignore = world.choices.unknown_members == "ignored"
                body = contract.read(StarletteOpenAPIRequest(request, await request.body()), ignore_unknown=ignore)
                answer = await operation.answer(service, Asked(body, request.query_params, request.headers))
            except RefusedError as refusal:
                answer = _refusal(refusal, call)
            if answer.line:
                log.info("%s", answer.line)
            return _response(answer)

        return Route(call.path, answered, methods=[call.method])

    app = Starlette(
        routes=[route(operation) for operation in OPERATIONS.values()],
        exception_handlers={HTTPException: _refuse_unknown, Exception: _fail},
    )
    app.router.redirect_slashes = False
    return app


async def _check_caller(world: World, request: Request) -> None:
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


def _response(answer: Answer) -> Response:
    kind = PlainTextResponse if isinstance(answer.body, str) else JSONResponse
    return kind(answer.body, answer.status, {"X-Request-Id": uuid4().hex, **answer.headers})


def _refusal(refusal: RefusedError, call: ContractCall) -> Answer:
    line = f"refused: {refusal}"
    if call.of_identity:
        return Answer(refusal.text, refusal.http_status, line=line)
    if call.of_iam and not refusal.code.startswith("APIGW."):
        error = {"code": refusal.http_status, "message": refusal.text, "title": "Refused"}
        return Answer({"error": error}, refusal.http_status, line=line)
    return Answer({"error_code": refusal.code, "error_msg": refusal.text}, refusal.http_status, line=line)


def _refuse_unknown(request: Request, error: Exception) -> Response:
    log.info("refused: no such API")
    return _response(
        Answer({"error_code": "APIGW.0101", "error_msg": "The API does not exist or is not emulated."}, 404)
    )


def _fail(request: Request, error: Exception) -> Response:
    return _response(Answer({"error_code": "DRS.M00004", "error_msg": "The emulator failed; its log says why."}, 500))
