"""One poll of the jobs of many subscriptions, cut into calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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

    def __init__(self, subscriptions: Iterable[Subscription[Result, Any]], started: float, page_size: int) -> None:
        self.started = started
        self.results: dict[str, Result | DrsError] = {}
        self._subscriptions: dict[str, list[Subscription[Result, Any]]] = {}
        self._open: dict[Subscription[Result, Any], int] = {}
        for subscription in subscriptions:
            job_ids = subscription.job_ids
            self._open[subscription] = len(job_ids)
            for job_id in job_ids:
                self._subscriptions.setdefault(job_id, []).append(subscription)
        ids = list(self._subscriptions)
        self.calls = [ids[start : start + page_size] for start in range(0, len(ids), page_size)]

    def subscribers_of(self, call: list[str]) -> set[Subscription[Result, Any]]:
        """Return the subscriptions that a call is made for."""
        return {subscription for job_id in call for subscription in self._subscriptions[job_id]}

    def record(self, call: list[str], results: Mapping[str, Result | DrsError]) -> list[Subscription[Result, Any]]:
        """Keep the results of a call; return the subscriptions that now have one for each of their jobs.

        :raises KeyError: when a job of the call has no result.
        """
        self.results.update({job_id: results[job_id] for job_id in call})
        ready = []
        for job_id in call:
            for subscription in self._subscriptions[job_id]:
                self._open[subscription] -= 1
                if not self._open[subscription]:
                    ready.append(subscription)
        return ready
