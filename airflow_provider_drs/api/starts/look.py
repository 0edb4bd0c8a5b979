"""Looks whether jobs have left ``CONFIGURATION``: what a lost answer does not tell, their status does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.job_status import TESTABLE, JobStatus

LOOK_SECONDS = 60
"""How long a start may take to show. DRS may still say ``CONFIGURATION`` for a while after it has accepted one."""


def look_for_starts(
    look_up: Callable[[list[str]], Mapping[str, JobStatus | DrsError]],
    job_ids: Sequence[str],
    pause: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> dict[str, JobStatus]:
    """Return the jobs that have left ``CONFIGURATION``, and their statuses, after at most `LOOK_SECONDS`.

    :param look_up: reads the statuses of jobs. A status that cannot be read proves nothing.
    :param job_ids: the jobs.
    :param pause: seconds between two looks.
    :param clock: seconds, never going back.
    :param sleep: waits for that many seconds.
    """
    end = clock() + LOOK_SECONDS
    seen: dict[str, JobStatus] = {}
    waiting = list(job_ids)
    while waiting:
        results = look_up(waiting)
        seen |= {each: item for each, item in results.items() if isinstance(item, JobStatus) and item != TESTABLE}
        waiting = [job_id for job_id in waiting if job_id not in seen]
        left = end - clock()
        if waiting and left <= 0:
            break
        if waiting:
            sleep(min(pause, left))
    return seen
