"""``batchListJobDetails``: the jobs on one page as they are configured, or all that are absent."""

from __future__ import annotations

from typing import Any

from ..errors import AbsentJobsError
from ..jobs import Job
from .operation import Answer, Asked, Operation, Service, refusal_of, whole_numbers

# the three sizes that an answer knows; for the others of a request no document has a word
_SIZES = {"medium": "common", "2xlarge": "ultrahigh"}
_ENGINES = {"mongodb": "mongodb-to-dds"}
_UNPAID = {"status": "UNORDERED", "order_id": "", "charging_mode": 1, "period_type": 2, "period_num": 1}
_SAME = ("name", "description", "db_use_type", "net_type", "job_direction", "task_type")
_IF_SET = ("parent_id", "is_target_readonly", "replace_definer", "alarm_notify")


async def _answer(service: Service, request: Asked) -> Answer:
    job_ids: list[str] = request.body["jobs"]
    service.world.record("batch-detail", job_ids)
    try:
        page = service.world.details(job_ids, **whole_numbers(request.body.get("page_req", {})))
    except AbsentJobsError as absent:
        return refusal_of(absent, "batch-detail")
    results = [_details(job) for job in page]
    return Answer(
        {"results": results, "count": len(results)}, line=f"batch-detail: {', '.join(job.id for job in page)}"
    )


def _details(job: Job) -> dict[str, Any]:
    facts = job.facts
    node = {
        "engine_type": _ENGINES.get(facts.engine_type, facts.engine_type),
        "inst_type": _SIZES.get(facts.node_type, facts.node_type),
        "ip": facts.node_ip,
        "public_ip": facts.node_public_ip,
        "start_time": "0",
        "status": facts.node_status,
        "volume_size": 100,
    }
    details = {
        "id": job.id,
        "status": job.status,
        "create_time": str(job.created),
        "update_time": str(job.updated),
        "inst_info": {name: value for name, value in node.items() if value is not None},
        "multi_write": job.role is not None,
        "is_multi_az": facts.cluster,
        "migrate_user": False,
        "object_switch": False,
        **{name: getattr(facts, name) for name in _SAME},
        **{name: value for name in _IF_SET if (value := getattr(facts, name)) is not None},
        **{f"{side}_endpoint": stored.shown() for side, stored in job.stored.items()},
    }
    if facts.cluster:
        details |= {"master_az": "cn-north-4a", "slave_az": "cn-north-4b"}
    if facts.prepaid:
        paid = {"status": "COMPLETED", "order_id": job.order_id} if job.order_id else {}
        details["period_order"] = {**_UNPAID, **paid}
    if facts.tags:
        details["tags"] = [{"key": key, "value": value} for key, value in facts.tags.items()]
    return details


JOB_DETAILS = Operation("batchListJobDetails", _answer)
