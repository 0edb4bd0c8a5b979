"""The sensor that waits until DRS jobs may be tested."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_drs._compat import BaseSensorOperator, PokeReturnValue, conf
from airflow_provider_drs._failures import retries_only_what_may_heal
from airflow_provider_drs.api.errors import error_from_dict
from airflow_provider_drs.api.inputs import as_job_ids
from airflow_provider_drs.api.status import JobStatus, all_reached

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context


class DrsJobStatusSensor(BaseSensorOperator):
    """Wait until every job is in one of the target statuses; fail at once when one can no longer get there.

    One call covers up to 100 jobs. In poke, reschedule and deferrable mode the outcome is the same, and so is the XCom:
    ``{job id: status}``. Follows the contract's operation ``batchListJobStatus``.

    :param job_ids: a list, one id, an XCom of such, or text that is a JSON or Python list. (templated)
    :param drs_conn_id: the Connection to DRS. (templated)
    :param project_id: wins over the Connection's. (templated)
    :param target_statuses: any of these ends the wait of a job.
    :param deferrable: wait in the triggerer; the default is Airflow's ``[operators] default_deferrable``.
    :param poke_interval: seconds between two looks.
    :raises AirflowFailException: at once, without a retry, when a job can no longer get there, the input is bad, or DRS
        refused the request or the credential.
    :raises DrsError: when DRS could not be asked.
    """

    template_fields: Sequence[str] = ("job_ids", "drs_conn_id", "project_id")
    ui_color = "#f4e3c1"

    def __init__(
        self,
        *,
        job_ids: Any,
        drs_conn_id: str = "drs_default",
        project_id: str | None = None,
        target_statuses: Sequence[str] = ("CONFIGURATION",),
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_ids = job_ids
        self.drs_conn_id = drs_conn_id
        self.project_id = project_id
        self.target_statuses = target_statuses
        self.deferrable = deferrable

    def execute(self, context: Context) -> Any:
        """Look once; then wait here, in the scheduler's queue, or in the triggerer."""
        if not self.deferrable:
            return super().execute(context)
        first = self.poke(context)
        if first.is_done:
            return first.xcom_value
        from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger

        self.log.info("The wait goes on in the triggerer, with a look every %g s.", self.poke_interval)
        return self.defer(
            trigger=DrsJobStatusTrigger(
                job_ids=as_job_ids(self.job_ids),
                target_statuses=list(self.target_statuses),
                drs_conn_id=self.drs_conn_id,
                project_id=self.project_id,
                poke_interval=self.poke_interval,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )

    def poke(self, context: Context) -> PokeReturnValue:
        """Look at all jobs once."""
        from airflow_provider_drs.hooks.drs import DrsHook

        with retries_only_what_may_heal():
            ids = as_job_ids(self.job_ids)
            with DrsHook(self.drs_conn_id, project_id=self.project_id).get_conn() as client:
                statuses = client.job_statuses(ids)
            done = all_reached(statuses, [JobStatus(status) for status in self.target_statuses])
        for status in sorted(set(statuses.values())):
            unlisted = " (a status this package does not know)" if status.phase is None else ""
            count = list(statuses.values()).count(status)
            self.log.info("%s of %s jobs: %s%s", count, len(statuses), status, unlisted)
        return PokeReturnValue(done, {job_id: str(status) for job_id, status in statuses.items()})

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, str]:
        """Return or raise what the trigger found out."""
        if "error" in event:
            with retries_only_what_may_heal():
                raise error_from_dict(event["error"])
        statuses: dict[str, str] = event["statuses"]
        return statuses
