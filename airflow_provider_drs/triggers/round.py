"""One poll of the jobs of many subscriptions, cut into calls."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Generic

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.triggers.poll import Result
from airflow_provider_drs.triggers.subscription import Subscription


class PollRound(Generic[Result]):
    """Which jobs each call asks for, each job once, and which subscriptions it is made for.

    :param subscriptions: that take part.
    :param started: by the loop's clock.
    :param page_size: jobs in one call at most.
    """

    def __init__(self, subscriptions: Sequence[Subscription[Result, Any]], started: float, page_size: int) -> None:
        self.started = started
        self.results: dict[str, Result | DrsError] = {}
        self._plan_for = subscriptions, [subscription.job_ids for subscription in subscriptions]
        ids = list(dict.fromkeys(chain.from_iterable(self._plan_for[1])))
        self.calls = [ids[start : start + page_size] for start in range(0, len(ids), page_size)]
        call_of = {job_id: number for number, call in enumerate(self.calls) for job_id in call}
        self._subscribers: list[list[Subscription[Result, Any]]] = [[] for _ in self.calls]
        self._calls_of_some: dict[Subscription[Result, Any], int] = {}
        """The number of calls for each subscription that has more than one."""
        for subscription in subscriptions:
            numbers = {call_of[job_id] for job_id in subscription.job_ids}
            for number in numbers:
                self._subscribers[number].append(subscription)
            if len(numbers) > 1:
                self._calls_of_some[subscription] = len(numbers)
        self._open = self._calls_of_some.copy()

    def is_for(self, subscriptions: Sequence[Subscription[Result, Any]]) -> bool:
        """Return whether a round of these subscriptions would make the same calls."""
        return self._plan_for == (subscriptions, [subscription.job_ids for subscription in subscriptions])

    def again(self, started: float) -> PollRound[Result]:
        """Return the next round with the same calls.

        :param started: by the loop's clock.
        """
        # nearly every round is like the last one, and the calls of thousands take as long to plan as to make
        round_ = copy.copy(self)
        round_.started, round_.results, round_._open = started, {}, self._calls_of_some.copy()
        return round_

    def subscribers_of(self, number: int) -> list[Subscription[Result, Any]]:
        """Return the subscriptions that a call is made for.

        :param number: its place among the calls.
        """
        return self._subscribers[number]

    def record(self, number: int, results: Mapping[str, Result | DrsError]) -> list[Subscription[Result, Any]]:
        """Keep the results of a call; return the subscriptions that now have one for each of their jobs.

        :param number: its place among the calls.
        :raises KeyError: when a job of the call has no result.
        """
        self.results.update({job_id: results[job_id] for job_id in self.calls[number]})
        subscribers = self._subscribers[number]
        for subscription in self._open.keys() & subscribers:
            self._open[subscription] -= 1
        return [subscription for subscription in subscribers if not self._open.get(subscription)]
