"""One trigger's subscription to the results of the poller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.wait import PollResult, Wait

NOT_PLANNED = float("inf")
"""When a subscription is due that is new, or takes part in a round."""


class Subscription:
    """When a trigger's jobs are to be asked for next, and what it is to be told.

    :param wait: decides what each look means.
    :param pause: seconds to wait after so many looks.
    """

    # slots, for there may be thousands
    __slots__ = ("_looks", "_pause", "_updates", "_waiter", "due", "pause", "wait")

    def __init__(self, wait: Wait, pause: Callable[[int], float]) -> None:
        self.wait = wait
        self.due = NOT_PLANNED
        self._pause = pause
        self.pause = self._next_pause(1)
        self._looks = 0
        self._updates: list[PollResult | BaseException] = []
        self._waiter: asyncio.Future[None] | None = None

    async def next_update(self) -> PollResult:
        """Wait for a look that brought something new.

        :raises DrsError: when the wait has failed.
        """
        if not self._updates:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        update = self._updates.pop(0)
        if isinstance(update, BaseException):
            # others may be told the same error, and shall not see where it was raised here
            raise update.with_traceback(None)
        return update

    def publish(self, update: PollResult | BaseException) -> None:
        """Hand over what :meth:`next_update` returns or raises."""
        self._updates.append(update)
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def handle_results(
        self, results: Mapping[str, JobStatus | DrsError], started: float, now: float, patience: float
    ) -> bool:
        """Judge a look; return whether it was the last.

        :param results: for each job, its status or the error in its place.
        :param started: when its round began, by the loop's clock.
        :param now: the time by that clock.
        :param patience: seconds for which a fault may last.
        """
        self._looks += 1
        try:
            look = self.wait.judge(results, now, patience, started)
            self.pause = self.wait.pause(self._next_pause(self._looks))
        except Exception as error:
            # an error of DRS ends this wait; any other must not end those of others
            self.publish(error)
            return True
        self.due = started + self.pause
        if look.news or look.done:
            self.publish(look)
        return look.done

    def _next_pause(self, looks: int) -> float:
        pause = float(self._pause(looks))
        if not 0 <= pause < float("inf"):
            # it would upset the plan of all others
            raise ValueError("a pause must be finite")
        return pause
