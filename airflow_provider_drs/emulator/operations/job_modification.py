"""``batchUpdateJob``: stores the endpoints of jobs whose tests passed, and edits other members."""

from __future__ import annotations

from typing import Any

from ..errors import RefusedError
from ..state import World
from .operation import Answer, Asked, Operation, Service, outcomes_of


async def _answer(service: Service, request: Asked) -> Answer:
    jobs: list[dict[str, Any]] = request.body["jobs"]
    service.world.record("batch-modification", [job["job_id"] for job in jobs])
    results = [_result(service.world, job) for job in jobs]
    return Answer({"results": results, "count": len(results)}, line=f"batch-modification: {outcomes_of(results)}")


def _result(world: World, job: dict[str, Any]) -> dict[str, Any]:
    try:
        world.modify(job)
    except RefusedError as refusal:
        failure = {"error_code": refusal.code, "error_msg": refusal.text}
        return {"id": job["job_id"], "status": "failed", **failure}
    return {"id": job["job_id"], "status": "success"}


JOB_MODIFICATION = Operation("batchUpdateJob", _answer)
