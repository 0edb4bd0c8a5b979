"""The sensor that waits until DRS jobs may be tested."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_drs._compat import (
    TIME_IS_UP,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)
from airflow_provider_drs._fail_fast import fail_fast_on_permanent_errors
from airflow_provider_drs.api.errors import DrsInputError, error_from_dict
from airflow_provider_drs.api.model.inputs import as_job_ids, as_target_statuses, is_seconds
from airflow_provider_drs.operators._killing import EndsWhenKilled
from airflow_provider_drs.operators._links import HasLinks
from airflow_provider_drs.operators._masked import MasksRenderedFields
from airflow_provider_drs.operators._polling import poll_statuses
from airflow_provider_drs.sensors._from_trigger import BeginsInTheTriggerer, refuse_what_a_worker_must_read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airflow_provider_drs.api.wait import PollResult, Wait
    from airflow_provider_drs.hooks.drs import DrsHook

TARGETS = ("CONFIGURATION",)
"""Where a job's endpoints may be tested, and so where a wait ends unless it says otherwise."""

_FIRST_STEPS = ("pre_execute", "execute", "poke")


class DrsJobStatusSensor(HasLinks, MasksRenderedFields, EndsWhenKilled, BaseSensorOperator):
    """Wait until every job is in one of the target statuses; fail at once when one can no longer get there.

    One call covers up to 100 jobs. In poke, reschedule and deferrable mode the outcome is the same, and so is the XCom:
    ``{job id: status}``, with ``None`` for a job that DRS refuses. Follows the contract's operation
    ``batchListJobStatus``.

    :param job_ids: a list, one id, an XCom of such, or text that is a JSON or Python list. (templated)
    :param drs_conn_id: the Connection to DRS. (templated)
    :param project_id: wins over the Connection's. (templated)
    :param target_statuses: one status or several, any of which ends the wait of a job.
    :param deferrable: wait in the triggerer; the default is Airflow's ``[operators] default_deferrable``.
    :param partial: succeed once each job is in a target status or lost: it can no longer get there, or DRS refuses it
        by itself. If DRS refuses all jobs, the sensor fails.
    :param start_from_trigger: begin in the triggerer, without a worker for the first poll; it implies ``deferrable``.
        Mapped tasks and Airflow 3.0 to 3.2 begin in a worker all the same.
    :param kwargs: what any sensor takes, such as ``poke_interval``: seconds between two polls.
    :raises ValueError: when the DAG is parsed, for a status that no job can have or a number that cannot be waited for.
    :raises AirflowFailException: at once, without a retry, when a job can no longer get there, the input is bad, or DRS
        refused the request or the credential.
    :raises DrsError: when DRS could not be asked.
    """

    template_fields: Sequence[str] = ("job_ids", "drs_conn_id", "project_id")
    start_trigger_args = BeginsInTheTriggerer()
    ui_color = "#f4e3c1"
    _masked_field = "job_ids"

    def __init__(
        self,
        *,
        job_ids: Any,
        drs_conn_id: str = "drs_default",
        project_id: str | None = None,
        target_statuses: str | Sequence[str] = TARGETS,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        partial: bool = False,
        start_from_trigger: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_ids = job_ids
        self.drs_conn_id = drs_conn_id
        self.project_id = project_id
        self.target_statuses = target_statuses
        self.deferrable = deferrable
        # an operator's own ``partial`` is Airflow's, for mapped tasks
        self._partial = partial
        self._wait: Wait | None = None
        if target_statuses is not TARGETS:
            try:
                self.target_statuses = as_target_statuses(target_statuses)
            except DrsInputError as error:
                raise ValueError("; ".join(error.violations)) from None
        if broken := [name for name in ("poke_interval", "timeout") if not is_seconds(getattr(self, name))]:
            raise ValueError("; ".join(f"{name} must be a number of seconds, 0 or more" for name in broken))
        self.start_from_trigger = start_from_trigger
        if start_from_trigger:
            self.deferrable = True
            refuse_what_a_worker_must_read(self)

    def _validate_start_from_trigger_kwargs(self) -> None:
        """Look for nothing: a parameter that is a function is refused already.

        Airflow 3.3 would make the arguments of the trigger for it, in each worker that reads the DAG file, and import
        what makes triggers.
        """

    @property
    def begins_otherwise(self) -> bool:
        """Whether there is something to do before the wait, which only a worker can do."""
        own = any(getattr(type(self), step) is not getattr(DrsJobStatusSensor, step) for step in _FIRST_STEPS)
        return own or bool(self._pre_execute_hook or self.on_execute_callback)

    def execute(self, context: Context) -> Any:
        """Poll once; then wait here, in the scheduler's queue, or in the triggerer."""
        if self.start_from_trigger:
            self.log.info(
                "start_from_trigger has no effect here: this wait begins in a worker, as all do on Airflow 3.0 to 3.2, "
                "in mapped tasks, and in test runs of a DAG."
            )
        self._wait = None
        self.begin_links(context)
        return super().execute(context)

    def poke(self, context: Context) -> PokeReturnValue:
        """Poll all jobs once; while a fault keeps DRS from answering, poll again until it has lasted too long."""
        from airflow_provider_drs.api.wait import Wait
        from airflow_provider_drs.hooks.drs import DrsHook

        with fail_fast_on_permanent_errors():
            ids = as_job_ids(self.job_ids)
            # the triggerer bears a fault, however long it lasts; without this, the worker would do so
            forever = self.deferrable and self.silent_fail
            self._wait = self._wait or Wait(ids, self.target_statuses, forever=forever, partial=self._partial)
            hook = DrsHook(self.drs_conn_id, project_id=self.project_id)
            with self.killing(hook):
                while (result := self._poll(hook, self._wait)).fault and not self.deferrable:
                    hook.sleep(self._wait.pause(self.poke_interval))
        if self.deferrable and not result.done:
            # from here, so that Airflow's own execute treats a failed first poll like that of any sensor
            self._go_on_in_the_triggerer(ids)
        return PokeReturnValue(result.done, dict.fromkeys(ids) | result.statuses)

    def _poll(self, hook: DrsHook, wait: Wait) -> PollResult:
        result = poll_statuses(hook, wait, self.timeout)
        if result.news:
            self.log.info(result.news)
        return result

    def _go_on_in_the_triggerer(self, ids: list[str]) -> None:
        from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger

        self.log.info("The wait goes on in the triggerer, with a poll every %g s.", self.poke_interval)
        self.defer(
            trigger=DrsJobStatusTrigger(**self.trigger_kwargs(ids)),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )

    def trigger_kwargs(self, job_ids: list[str]) -> dict[str, Any]:
        """Return the arguments of the trigger that waits for these jobs."""
        return {
            "job_ids": job_ids,
            "target_statuses": list(self.target_statuses),
            "drs_conn_id": self.drs_conn_id,
            "project_id": self.project_id,
            "poke_interval": self.poke_interval,
            "exponential_backoff": self.exponential_backoff,
            "max_wait": self.max_wait.total_seconds() if self.max_wait else None,
            "silent_fail": self.silent_fail,
            "partial": self._partial,
        }

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Go on after the wait in the triggerer; Airflow calls it."""
        self._begun = True
        if not self.start_from_trigger:
            return self._resumed(next_method, next_kwargs, context)
        # what is done at the start of a task when that is in a worker
        self.begin_links(context)
        try:
            return self._resumed(next_method, next_kwargs, context)
        except Exception:
            self._replace_earlier_result(context)
            raise

    def _replace_earlier_result(self, context: Context) -> None:
        if (ti := context.get("ti")) is None:
            return
        try:
            # Airflow has not deleted what the task returned before somebody cleared it
            if ti.xcom_pull(task_ids=ti.task_id, map_indexes=ti.map_index) is not None:
                ti.xcom_push(key="return_value", value=None)
        except Exception as error:  # it must not take the place of why the wait ends
            self.log.warning("An earlier result of this task may still be its XCom: %s", type(error).__name__)

    def _resumed(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        if next_method == "__fail__" and (next_kwargs or {}).get("error") in TIME_IS_UP:
            # what each Airflow makes of it differs; this is what all of them do in the other two modes
            ended = AirflowSkipException if self.soft_fail else AirflowSensorTimeout
            raise ended(f"The jobs were not there within {self.timeout:g} s.")
        return super().resume_execution(next_method, next_kwargs, context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, str | None]:
        """Return the statuses that the trigger reports, or raise its error.

        :raises ValueError: when another release of this package wrote an event that this one does not understand;
            Airflow's ``retries`` wait again.
        """
        statuses = None
        if isinstance(event, Mapping):
            statuses, self._console_url = event.get("statuses"), event.get("console_url")
        if isinstance(statuses, Mapping):
            return dict(statuses)
        try:
            error: Exception = error_from_dict(event["error"])
        except (KeyError, TypeError):
            error = ValueError("the trigger sent an event that this release does not understand")
        if self.never_fail:
            # Airflow does so for any error of a wait in a worker, but here only for its own errors
            raise AirflowSkipException(f"Skipping due to never_fail: {error}")
        with fail_fast_on_permanent_errors():
            raise error
