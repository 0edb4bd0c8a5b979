"""``batchStartJobs``: starts jobs whose pre-check passed, and orders the prepaid ones."""

from __future__ import annotations

from typing import Any

from ..errors import RefusedError
from ..state import World
from .operation import Answer, Asked, Operation, Service, outcomes_of


async def _answer(service: Service, request: Asked) -> Answer:
    jobs: list[dict[str, Any]] = request.body["jobs"]
    service.world.record("batch-starting", [job["job_id"] for job in jobs])
    results = [_result(service.world, job) for job in jobs]
    return Answer({"results": results, "count": len(results)}, 202, line=f"batch-starting: {outcomes_of(results)}")


def _result(world: World, job: dict[str, Any]) -> dict[str, Any]:
    try:
        order_id = world.start(job)
    except RefusedError as refusal:
        failure = {"error_code": refusal.code, "error_msg": refusal.text}
        return {"id": job["job_id"], "status": "failed", **failure}
    return {"id": job["job_id"], "status": "success", **({"order_id": order_id} if order_id else {})}


JOB_START = Operation("batchStartJobs", _answer)
