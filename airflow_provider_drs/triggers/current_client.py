"""The client that a poller calls with, and when its Connection is read again."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from airflow_provider_drs.api.errors import DrsError, DrsUnreachableError
from airflow_provider_drs.triggers.round import PollRound

if TYPE_CHECKING:
    from airflow_provider_drs.api.client import DrsClient
    from airflow_provider_drs.hooks.drs import DrsHook

CONNECTION_MAX_AGE = 300
"""Seconds after which the Connection is read again."""
READ_TIMEOUT = 10
"""Seconds for which a round waits until the Connection is read; a secrets backend may hang."""


class CurrentClient:
    """Reads the Connection before the first round, then every five minutes, and when DRS refuses its credential.

    When it cannot be read, the client at hand goes on. However many calls a round has, it reads once for all of them.

    :param conn_id: the Connection to DRS.
    :param project_id: wins over the Connection's.
    """

    def __init__(self, conn_id: str, project_id: str | None) -> None:
        self.client: DrsClient | None = None
        self._conn_id = conn_id
        self._project_id = project_id
        self._loop = asyncio.get_running_loop()
        self._hook: DrsHook | None = None
        self._lock = asyncio.Lock()
        self._reading: asyncio.Task[DrsError | None] | None = None
        self._read_at = float("-inf")
        self._read_for: PollRound[Any] | None = None
        self._error: DrsError | None = None

    async def get(self, round_: PollRound[Any], refused: DrsClient | None = None) -> DrsClient:
        """Return the client for a call of a round.

        :param refused: the client whose credential DRS has just refused; somebody may have put a new one into the
            Connection.
        :raises DrsError: when there is no client, or only the refused one, and the Connection cannot be read.
        """
        async with self._lock:
            good = self.client if self.client is not refused else None
            if good and self._loop.time() < self._read_at + CONNECTION_MAX_AGE:
                return good
            if self._read_for is not round_:
                self._read_for = round_
                self._error = await self._read_in_time()
                good = self.client if self.client is not refused else None
            if self._error and not good:
                raise copy.copy(self._error)
            return good or self.client  # type: ignore[return-value]

    def cancel(self) -> None:
        """End what clients have under way, in threads, too."""
        if self._reading:
            self._reading.cancel()
        if self._hook:
            self._hook.cancel()
        if self.client:
            self.client.close()

    async def _read_in_time(self) -> DrsError | None:
        # the next round waits for one that hangs, and begins no second one
        reading = self._reading = self._reading or self._loop.create_task(self._read())
        await asyncio.wait([reading], timeout=READ_TIMEOUT)
        if not reading.done():
            return DrsUnreachableError(f"connection {self._conn_id} cannot be read: no answer within {READ_TIMEOUT} s")
        self._reading = None
        return reading.result()

    async def _read(self) -> DrsError | None:
        """Read the Connection; return the fault of Airflow, its secrets backend or IAM, if it may pass."""
        self._read_at = self._loop.time()
        try:
            # in a thread: its imports take longer than the loop may be blocked
            hook = self._hook = self._hook or await sync_to_async(self._make_hook, thread_sensitive=False)()
            client = await hook.get_async_conn()
        except DrsError as error:
            if not error.retryable:
                self._read_for = None
                raise
            return error
        if client is not self.client:
            client.pacer.clock = self._loop.time
            if self.client:
                self.client.close()
            self.client = client
        return None

    def _make_hook(self) -> DrsHook:
        from airflow_provider_drs.hooks.drs import DrsHook

        return DrsHook(self._conn_id, project_id=self._project_id)
