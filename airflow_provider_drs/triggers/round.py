"""One look at the jobs of many subscriptions, cut into calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.statuses import MAX_IDS
from airflow_provider_drs.triggers.subscription import Subscription


class PollRound:
    """Which jobs each call asks for, each job once, and which subscriptions it is made for.

    :param subscriptions: that take part.
    :param started: by the loop's clock.
    """

    def __init__(self, subscriptions: Iterable[Subscription], started: float) -> None:
        self.started = started
        self.results: dict[str, JobStatus | DrsError] = {}
        self._subscriptions: dict[str, list[Subscription]] = {}
        self._open: dict[Subscription, int] = {}
        for subscription in subscriptions:
            self._open[subscription] = len(subscription.wait.job_ids)
            for job_id in subscription.wait.job_ids:
                self._subscriptions.setdefault(job_id, []).append(subscription)
        ids = list(self._subscriptions)
        self.calls = [ids[start : start + MAX_IDS] for start in range(0, len(ids), MAX_IDS)]

    def subscribers_of(self, call: list[str]) -> set[Subscription]:
        """Return the subscriptions that a call is made for."""
        return {subscription for job_id in call for subscription in self._subscriptions[job_id]}

    def record(self, results: Mapping[str, JobStatus | DrsError]) -> list[Subscription]:
        """Note what a call found out, and return the subscriptions whose jobs are all known of now."""
        self.results.update(results)
        ready = []
        for job_id in results:
            for subscription in self._subscriptions[job_id]:
                self._open[subscription] -= 1
                if not self._open[subscription]:
                    ready.append(subscription)
        return ready
