"""``batchListJobStatus``: the status of the jobs on one page, or all that are absent."""

from __future__ import annotations

from ..errors import AbsentJobsError
from .operation import Answer, Asked, Operation, Service, refusal_of, whole_numbers


async def _answer(service: Service, request: Asked) -> Answer:
    job_ids: list[str] = request.body["jobs"]
    service.world.record("batch-status", job_ids)
    try:
        page = service.world.poll(job_ids, **whole_numbers(request.body.get("page_req", {})))
    except AbsentJobsError as absent:
        return refusal_of(absent, "batch-status")
    results = [{"id": job_id, "status": status} for job_id, status in page]
    line = f"batch-status: {', '.join(f'{job_id} {status}' for job_id, status in page)}"
    return Answer({"results": results, "count": len(results)}, line=line)


JOB_STATUS = Operation("batchListJobStatus", _answer)
