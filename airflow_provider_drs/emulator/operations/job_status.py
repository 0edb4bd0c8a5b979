"""``batchListJobStatus``: the status of the jobs on one page, or all that are absent."""

from __future__ import annotations

from ..errors import AbsentJobsError
from .operation import Answer, Asked, Operation, Service


async def _answer(service: Service, request: Asked) -> Answer:
    job_ids: list[str] = request.body["jobs"]
    service.world.record("batch-status", job_ids)
    # JSON knows no integers: 4.0 keeps the contract as well.
    page_req = {name: int(number) for name, number in request.body.get("page_req", {}).items()}
    try:
        page = service.world.poll(job_ids, **page_req)
    except AbsentJobsError as absent:
        return _refusal(absent)
    results = [{"id": job_id, "status": status} for job_id, status in page]
    line = f"batch-status: {', '.join(f'{job_id} {status}' for job_id, status in page)}"
    return Answer({"results": results, "count": len(job_ids)}, line=line)


def _refusal(absent: AbsentJobsError) -> Answer:
    results = [
        {"id": job_id, "error_code": refusal.code, "error_message": refusal.text}
        for job_id, refusal in absent.refusals.items()
    ]
    return Answer({"results": results, "count": len(results)}, 400, line=f"batch-status: no such job: {absent}")


JOB_STATUS = Operation("batchListJobStatus", _answer)
