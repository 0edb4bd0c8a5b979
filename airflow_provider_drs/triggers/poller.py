"""The poller that all triggers of a process share which wait at the same connection.

It asks for the jobs of all of them together, so that a thousand waits cost ten calls a round.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import Context
from typing import TYPE_CHECKING, Any

from airflow_provider_drs.api.errors import DrsCredentialError, DrsError
from airflow_provider_drs.api.retry import MAX_RETRY_SECONDS
from airflow_provider_drs.triggers.current_client import CurrentClient
from airflow_provider_drs.triggers.round import Round
from airflow_provider_drs.triggers.watch import NOT_PLANNED, Watch

if TYPE_CHECKING:
    from airflow_provider_drs.api.model.job_status import JobStatus

GATHERING = 0.1
"""Seconds that a newcomer waits for others that come with it."""
SIDE_BY_SIDE = 8
"""Calls under way at once."""
IN_TURN = 0.5
"""Seconds for which a call of a round keeps the next one waiting."""
EARLY = 0.99
"""Part of the shortest pause by which a look may come early, to share a round; all of it would not bear rounding."""


class Poller:
    """Asks DRS, round after round, for the jobs of all who watch.

    A watch takes part in the last round before it would be late, so it is asked for in its own rhythm or a little
    sooner, and rounds are as far apart as the shortest pause among the watches. The event loop is not blocked: threads
    make the calls, one after another so that one connection to the service serves a round, and beside a slow one the
    next. A job that DRS refuses or a Connection that is wrong fails only those it concerns.

    :param conn_id: the Connection to DRS.
    :param project_id: wins over the Connection's.
    """

    def __init__(self, conn_id: str, project_id: str | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(SIDE_BY_SIDE, "drs-poller")
        self._stopped = threading.Event()
        self._watches: set[Watch] = set()
        self._newcomers: list[Watch] = []
        self._changed = asyncio.Event()
        self._planned = NOT_PLANNED
        self._current = CurrentClient(conn_id, project_id)
        self._tasks: set[asyncio.Task[None]] = set()
        # in a context of its own, for what is logged must not be taken for a line of the trigger that came first
        Context().run(self._begin, self._rounds())

    def join(self, watch: Watch) -> None:
        """Take in a watch; its first look comes at once, or with the next round if there was one just now."""
        self._watches.add(watch)
        self._newcomers.append(watch)
        self._changed.set()

    def leave(self, watch: Watch) -> None:
        """Ask for this watch no more."""
        self._watches.discard(watch)

    def stop(self) -> None:
        """End all that is under way."""
        self._stopped.set()
        for task in self._tasks:
            task.cancel()
        # ends the calls in the threads, too
        self._current.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _rounds(self) -> None:
        last = float("-inf")
        # asked each time, for asyncio.wait_for may swallow a cancellation
        while not self._stopped.is_set():
            shortest = min((watch.pause for watch in self._watches), default=0.0)
            newcomers_due = max(self._loop.time() + GATHERING, last + shortest)
            while self._newcomers:
                self._newcomers.pop().due = newcomers_due
            self._planned = min((watch.due for watch in self._watches), default=NOT_PLANNED)
            if not await self._quiet_until_planned():
                continue
            # by the plan and not by the clock, lest a busy loop make every round a little later than the one before
            now = self._loop.time()
            started = self._planned if now < self._planned + shortest else now
            latest = started + EARLY * shortest
            due = [watch for watch in self._watches if watch.due <= latest]
            if not due:
                continue
            last = started
            for watch in due:
                watch.due = NOT_PLANNED
            self._begin(self._make_calls(Round(due, started)))

    async def _make_calls(self, round_: Round) -> None:
        for call in round_.calls:
            await asyncio.wait([self._begin(self._ask(round_, call))], timeout=IN_TURN)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # a fault of this package: whoever waits is told rather than left waiting
            self._fail(self._watches, error)

    async def _quiet_until_planned(self) -> bool:
        """Wait, and tell whether the plan stood."""
        self._changed.clear()
        seconds = None if self._planned == NOT_PLANNED else max(0.0, self._planned - self._loop.time())
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except asyncio.TimeoutError:
            return True
        return False

    async def _ask(self, round_: Round, call: list[str]) -> None:
        try:
            found = await self._look_up(round_, call)
        except DrsError as error:
            found = dict.fromkeys(call, error)
        except Exception as error:
            # whoever waits for news would wait for ever
            self._fail(round_.watches_of(call), error)
            return
        now = self._loop.time()
        client = self._current.client
        patience = client.max_retry_seconds if client else MAX_RETRY_SECONDS
        for watch in round_.answered(found):
            if watch.take(round_.found, round_.started, now, patience):
                self._watches.discard(watch)
            elif watch.due < self._planned:
                self._changed.set()

    async def _look_up(self, round_: Round, page: list[str]) -> dict[str, JobStatus | DrsError]:
        client = await self._current.get(round_)
        found = await self._loop.run_in_executor(self._threads, client.look_up, page)
        if any(isinstance(item, DrsCredentialError) for item in found.values()):
            renewed = await self._current.get(round_, refused=client)
            if renewed is not client:
                return await self._loop.run_in_executor(self._threads, renewed.look_up, page)
        return found

    def _fail(self, watches: Iterable[Watch], error: BaseException) -> None:
        for watch in list(watches):
            watch.tell(error)
            self._watches.discard(watch)


_pollers: dict[tuple[asyncio.AbstractEventLoop, str, str | None], tuple[Poller, set[Watch]]] = {}


@contextmanager
def watching(conn_id: str, project_id: str | None, watch: Watch) -> Iterator[Watch]:
    """Let this process's poller for a Connection ask for a watch; the first to come starts it, the last stops it."""
    key = asyncio.get_running_loop(), conn_id, project_id
    if key not in _pollers:
        _pollers[key] = Poller(conn_id, project_id), set()
    poller, users = _pollers[key]
    users.add(watch)
    poller.join(watch)
    try:
        yield watch
    finally:
        users.remove(watch)
        poller.leave(watch)
        if not users:
            del _pollers[key]
            poller.stop()
