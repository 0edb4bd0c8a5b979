"""One poller for all triggers of a process that poll the same thing at the same Connection.

It polls the jobs of all of them together, so that a thousand waits cost ten calls a round.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import Context
from typing import TYPE_CHECKING, Any, Generic

from airflow_provider_drs.api.errors import DrsCredentialError, DrsError
from airflow_provider_drs.api.retry import MAX_RETRY_SECONDS
from airflow_provider_drs.triggers.current_client import CurrentClient
from airflow_provider_drs.triggers.poll import Poll, Result
from airflow_provider_drs.triggers.round import PollRound
from airflow_provider_drs.triggers.subscription import NOT_PLANNED, Subscription, Update

if TYPE_CHECKING:
    from airflow_provider_drs.api.client import DrsClient

JOIN_DELAY = 0.1
"""Seconds that a newcomer waits for others that come with it."""
MAX_CONCURRENT_CALLS = 8
"""Calls under way at once."""
CALL_STAGGER = 0.5
"""Seconds for which a call of a round keeps the next one waiting."""
EARLY_FRACTION = 0.99
"""Part of the shortest pause by which a poll may come early, to share a round; all of it would not bear rounding."""


class Poller(Generic[Result]):
    """Polls the jobs of all subscriptions, round after round.

    A subscription takes part in the last round before it would be late, so it is polled in its own rhythm or a little
    sooner. Rounds are as far apart as the shortest pause among the subscriptions. The event loop is not blocked:
    threads make the calls, one after another so that one connection to the service serves a round, and beside a slow
    one the next. A job that DRS refuses or a Connection that is wrong fails only those it concerns.

    :param conn_id: the Connection to DRS.
    :param project_id: wins over the Connection's.
    :param poll: the call to make.
    """

    def __init__(self, conn_id: str, project_id: str | None, poll: Poll[Result]) -> None:
        self._poll = poll
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(MAX_CONCURRENT_CALLS, "drs-poller")
        self._stopped = threading.Event()
        self._subscriptions: set[Subscription[Result, Any]] = set()
        self._newcomers: list[Subscription[Result, Any]] = []
        self._changed = asyncio.Event()
        self._planned = NOT_PLANNED
        self._round: PollRound[Result] | None = None
        self._current = CurrentClient(conn_id, project_id)
        self._tasks: set[asyncio.Task[None]] = set()
        # in a context of its own, for what is logged must not be taken for a line of the trigger that came first
        Context().run(self._begin, self._rounds())

    def join(self, subscription: Subscription[Result, Any]) -> None:
        """Take in a subscription; its first poll comes at once, or with the next round if there was one just now."""
        self._subscriptions.add(subscription)
        self._newcomers.append(subscription)
        self._changed.set()

    def leave(self, subscription: Subscription[Result, Any]) -> None:
        """Poll for this subscription no more."""
        self._subscriptions.discard(subscription)

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
        # checked each time, for asyncio.wait_for may swallow a cancellation
        while not self._stopped.is_set():
            shortest = min((subscription.pause for subscription in self._subscriptions), default=0.0)
            newcomers_due = max(self._loop.time() + JOIN_DELAY, last + shortest)
            while self._newcomers:
                self._newcomers.pop().due = newcomers_due
            self._planned = min((subscription.due for subscription in self._subscriptions), default=NOT_PLANNED)
            if not await self._quiet_until_planned():
                continue
            # by the plan and not by the clock: a busy loop would make every round a little later
            now = self._loop.time()
            started = self._planned if now < self._planned + shortest else now
            latest = started + EARLY_FRACTION * shortest
            due = [subscription for subscription in self._subscriptions if subscription.due <= latest]
            if not due:
                continue
            last = started
            for subscription in due:
                subscription.due = NOT_PLANNED
            if self._round and self._round.is_for(due):
                self._round = self._round.again(started)
            else:
                self._round = PollRound(due, started, self._poll.page_size)
            self._begin(self._make_calls(self._round))

    async def _make_calls(self, round_: PollRound[Result]) -> None:
        for number in range(len(round_.calls)):
            await asyncio.wait([self._begin(self._make_call(round_, number))], timeout=CALL_STAGGER)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # a fault of this package; without this its waits would never end
            self._fail(self._subscriptions, error)

    async def _quiet_until_planned(self) -> bool:
        """Wait; return whether the plan stood."""
        self._changed.clear()
        seconds = None if self._planned == NOT_PLANNED else max(0.0, self._planned - self._loop.time())
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except asyncio.TimeoutError:
            return True
        return False

    async def _make_call(self, round_: PollRound[Result], number: int) -> None:
        try:
            ready = round_.record(number, await self._results(round_, round_.calls[number]))
        except Exception as error:
            # a fault of this package; without this its waits would never end
            self._fail(round_.subscribers_of(number), error)
            return
        now = self._loop.time()
        client = self._current.client
        patience = client.max_retry_seconds if client else MAX_RETRY_SECONDS
        for subscription in ready:
            subscription.client = client
            if subscription.handle_results(round_.results, round_.started, now, patience):
                self._subscriptions.discard(subscription)
            elif subscription.due < self._planned:
                self._changed.set()

    async def _results(self, round_: PollRound[Result], call: list[str]) -> Mapping[str, Result | DrsError]:
        try:
            client = await self._current.get(round_)
            results = await self._fetch(client, call)
            if any(isinstance(result, DrsCredentialError) for result in results.values()):
                renewed = await self._current.get(round_, refused=client)
                if renewed is not client:
                    results = await self._fetch(renewed, call)
        except DrsError as error:
            return dict.fromkeys(call, error)
        return results

    async def _fetch(self, client: DrsClient, call: list[str]) -> Mapping[str, Result | DrsError]:
        return await self._loop.run_in_executor(self._threads, self._poll.fetch, client, call)

    def _fail(self, subscriptions: Iterable[Subscription[Result, Any]], error: BaseException) -> None:
        for subscription in list(subscriptions):
            subscription.publish(error)
            self._subscriptions.discard(subscription)


_pollers: dict[Any, tuple[Poller[Any], set[Subscription[Any, Any]]]] = {}


@contextmanager
def subscribed(
    conn_id: str, project_id: str | None, poll: Poll[Result], subscription: Subscription[Result, Update]
) -> Iterator[Subscription[Result, Update]]:
    """Subscribe at this process's poller for a Connection and a poll; the first starts it, the last stops it."""
    key = asyncio.get_running_loop(), conn_id, project_id, poll
    if key not in _pollers:
        _pollers[key] = Poller(conn_id, project_id, poll), set()
    poller, users = _pollers[key]
    users.add(subscription)
    poller.join(subscription)
    try:
        yield subscription
    finally:
        users.remove(subscription)
        poller.leave(subscription)
        if not users:
            del _pollers[key]
            poller.stop()
