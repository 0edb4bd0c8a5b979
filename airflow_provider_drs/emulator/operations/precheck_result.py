"""``batchCheckResults``: how far the pre-checks of jobs are, and what they show."""

from __future__ import annotations

from typing import Any

from ..errors import RefusedError
from ..state import World
from .operation import Answer, Asked, Operation, Service


async def _answer(service: Service, request: Asked) -> Answer:
    job_ids: list[str] = request.body["jobs"]
    service.world.record("batch-precheck-result", job_ids)
    results = [_result(service.world, job_id) for job_id in job_ids]
    states = ", ".join(f"{each['precheck_id']} {each.get('error_code') or each['process']}" for each in results)
    return Answer({"results": results, "count": len(results)}, line=f"batch-precheck-result: {states}")


def _result(world: World, job_id: str) -> dict[str, Any]:
    try:
        return {"precheck_id": job_id, **world.precheck_result(job_id)}
    except RefusedError as refusal:
        return {"precheck_id": job_id, "error_code": refusal.code, "error_msg": refusal.text}


PRECHECK_RESULT = Operation("batchCheckResults", _answer)
