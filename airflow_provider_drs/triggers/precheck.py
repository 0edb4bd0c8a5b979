"""The trigger: waits for the results of pre-checks in the triggerer, without holding a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_drs.api.checks.precheck_wait import PrecheckWait
from airflow_provider_drs.api.model.precheck import PrecheckResult
from airflow_provider_drs.api.precheck_handover import hand_over
from airflow_provider_drs.api.statuses import MAX_IDS
from airflow_provider_drs.triggers.poll import Poll
from airflow_provider_drs.triggers.polling import PollingTrigger

if TYPE_CHECKING:
    from airflow_provider_drs.api.client import DrsClient
    from airflow_provider_drs.api.errors import DrsError


def _results(client: DrsClient, job_ids: list[str]) -> Mapping[str, PrecheckResult | DrsError]:
    return client.precheck_results(job_ids, repeat=False)


PRECHECK_RESULTS: Poll[PrecheckResult] = Poll(MAX_IDS, _results)
"""The poll of this trigger."""


class DrsPrecheckTrigger(PollingTrigger):
    """Fires once, when each job has its final result or the time is up; it never requests a check.

    All triggers of a process at one Connection share the calls. The event is ``{"digests": {job id: digest of its
    result}, "unanswered": [result of another job, without its items], "errors": [error], "requested_at": seconds}``, or
    ``{"error": {...}}`` with the members of :meth:`DrsError.to_dict` when the wait has failed. Nothing that is stored
    of a trigger is secret.

    :param before: for each job the digest of its result before the request, or ``None``.
    :param uncertain: for each job whose request perhaps was not accepted, why that is not known.
    :param refused: the results of the jobs whose checks DRS did not begin, which the event repeats.
    :param requested_at: when the checks were requested, in seconds since 1970.
    :param timeout: seconds that the checks have from then on.
    :param drs_conn_id: the Connection to DRS.
    :param project_id: wins over the Connection's.
    :param poll_interval: seconds between two polls.
    """

    def __init__(
        self,
        before: Mapping[str, str | None],
        uncertain: Mapping[str, str],
        refused: Sequence[Mapping[str, Any]],
        requested_at: float,
        timeout: float = 3600,
        drs_conn_id: str = "drs_default",
        project_id: str | None = None,
        poll_interval: float = 10,
    ) -> None:
        super().__init__(drs_conn_id, project_id)
        self.before = dict(before)
        self.uncertain = dict(uncertain)
        self.refused = list(refused)
        self.requested_at = requested_at
        self.timeout = timeout
        self.poll_interval = poll_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments, which Airflow stores in clear."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "before": self.before,
                "uncertain": self.uncertain,
                "refused": self.refused,
                "requested_at": self.requested_at,
                "timeout": self.timeout,
                "drs_conn_id": self.drs_conn_id,
                "project_id": self.project_id,
                "poll_interval": self.poll_interval,
            },
        )

    async def outcome(self) -> dict[str, Any]:
        """Poll until each job has its final result or the time is up, and return the outcome as plain JSON."""
        # a trigger that starts again counts from its start, which is later and so on the safe side
        wait = PrecheckWait(self.before, self.uncertain, asyncio.get_running_loop().time())
        left = self.requested_at + self.timeout - time.time()
        try:
            await asyncio.wait_for(self.follow(PRECHECK_RESULTS, wait, lambda polls: self.poll_interval), left)
        except asyncio.TimeoutError:
            wait.expire(self.timeout)
        return hand_over(wait, self.refused, self.requested_at)
