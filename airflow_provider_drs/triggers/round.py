"""One look at the jobs of many watches, cut into calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.statuses import MAX_IDS
from airflow_provider_drs.triggers.watch import Watch


class Round:
    """Which jobs each call asks for, each job once, and which watches it is made for.

    :param watches: that take part.
    :param started: by the loop's clock.
    """

    def __init__(self, watches: Iterable[Watch], started: float) -> None:
        self.started = started
        self.found: dict[str, JobStatus | DrsError] = {}
        self._watches: dict[str, list[Watch]] = {}
        self._open: dict[Watch, int] = {}
        for watch in watches:
            self._open[watch] = len(watch.wait.job_ids)
            for job_id in watch.wait.job_ids:
                self._watches.setdefault(job_id, []).append(watch)
        ids = list(self._watches)
        self.calls = [ids[start : start + MAX_IDS] for start in range(0, len(ids), MAX_IDS)]

    def watches_of(self, call: list[str]) -> set[Watch]:
        """Return the watches that a call is made for."""
        return {watch for job_id in call for watch in self._watches[job_id]}

    def answered(self, found: Mapping[str, JobStatus | DrsError]) -> list[Watch]:
        """Note what a call found out, and return the watches whose jobs are all known of now."""
        self.found.update(found)
        ready = []
        for job_id in found:
            for watch in self._watches[job_id]:
                self._open[watch] -= 1
                if not self._open[watch]:
                    ready.append(watch)
        return ready
