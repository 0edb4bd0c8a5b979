"""The trigger: waits for job statuses in the triggerer, without holding a worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.status import JobStatus, all_reached


class DrsJobStatusTrigger(BaseTrigger):
    """Fires once, with the outcome of the wait.

    The event is ``{"statuses": {job id: status}}`` when every job is in a target status, or ``{"error": {...}}`` with
    the members of :meth:`DrsError.to_dict` when the wait has failed. What is stored of a trigger is no secret.

    :param job_ids: the jobs.
    :param target_statuses: any of these ends the wait of a job.
    :param drs_conn_id: the Connection to DRS.
    :param project_id: wins over the Connection's.
    :param poke_interval: seconds between two looks.
    """

    def __init__(
        self,
        job_ids: Sequence[str],
        target_statuses: Sequence[str] = ("CONFIGURATION",),
        drs_conn_id: str = "drs_default",
        project_id: str | None = None,
        poke_interval: float = 60,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.job_ids = list(job_ids)
        self.target_statuses = list(target_statuses)
        self.drs_conn_id = drs_conn_id
        self.project_id = project_id
        self.poke_interval = poke_interval

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
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look at the jobs, at once and then every ``poke_interval`` seconds, until the outcome is certain."""
        from airflow_provider_drs.hooks.drs import DrsHook

        targets = [JobStatus(status) for status in self.target_statuses]
        try:
            hook = DrsHook(self.drs_conn_id, project_id=self.project_id)
            with await hook.get_async_conn() as client:
                while True:
                    statuses = await sync_to_async(client.job_statuses, thread_sensitive=False)(self.job_ids)
                    if all_reached(statuses, targets):
                        break
                    await asyncio.sleep(self.poke_interval)
        except DrsError as error:
            yield TriggerEvent({"error": error.to_dict()})
            return
        yield TriggerEvent({"statuses": {job_id: str(status) for job_id, status in statuses.items()}})
