"""``batchValidateConnections``: dials the databases, and answers for each entry whether it passed."""

from __future__ import annotations

from typing import Any

from ..errors import RefusedError
from ..logins import Entry
from .entries import refusals_of, verdict_of
from .operation import Answer, Asked, Operation, Service


async def _answer(service: Service, request: Asked) -> Answer:
    entries: list[Entry] = request.body["jobs"]
    service.world.record("batch-connection", [entry["id"] for entry in entries])
    refusals = await refusals_of(service, entries)
    results = list(map(_result, entries, refusals))
    line = f"batch-connection: {', '.join(map(verdict_of, entries, refusals))}"
    return Answer({"results": results, "count": len(results)}, line=line)


def _result(entry: Entry, refusal: RefusedError | None) -> dict[str, Any]:
    if refusal is None:
        return {"id": entry["id"], "status": "success", "success": True}
    failure = {"error_code": refusal.code, "error_msg": refusal.text}
    return {"id": entry["id"], "status": "failed", "success": False, **failure}


CONNECTION_TEST = Operation("batchValidateConnections", _answer)
