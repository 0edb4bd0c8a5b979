"""One look at the jobs of many watches, cut into calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.lookup import MAX_IDS
from airflow_provider_drs.api.status import JobStatus
from airflow_provider_drs.triggers.watch import Watch


class Round:
    """Which jobs each call asks for, each job once, and which watches it is made for.

    :param watches: that take part.
    :param started: by the loop's clock.
    """

    def __init__(self, watches: Iterable[Watch], started: float) -> None:
        self.started = started
        self.found: dict[str, JobStatus | DrsError] = {}
        ids = list(dict.fromkeys(job_id for watch in watches for job_id in watch.wait.job_ids))
        self.calls = [ids[start : start + MAX_IDS] for start in range(0, len(ids), MAX_IDS)]
        self.watches_of: list[list[Watch]] = [[] for _ in self.calls]
        self._open: dict[Watch, int] = {}
        call_of = {job_id: number // MAX_IDS for number, job_id in enumerate(ids)}
        for watch in watches:
            calls = {call_of[job_id] for job_id in watch.wait.job_ids}
            self._open[watch] = len(calls)
            for call in calls:
                self.watches_of[call].append(watch)

    def answered(self, call: int, found: Mapping[str, JobStatus | DrsError]) -> list[Watch]:
        """Note what a call found out, and return the watches whose jobs are all known of now."""
        self.found.update(found)
        ready = []
        for watch in self.watches_of[call]:
            self._open[watch] -= 1
            if not self._open[watch]:
                ready.append(watch)
        return ready
