"""``showJobList``: one page of all jobs."""

from __future__ import annotations

from .operation import Answer, Asked, Operation, Service


async def _answer(service: Service, request: Asked) -> Answer:
    # JSON knows no integers: 4.0 keeps the contract as well.
    page_of = {name: int(request.body[name]) for name in ("cur_page", "per_page") if name in request.body}
    total, page = service.world.list_jobs(**page_of)
    service.world.record("jobs", [])
    jobs = [{"id": job_id, "name": f"job-{job_id[:8]}", "status": status} for job_id, status in page]
    return Answer({"total_record": total, "jobs": jobs})


JOB_LIST = Operation("showJobList", _answer)
