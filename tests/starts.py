"""Jobs of the emulator that are ready to be started, and the evidence of that."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from samples import endpoint, job_id

from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.emulator.server import Emulator

DIGEST = f"sha256:{'0' * 64}"


def at(seconds_ago: float = 0) -> str:
    """Return the time so many seconds ago, as reports write it."""
    return (datetime.now(timezone.utc) - timedelta(seconds=seconds_ago)).isoformat(timespec="seconds")


def report(kind: str, *jobs: dict[str, Any], seconds_ago: float = 5, **members: Any) -> dict[str, Any]:
    """Return a report of a step."""
    failed = sum(not job["passed"] for job in jobs)
    head = {"schema": 1, "kind": kind, "passed": not failed, "failed": failed, "checked_at": at(seconds_ago)}
    return {**head, "digest": DIGEST, "summary": f"**{kind}**", "jobs": list(jobs), **members}


def proven(job: str, **members: Any) -> dict[str, Any]:
    """Return what a report says of a job that was tested and stored."""
    return {
        "job_id": job,
        "passed": True,
        "stored": True,
        "digest": DIGEST,
        "node": {"ip": "10.0.0.40", "public_ip": "203.0.113.40"},
        "update_time": "1767226200000",
        **members,
    }


def green(job: str, seconds_ago: float = 2, **members: Any) -> dict[str, Any]:
    """Return what a report says of a job that was checked."""
    return {"job_id": job, "passed": True, "checked_at": at(seconds_ago), **members}


def have_ready(emulator: Emulator, number: int, **facts: Any) -> str:
    """Have a job in the emulator whose ends are stored and whose pre-check passed, and return its id."""
    emulator.world.add_job(job_id(number), "CONFIGURATION", **facts)
    for side, end_point_type in (("source", "so"), ("target", "ta")):
        end = endpoint(number, end_point_type=end_point_type)
        stored = {name: value for name, value in end.items() if name not in ("id", "end_point_type", "net_type")}
        emulator.world.change_stored(job_id(number), side, **stored)  # type: ignore[arg-type]
    emulator.world.finish_precheck(job_id(number))
    return job_id(number)


def evidence_of(client: DrsClient, jobs: list[str]) -> list[dict[str, Any]]:
    """Return the reports of a test that stored the jobs as DRS has them now, and of a check after it."""
    details = client.job_details(jobs)
    entries = [
        proven(job, digest=one.digest, node=one.node_addresses, update_time=one.update_time)
        for job, one in details.items()
    ]
    return [report("connections", *entries), report("precheck", *map(green, jobs), seconds_ago=3)]


def starts(emulator: Emulator, job: str) -> int:
    """Return how many times DRS was asked to start a job."""
    return emulator.world.job(job).starts
