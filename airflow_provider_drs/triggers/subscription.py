"""One trigger's subscription to the results of a poller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.triggers.poll import Judge, Outcome, Result

if TYPE_CHECKING:
    from airflow_provider_drs.api.client import DrsClient

NOT_PLANNED = float("inf")
"""When a subscription is due that is new, or takes part in a round."""

Update = TypeVar("Update", bound=Outcome)


class Subscription(Generic[Result, Update]):
    """When the jobs of a trigger are due for the next poll, and the updates for it.

    :param judge: decides what each poll means.
    :param pause: returns the seconds after that many polls.
    """

    # slots, because there may be thousands
    __slots__ = ("_judge", "_pause", "_polls", "_updates", "_waiter", "client", "due", "pause")

    def __init__(self, judge: Judge[Result, Update], pause: Callable[[int], float]) -> None:
        self._judge = judge
        self.due = NOT_PLANNED
        self.client: DrsClient | None = None
        self._pause = pause
        self.pause = self._next_pause(1)
        self._polls = 0
        self._updates: list[Update | BaseException] = []
        self._waiter: asyncio.Future[None] | None = None

    @property
    def job_ids(self) -> Sequence[str]:
        """The jobs to poll."""
        return self._judge.job_ids

    async def next_update(self) -> Update:
        """Wait for a poll that brings something new.

        :raises DrsError: when the wait has failed.
        """
        if not self._updates:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        update = self._updates.pop(0)
        if isinstance(update, BaseException):
            # several subscriptions may raise the same error; none shows where another raised it
            raise update.with_traceback(None)
        return update

    def publish(self, update: Update | BaseException) -> None:
        """Hand over what :meth:`next_update` returns or raises."""
        self._updates.append(update)
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def handle_results(
        self, results: Mapping[str, Result | DrsError], started: float, now: float, patience: float
    ) -> bool:
        """Judge a poll; return whether it was the last.

        :param results: for each job, its result or the error in its place.
        :param started: when its round began, by the loop's clock.
        :param now: the time by that clock.
        :param patience: seconds for which a fault may last.
        """
        self._polls += 1
        try:
            update = self._judge.judge(results, now, patience, started)
            self.pause = self._judge.pause(self._next_pause(self._polls))
        except Exception as error:
            # an error of DRS ends this wait; any other must not end those of others
            self.publish(error)
            return True
        self.due = started + self.pause
        if update.news or update.done:
            self.publish(update)
        return update.done

    def _next_pause(self, polls: int) -> float:
        pause = float(self._pause(polls))
        if not 0 <= pause < float("inf"):
            # it would upset the plan of all others
            raise ValueError("a pause must be finite")
        return pause
