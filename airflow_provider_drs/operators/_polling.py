"""One poll of the statuses of jobs by a worker that waits for them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_drs.api.wait import PollResult, Wait
    from airflow_provider_drs.hooks.drs import DrsHook


def poll_statuses(hook: DrsHook, wait: Wait, timeout: float) -> PollResult:
    """Read the statuses of the jobs of a wait once, and return what they mean for it.

    :param hook: makes the client.
    :param wait: the wait.
    :param timeout: seconds that it has altogether; no fault may last longer.
    :raises DrsError: when the wait has failed.
    """
    # imported here: Airflow parses DAG files again and again and needs none of this for it
    from airflow_provider_drs.api.errors import DrsError
    from airflow_provider_drs.api.retry import MAX_RETRY_SECONDS

    asked_at = time.monotonic()
    patience: float = MAX_RETRY_SECONDS  # until a Connection names another
    try:
        with hook.get_conn() as client:
            patience = client.max_retry_seconds
            results = client.look_up(wait.job_ids)
    except DrsError as error:
        # the Connection, or the project that IAM knows, cannot be read
        results = dict.fromkeys(wait.job_ids, error)
    return wait.judge(results, time.monotonic(), min(patience, timeout), asked_at)
