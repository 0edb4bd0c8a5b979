"""``batchCheckJobs``: begins the pre-check of jobs, which logs in with what is stored of them."""

from __future__ import annotations

import asyncio
from typing import Any

from ..errors import RefusedError
from ..logins import Entry
from ..prechecks import CheckItem
from .entries import login_of, one_thread_for_each
from .operation import Answer, Asked, Operation, Service, outcomes_of

_LOGINS = {"source": ("so", "srcDbConnection"), "target": ("ta", "dstDbConnection")}


async def _answer(service: Service, request: Asked) -> Answer:
    jobs: list[dict[str, str]] = request.body["jobs"]
    service.world.record("batch-precheck", [job["job_id"] for job in jobs])
    results = await asyncio.gather(*(_result(service, **job) for job in jobs))
    return Answer({"results": results, "count": len(results)}, line=f"batch-precheck: {outcomes_of(results)}")


async def _result(service: Service, job_id: str, precheck_mode: str) -> dict[str, Any]:
    try:
        stored = service.world.request_precheck(job_id, precheck_mode)
    except RefusedError as refusal:
        return {"id": job_id, "status": "failed", "error_code": refusal.code, "error_msg": refusal.text}
    # an instance of the cloud may be stored without an address that could be dialled
    ends = {side: end for side, end in stored.items() if end.get("ip")}
    entries: list[Entry] = [{**end, "id": job_id, "end_point_type": _LOGINS[side][0]} for side, end in ends.items()]
    limiter = one_thread_for_each(entries)
    refusals = await asyncio.gather(*(login_of(service, entry, limiter) for entry in entries))
    items = [
        CheckItem(item=_LOGINS[side][1], group="network", result="FAILED", raw_error_msg=refusal.text)
        for side, refusal in zip(ends, refusals, strict=True)
        if refusal
    ]
    service.world.note_logins(job_id, items)
    return {"id": job_id, "status": "success", "precheck_id": job_id}


PRECHECK = Operation("batchCheckJobs", _answer)
