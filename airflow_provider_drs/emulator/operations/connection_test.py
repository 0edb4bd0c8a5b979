"""``batchValidateConnections``: dials the databases, and answers for each entry whether it passed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from anyio import CapacityLimiter, to_thread

from ..errors import RefusedError
from ..logins import Entry
from ..probes import without_password
from .operation import Answer, Asked, Operation, Service


async def _answer(service: Service, request: Asked) -> Answer:
    entries: list[Entry] = request.body["jobs"]
    service.world.record("batch-connection", [entry["id"] for entry in entries])
    # One thread for each entry: the threads all calls share by default would make long calls wait in line.
    limiter = CapacityLimiter(len(entries))
    results = await asyncio.gather(*(_result(service, entry, limiter) for entry in entries))
    line = f"batch-connection: {', '.join(map(_verdict, entries, results))}"
    return Answer({"results": results, "count": len(results)}, line=line)


async def _result(service: Service, entry: Entry, limiter: CapacityLimiter) -> dict[str, Any]:
    try:
        service.world.check_testable(entry["id"])
        # who ends the emulator does not wait for a database
        await to_thread.run_sync(service.probe, entry, limiter=limiter, abandon_on_cancel=True)
    except RefusedError as refusal:
        failure = {"error_code": refusal.code, "error_msg": refusal.text}
        return {"id": entry["id"], "status": "failed", "success": False, **failure}
    return {"id": entry["id"], "status": "success", "success": True}


def _verdict(entry: Entry, result: Mapping[str, Any]) -> str:
    address = without_password(entry["ip"], entry)
    if entry.get("db_port"):
        address += f" port {entry['db_port']}"
    outcome = "passed" if result["success"] else f"failed {result['error_code']} ({result['error_msg']})"
    return f"{entry['id']} {entry['end_point_type']} {address} {outcome}"


CONNECTION_TEST = Operation("batchValidateConnections", _answer)
