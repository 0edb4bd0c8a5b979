"""``listJobsV5``: the first jobs, where there is a v5."""

from __future__ import annotations

from ..errors import RefusedError
from .operation import Answer, Asked, Operation, Service


async def _answer(service: Service, request: Asked) -> Answer:
    if not service.world.choices.v5:
        raise RefusedError("APIGW.0101", "The API does not exist or has not been published in the environment.", 404)
    service.world.record("v5-jobs", [])
    jobs = [job for job in service.world.list_jobs() if job.facts.db_use_type == request.query["job_type"]]
    page = jobs[: int(request.query.get("limit", len(jobs)))]
    return Answer({"total_count": len(jobs), "jobs": [{"id": job.id, "status": job.status} for job in page]})


JOB_LIST_V5 = Operation("listJobsV5", _answer)
