"""``showJobList``: one page of the jobs that all filters let through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ..jobs import Job
from .operation import Answer, Asked, Operation, Service, whole_numbers

_UNBILLED = frozenset({"CREATING", "CREATE_FAILED", "CONFIGURATION", "WAITING_FOR_START"})
_SAME = ("name", "description", "engine_type", "net_type", "job_direction", "db_use_type", "task_type")


async def _answer(service: Service, request: Asked) -> Answer:
    service.world.record("jobs", [])
    every = service.world.list_jobs()
    children: defaultdict[str | None, list[Job]] = defaultdict(list)
    for job in every:
        children[job.facts.parent_id].append(job)
    known = {job.id for job in every}
    jobs = [job for job in every if job.facts.parent_id not in known and _matches(job, request.body)]
    page_of = whole_numbers({name: request.body[name] for name in ("cur_page", "per_page") if name in request.body})
    cur_page, per_page = page_of.get("cur_page", 1), page_of.get("per_page", 10)
    first = (max(cur_page, 1) - 1) * per_page
    page = jobs[first : first + per_page] if cur_page and per_page else jobs
    shown = [_shown(job) for job in page]
    for entry in shown:
        if entry["id"] in children:
            entry["children"] = [_shown(child) for child in children[entry["id"]]]
    return Answer({"total_record": len(jobs), "jobs": shown})


def _matches(job: Job, asked: Mapping[str, Any]) -> bool:
    """Whether a job passes every filter that is used; an empty one is not."""
    facts, ends = job.facts, job.stored.values()
    tags = asked.get("tags") or {}
    pairs = tags.items() if isinstance(tags, Mapping) else [(tag.get("key"), tag.get("value")) for tag in tags]
    name, hosts = asked.get("name"), [host for end in ends for host in end.get("ip", "").split(",")]
    return (
        all(
            not asked.get(member) or asked[member] == getattr(facts, member)
            for member in ("db_use_type", "engine_type", "enterprise_project_id", "net_type")
        )
        and (not asked.get("status") or asked["status"] == job.status)
        and (not name or name == facts.name or job.id in name.split(","))
        and all(facts.tags.get(key) == value for key, value in pairs)
        and (not asked.get("instance_ids") or any(end.get("inst_id") in asked["instance_ids"] for end in ends))
        and (not asked.get("instance_ip") or asked["instance_ip"] in hosts)
    )


def _shown(job: Job) -> dict[str, Any]:
    created = datetime.fromtimestamp(job.created / 1000, timezone.utc)
    return {
        "id": job.id,
        "status": job.status,
        "create_time": created.strftime("%Y-%m-%d %H:%M:%S"),
        "billing_tag": job.status not in _UNBILLED,
        "node_newFramework": False,
        **{name: getattr(job.facts, name) for name in _SAME},
    }


JOB_LIST = Operation("showJobList", _answer)
