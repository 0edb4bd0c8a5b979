"""A DRS in a few lines that stores endpoints, for the tests of what a gate makes of its answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from wire import Reply, Request, Service

Change = Callable[[dict[str, Any]], None]

SECRET = ("db_password", "ssl_cert_key", "ssl_cert_password")
LOST = Reply({}, headers={"Content-Length": "99", "Connection": "close"})


class StoringService(Service):
    """It affirms tests and stores, and gives back what it has stored without its secrets.

    :param results: what is in the test result of a job beside its id, in place of a success.
    :param stores: what is in the store result of a job beside its id, in place of a success.
    :param detail: changes the details of a job before they are sent; it takes them, and ``stored`` is among them
        after a store.
    :param lost_stores: how many answers to a store are lost, after it was done.
    :param shows_secrets: whether the details have the secrets of a stored endpoint, which no document rules out.
    """

    def __init__(
        self,
        *,
        results: dict[str, dict[str, Any]] | None = None,
        stores: dict[str, dict[str, Any]] | None = None,
        detail: Change = lambda detail: None,
        lost_stores: int = 0,
        shows_secrets: bool = False,
    ) -> None:
        super().__init__(self._reply)
        self.results, self.store_results, self.detail = results or {}, stores or {}, detail
        self.lost_stores, self.shows_secrets = lost_stores, shows_secrets
        self.stored: dict[str, dict[str, Any]] = {}

    def sent(self) -> list[str]:
        """Return the last word of the path of each request."""
        return [request.path.rpartition("/")[2] for request in self.requests]

    def _reply(self, request: Request) -> Reply:
        operation = request.path.rpartition("/")[2]
        jobs = request.json["jobs"]
        if operation == "batch-status":
            results = [{"id": job, "status": "CONFIGURATION"} for job in jobs]
        elif operation == "batch-detail":
            results = [self._detail(job) for job in jobs[: request.json["page_req"]["per_page"]]]
        elif operation == "batch-modification":
            results = [self._store(entry) for entry in jobs]
            self.lost_stores -= 1
            if self.lost_stores >= 0:
                return LOST
        else:
            names = [entry.get("id") or entry["job_id"] for entry in jobs]
            results = [{"id": name, **self.results.get(name, {"status": "success"})} for name in names]
        return Reply({"results": results, "count": len(results)})

    def _store(self, entry: dict[str, Any]) -> dict[str, Any]:
        result = self.store_results.get(entry["job_id"], {"status": "success"})
        if result["status"] == "success":
            self.stored[entry["job_id"]] = json.loads(json.dumps(entry))
        return {"id": entry["job_id"], **result}

    def _shows(self, name: str) -> bool:
        return self.shows_secrets or name not in SECRET

    def _detail(self, job_id: str) -> dict[str, Any]:
        detail: dict[str, Any] = {
            "id": job_id,
            "status": "CONFIGURATION",
            "update_time": "1767226200000",
            "job_direction": "up",
            "db_use_type": "migration",
            "task_type": "FULL_INCR_TRANS",
            "is_target_readonly": True,
            "replace_definer": True,
            "inst_info": {"engine_type": "mysql", "inst_type": "high", "ip": "10.0.0.40", "status": "ACTIVE"},
        }
        if stored := self.stored.get(job_id):
            for side in ("source_endpoint", "target_endpoint"):
                detail[side] = {name: value for name, value in stored[side].items() if self._shows(name)}
            detail |= {"net_type": stored["net_type"], "stored": True}
        self.detail(detail)
        return {name: value for name, value in detail.items() if name != "stored"}
