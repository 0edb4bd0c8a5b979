"""The trigger: waits for job statuses in the triggerer, without holding a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.inputs import as_job_ids, as_target_statuses
from airflow_provider_drs.api.statuses import MAX_IDS
from airflow_provider_drs.api.wait import Wait
from airflow_provider_drs.triggers.poll import Poll
from airflow_provider_drs.triggers.polling import PollingTrigger

if TYPE_CHECKING:
    from airflow_provider_drs.api.client import DrsClient
    from airflow_provider_drs.api.errors import DrsError
    from airflow_provider_drs.api.model.job_status import JobStatus


def _statuses(client: DrsClient, job_ids: list[str]) -> Mapping[str, JobStatus | DrsError]:
    # the client is imported in the thread of its first use, for that takes longer than the loop may stand still
    return client.look_up(job_ids)


JOB_STATUSES: Poll[JobStatus] = Poll(MAX_IDS, _statuses)
"""The poll of this trigger."""


class DrsJobStatusTrigger(PollingTrigger):
    """Fires once, with the outcome of the wait; all triggers of a process at one Connection share the calls.

    The event is ``{"statuses": {job id: status}}`` when the wait is done, with ``None`` for a job that DRS refuses, or
    ``{"error": {...}}`` with the members of :meth:`DrsError.to_dict` when it has failed. It has the address of the DRS
    console as ``console_url``, where that is known. What is stored of a trigger is no secret.

    :param job_ids: the jobs.
    :param target_statuses: any of these ends the wait of a job.
    :param drs_conn_id: the Connection to DRS.
    :param project_id: wins over the Connection's.
    :param poke_interval: seconds between two polls.
    :param exponential_backoff: whether each pause is twice as long as the one before.
    :param max_wait: seconds that a pause lasts at most.
    :param silent_fail: whether no fault of the service ends the wait, however long it lasts.
    :param partial: whether a job that can no longer get there, or that DRS refuses by itself, ends only its own wait.
    """

    def __init__(
        self,
        job_ids: Sequence[str],
        target_statuses: Sequence[str] = ("CONFIGURATION",),
        drs_conn_id: str = "drs_default",
        project_id: str | None = None,
        poke_interval: float = 60,
        exponential_backoff: bool = False,
        max_wait: float | None = None,
        silent_fail: bool = False,
        partial: bool = False,
    ) -> None:
        super().__init__(drs_conn_id, project_id)
        # a text is one job and no list of letters
        self.job_ids = [job_ids] if isinstance(job_ids, str) else list(job_ids)
        self.target_statuses = [target_statuses] if isinstance(target_statuses, str) else list(target_statuses)
        self.poke_interval = poke_interval
        self.exponential_backoff = exponential_backoff
        self.max_wait = max_wait
        self.silent_fail = silent_fail
        self.partial = partial

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments, which Airflow stores in clear."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "job_ids": self.job_ids,
                "target_statuses": self.target_statuses,
                "drs_conn_id": self.drs_conn_id,
                "project_id": self.project_id,
                "poke_interval": self.poke_interval,
                "exponential_backoff": self.exponential_backoff,
                "max_wait": self.max_wait,
                "silent_fail": self.silent_fail,
                "partial": self.partial,
            },
        )

    async def outcome(self) -> dict[str, Any]:
        """Poll until the wait is done, and return the status of each job."""
        # DRS itself says which id it takes for malformed, but a wait for nothing would never end
        if not self.job_ids or not all(isinstance(job_id, str) for job_id in self.job_ids):
            raise DrsInputError(["job_ids: must be a list of job ids, and not an empty one"])
        targets = as_target_statuses(self.target_statuses)
        wait = Wait(self.job_ids, targets, forever=self.silent_fail, partial=self.partial)
        result = await self.follow(JOB_STATUSES, wait, self._pause)
        return {"statuses": dict.fromkeys(self.job_ids) | result.statuses}

    def _pause(self, polls: int) -> float:
        """Return the seconds between this poll, counted from 1, and the next."""
        if not self.exponential_backoff:
            return self.poke_interval
        # as Airflow's sensors do, but without their jitter, which would only spread what shares a round
        pause = max(1.0, self.poke_interval * 2.0 ** min(polls - 1, 30))
        return pause if self.max_wait is None else min(pause, self.max_wait)


class DrsWholeWaitTrigger(DrsJobStatusTrigger):
    """The trigger of a wait that begins in the triggerer: it reads ``job_ids`` as the sensor does in a worker."""

    async def outcome(self) -> dict[str, Any]:
        """Poll until the wait is done, and return the status of each job."""
        # Airflow has rendered templates since the trigger was made
        self.job_ids = as_job_ids(self.job_ids)
        return await super().outcome()
