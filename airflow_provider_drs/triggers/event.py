"""The event trigger: it watches job statuses for as long as a DAG is scheduled on them, and starts the DAG."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import TriggerEvent

from airflow_provider_drs.api.digest import digest
from airflow_provider_drs.api.model.inputs import as_job_ids, as_target_statuses, gathering, is_seconds
from airflow_provider_drs.api.model.rules import CONNECTION_ID, NO_CONNECTION_ID, NO_PROJECT_ID, PROJECT_ID
from airflow_provider_drs.api.watch import Watch
from airflow_provider_drs.triggers.drs import JOB_STATUSES
from airflow_provider_drs.triggers.poller import subscribed
from airflow_provider_drs.triggers.subscription import Subscription

try:
    from airflow.triggers.base import BaseEventTrigger
except ImportError:  # Airflow 2, where no trigger starts a DAG
    from airflow.triggers.base import BaseTrigger as BaseEventTrigger  # type: ignore[assignment]

if TYPE_CHECKING:
    from airflow_provider_drs.api.model.job_status import JobStatus
    from airflow_provider_drs.api.watch import Sighting

LEAST_INTERVAL = 1
"""Seconds; a watch never ends, so it must not poll without a pause."""


class DrsJobStatusEventTrigger(BaseEventTrigger):
    """Fires each time the last of some jobs gets into a target status, for an ``AssetWatcher`` of Airflow 3.

    It fires when the jobs *get* there: not while they stay, and not if the first poll of a new watch finds them there.
    It fires again once a job has left and all are there again. From Airflow 3.3 on the asset keeps what was seen last,
    so the next triggerer also fires for jobs that got there while there was none; before, it does not.

    The event is ``{job id: status}``. No error ends the watch, and all watches and waits of a process at one Connection
    share the calls. What is stored of a trigger is no secret.

    :param job_ids: a list, or one id.
    :param target_statuses: one status or several; a job is there in any of them.
    :param drs_conn_id: the Connection to DRS.
    :param project_id: wins over the Connection's.
    :param poke_interval: seconds between two polls, at least 1.
    :raises TypeError: when the DAG is parsed, with everything that is wrong.
    """

    def __init__(
        self,
        job_ids: str | Sequence[str],
        target_statuses: str | Sequence[str] = ("CONFIGURATION",),
        drs_conn_id: str = "drs_default",
        project_id: str | None = None,
        poke_interval: float = 60,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        violations: list[str] = []
        with gathering(violations):
            self.job_ids = as_job_ids(job_ids)
        with gathering(violations):
            self.target_statuses = as_target_statuses(target_statuses)
        if not is_seconds(poke_interval) or poke_interval < LEAST_INTERVAL:
            violations.append(f"poke_interval must be a number of seconds, {LEAST_INTERVAL} or more")
        if not isinstance(drs_conn_id, str) or not re.fullmatch(CONNECTION_ID, drs_conn_id):
            violations.append(f"drs_conn_id {NO_CONNECTION_ID}")
        if project_id is not None and (not isinstance(project_id, str) or not re.fullmatch(PROJECT_ID, project_id)):
            violations.append(f"project_id {NO_PROJECT_ID}")
        if re.search(r"\{[{%#]", repr([job_ids, target_statuses, drs_conn_id, project_id])):
            violations.append("Airflow renders no template in the arguments of a watch: write the values themselves")
        if violations:
            # Up to 3.3, any other error of one stored trigger ends the triggerer, with all the triggers in it. Another
            # release of this package may have stored what is wrong for this one.
            raise TypeError("; ".join(violations))
        self.drs_conn_id = drs_conn_id
        self.project_id = project_id
        self.poke_interval = poke_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments, which Airflow stores in clear and compares with those of the DAG."""
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
        """Watch until Airflow cancels it, and yield an event each time the jobs have got there."""
        watch = Watch(self.job_ids, self.target_statuses)
        there = await self._recall()
        while True:
            subscription: Subscription[JobStatus, Sighting] = Subscription(watch, lambda polls: self.poke_interval)
            try:
                with subscribed(self.drs_conn_id, self.project_id, JOB_STATUSES, subscription):
                    while True:
                        sighting = await subscription.next_update()
                        (self.log.warning if sighting.there is None else self.log.info)("%s", sighting.news)
                        if sighting.there is None:
                            continue
                        if sighting.there and there is False:
                            yield TriggerEvent(sighting.statuses)
                        there = sighting.there
                        # after the event: a triggerer that is killed in between fires twice, and not never
                        await self._keep(there)
            except Exception:
                # Airflow would run the trigger again at once, and then again, without what it has seen
                self.log.exception("The watch goes on after a fault of its own.")
                await asyncio.sleep(self.poke_interval)

    @property
    def _key(self) -> str:
        what = [sorted(self.job_ids), sorted(self.target_statuses), self.drs_conn_id, self.project_id]
        return f"drs-jobs-there:{digest(what)}"

    async def _recall(self) -> bool | None:
        """Return whether all jobs were there when a triggerer last saw them, or ``None`` if that is not known."""
        if store := getattr(self, "asset_state_store", None):
            try:
                there = await store.aget(self._key)
            except Exception as error:
                self._forget(error)
            else:
                return there if isinstance(there, bool) else None
        return None

    async def _keep(self, there: bool | None) -> None:
        if store := getattr(self, "asset_state_store", None):
            try:
                await store.aset(self._key, there)
            except Exception as error:
                self._forget(error)

    def _forget(self, error: Exception) -> None:
        # a trigger with several assets has no store that it could choose
        self.log.warning("Airflow does not keep what this watch has seen: %s", type(error).__name__)
