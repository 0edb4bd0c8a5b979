"""The HTTP side of the emulator: which calls there are, who is let in, and what an answer looks like."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from anyio import CapacityLimiter, to_thread
from openapi_core.contrib.starlette import StarletteOpenAPIRequest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import iam
from .contract import Contract
from .errors import AbsentJobsError, RefusedError
from .logins import Entry
from .probes import Probe, dial, without_password
from .state import World

log = logging.getLogger(__name__)


def create_app(world: World, probe: Probe = dial) -> Starlette:
    """Make the application that answers the calls of ``contract.yaml``.

    All texts are English, whatever ``X-Language`` asks for.

    :param world: the jobs, the token and the project; it may be changed while the application serves.
    :param probe: tests one entry of a connection test; called in a thread of its own.
    """
    contract = Contract()

    async def admit(request: Request) -> Any:
        await iam.check_caller(world, request)
        if request.path_params["project_id"] != world.project_id:
            raise RefusedError("DRS.M00261", "The project ID in the path does not belong to the token.", 403)
        return contract.read(StarletteOpenAPIRequest(request, await request.body()))

    async def batch_connection(request: Request) -> Response:
        entries: list[Entry] = (await admit(request))["jobs"]
        world.record("batch-connection", [entry["id"] for entry in entries])
        # One thread for each entry: the threads all calls share by default would make long calls wait in line.
        limiter = CapacityLimiter(len(entries))
        results = await asyncio.gather(*(tested(entry, limiter) for entry in entries))
        verdicts = map(_verdict, entries, results)
        log.info("batch-connection: %s", ", ".join(verdicts))
        return _answer(200, {"results": results, "count": len(results)})

    async def tested(entry: Entry, limiter: CapacityLimiter) -> dict[str, Any]:
        try:
            world.check_testable(entry["id"])
            # who ends the emulator does not wait for a database
            await to_thread.run_sync(probe, entry, limiter=limiter, abandon_on_cancel=True)
        except RefusedError as refusal:
            failure = {"error_code": refusal.code, "error_msg": refusal.text}
            return {"id": entry["id"], "status": "failed", "success": False, **failure}
        return {"id": entry["id"], "status": "success", "success": True}

    async def batch_status(request: Request) -> Response:
        body = await admit(request)
        job_ids = body["jobs"]
        world.record("batch-status", job_ids)
        # JSON knows no integers: 4.0 keeps the contract as well.
        page_req = {name: int(number) for name, number in body.get("page_req", {}).items()}
        page = world.poll(job_ids, **page_req)
        log.info("batch-status: %s", ", ".join(f"{job_id} {status}" for job_id, status in page))
        results = [{"id": job_id, "status": status} for job_id, status in page]
        return _answer(200, {"results": results, "count": len(job_ids)})

    async def list_jobs(request: Request) -> Response:
        body = await admit(request)
        total, page = world.list_jobs(**{name: int(body[name]) for name in ("cur_page", "per_page") if name in body})
        world.record("jobs", [])
        jobs = [{"id": job_id, "name": f"job-{job_id[:8]}", "status": status} for job_id, status in page]
        return _answer(200, {"total_record": total, "jobs": jobs})

    app = Starlette(
        routes=[
            *iam.routes(world, contract),
            Route("/v3/{project_id}/jobs", list_jobs, methods=["POST"]),
            Route("/v3/{project_id}/jobs/batch-connection", batch_connection, methods=["POST"]),
            Route("/v3/{project_id}/jobs/batch-status", batch_status, methods=["POST"]),
        ],
        exception_handlers={
            RefusedError: _refuse,
            AbsentJobsError: _refuse_absent,
            HTTPException: _refuse_unknown,
            Exception: _fail,
        },
    )
    app.router.redirect_slashes = False
    return app


def _answer(status: int, body: Mapping[str, Any]) -> Response:
    return JSONResponse(body, status, headers={"X-Request-Id": uuid4().hex})


def _verdict(entry: Entry, result: Mapping[str, Any]) -> str:
    address = without_password(entry["ip"], entry)
    if entry.get("db_port"):
        address += f" port {entry['db_port']}"
    outcome = "passed" if result["success"] else f"failed {result['error_code']} ({result['error_msg']})"
    return f"{entry['id']} {entry['end_point_type']} {address} {outcome}"


def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    log.info("refused: %s", error)
    return _answer(error.http_status, {"error_code": error.code, "error_msg": error.text})


def _refuse_absent(request: Request, error: Exception) -> Response:
    assert isinstance(error, AbsentJobsError)
    log.info("batch-status: no such job: %s", error)
    results = [
        {"id": job_id, "error_code": refusal.code, "error_message": refusal.text}
        for job_id, refusal in error.refusals.items()
    ]
    return _answer(400, {"results": results, "count": len(results)})


def _refuse_unknown(request: Request, error: Exception) -> Response:
    log.info("refused: no such API")
    return _answer(404, {"error_code": "APIGW.0101", "error_msg": "The API does not exist or is not emulated."})


def _fail(request: Request, error: Exception) -> Response:
    return _answer(500, {"error_code": "DRS.M00004", "error_msg": "The emulator failed; its log says why."})
