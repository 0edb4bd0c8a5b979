"""Tests the entries of a call side by side, and has the world remember how the test of each end of a job came out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from anyio import CapacityLimiter, to_thread

from ..errors import RefusedError
from ..logins import Entry
from ..probes import without_password
from ..stored import SIDES
from .operation import Service

_NOT_STORED = ("id", "net_type", "end_point_type", "customized_dns")


async def refusals_of(
    service: Service, entries: Sequence[Entry], *, cluster: bool = False
) -> list[RefusedError | None]:
    """Return for each entry why its test failed, or ``None`` where it passed.

    :param entries: with the member names of ``batchValidateConnections``.
    :param cluster: whether they were sent to the call for clusters.
    """
    limiter = one_thread_for_each(entries)

    async def refusal_of(entry: Entry) -> RefusedError | None:
        try:
            service.world.check_testable(entry["id"], cluster=cluster)
        except RefusedError as refusal:
            return refusal
        return await login_of(service, entry, limiter)

    refusals = await asyncio.gather(*map(refusal_of, entries))
    ends = [(entry["id"], SIDES[entry["end_point_type"]]) for entry in entries]
    failed = {end for end, refusal in zip(ends, refusals, strict=True) if refusal}
    for job_id, side in dict.fromkeys(ends):
        service.world.remember_test(job_id, side, passed=(job_id, side) not in failed)
    if service.world.choices.test_stores:
        for entry, end in zip(entries, ends, strict=True):
            if end not in failed:
                members = {name: value for name, value in entry.items() if name not in _NOT_STORED}
                service.world.change_stored(*end, **members)
    return refusals


def one_thread_for_each(entries: Sequence[Entry]) -> CapacityLimiter:
    """Return a limit for one call: with the threads that all calls share by default, long calls would wait in line."""
    return CapacityLimiter(max(len(entries), 1))


async def login_of(service: Service, entry: Entry, limiter: CapacityLimiter) -> RefusedError | None:
    """Dial the database of an entry, and return why it lets nobody in, or ``None``."""
    try:
        # who ends the emulator does not wait for a database
        await to_thread.run_sync(service.probe, entry, limiter=limiter, abandon_on_cancel=True)
    except RefusedError as refusal:
        return refusal
    return None


def verdict_of(entry: Entry, refusal: RefusedError | None) -> str:
    """Return what the log says of an entry, without a password."""
    address = without_password(entry["ip"], entry)
    if entry.get("db_port"):
        address += f" port {entry['db_port']}"
    outcome = f"failed {refusal.code} ({refusal.text})" if refusal else "passed"
    return f"{entry['id']} {entry['end_point_type']} {address} {outcome}"
