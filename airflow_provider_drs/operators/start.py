"""The operator that starts jobs once, on fresh evidence that each of them was tested and checked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_provider_drs._compat import TIME_IS_UP, AirflowFailException, BaseOperator, conf
from airflow_provider_drs._fail_fast import fail_fast_on_permanent_errors
from airflow_provider_drs.api.errors import DrsError, DrsInputError, DrsStoppedError, DrsTriggerError, error_from_dict
from airflow_provider_drs.api.model.inputs import as_job_ids, as_target_statuses, gathering, is_given, is_seconds
from airflow_provider_drs.operators._killing import EndsWhenKilled
from airflow_provider_drs.operators._links import HasLinks
from airflow_provider_drs.operators._marker import StartMarker
from airflow_provider_drs.operators._masked import MasksRenderedFields
from airflow_provider_drs.operators._polling import poll_statuses
from airflow_provider_drs.operators._report import LeavesReport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow.sdk import Context

    from airflow_provider_drs.api.start import StartPlan, Verdicts
    from airflow_provider_drs.api.starts.start_report import StartReport
    from airflow_provider_drs.hooks.drs import DrsHook

KINDS = ("connections", "precheck")
"""The reports that may be required."""
STARTED = ("FULL_TRANSFER_STARTED", "FULL_TRANSFER_COMPLETE", "INCRE_TRANSFER_STARTED")
"""The statuses in which a job has started for certain."""


class DrsStartJobsOperator(HasLinks, LeavesReport, MasksRenderedFields, EndsWhenKilled, BaseOperator):
    """Start jobs once, if reports prove that each was tested, stored and checked, and nothing has changed since.

    If a single job may not start, none is started, and the error says for each why. A job that somebody has started
    before is not started again, and is no error. After a lost answer, or a try that was killed, no start is sent again:
    the status tells whether it was accepted, and if that does not show within 60 seconds, the task fails without a
    retry.

    The report is the task's XCom, whether the task fails or not, and whether it waits in a worker or in the triggerer:
    ``{"schema": 1, "kind": "start", "passed": bool, "failed": number, "checked_at": ISO 8601 UTC, "digest": text,
    "summary": Markdown, "started": [job id], "already": [job id], "jobs": [{"job_id", "passed", "status", "code",
    "text", "hint", "request_id", "order_id"}]}``, with the jobs in the order of ``job_ids``, and with ``"errors"`` if
    the jobs were not looked at. Follows the vendor's page *Starting Tasks in Batches*.

    :param job_ids: a list, one id, an XCom of such, or text that is a JSON or Python list. (templated)
    :param drs_conn_id: the Connection to DRS. (templated)
    :param project_id: wins over the Connection's. (templated)
    :param evidence: the XComs of the tasks that tested and checked the jobs; a list, also nested, or text. (templated)
    :param start_time: when the jobs start: a ``datetime`` or ISO 8601 text, either with an offset, or milliseconds
        since 1970; ``None`` is at once. (templated)
    :param max_age: seconds that a report counts.
    :param allow_order: start prepaid jobs, too. Their start orders and pays them.
    :param require: the kinds of reports that must prove each job: ``connections``, ``precheck``, or both.
    :param wait_for: one status or several, any of which ends the wait of a job; ``None`` does not wait.
    :param deferrable: wait in the triggerer; the default is Airflow's ``[operators] default_deferrable``.
    :param poll_interval: seconds between two reads of the statuses.
    :param timeout: seconds that start and wait have together.
    :raises AirflowFailException: at once, without a retry, when the input is bad, a job may not start, DRS refused it,
        it is not known whether DRS starts it, or it did not start in time.
    :raises DrsStartFailedError: when a job was not started, and Airflow's ``retries`` may start it, or wait further.
    """

    template_fields: Sequence[str] = ("job_ids", "drs_conn_id", "project_id", "evidence", "start_time")
    template_fields_renderers = {"evidence": "json"}  # noqa: RUF012 - Airflow declares it so
    ui_color = "#f4e3c1"
    on_failure = "fail"
    _masked_field = "job_ids"

    def __init__(
        self,
        *,
        job_ids: Any,
        drs_conn_id: str = "drs_default",
        project_id: str | None = None,
        evidence: Any = None,
        start_time: Any = None,
        max_age: float = 3600,
        allow_order: bool = False,
        require: Sequence[str] = KINDS,
        wait_for: str | Sequence[str] | None = STARTED,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float = 10,
        timeout: float = 3600,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_ids = job_ids
        self.drs_conn_id = drs_conn_id
        self.project_id = project_id
        self.evidence = evidence
        self.start_time = start_time
        self.max_age = max_age
        self.allow_order = allow_order
        self.require = require
        self.wait_for = wait_for
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.timeout = timeout
        broken = {
            f"require must be a list of {' and '.join(KINDS)}": not isinstance(require, list | tuple)
            or not {*map(str, require)} <= {*KINDS},
            "allow_order must be True or False": not isinstance(allow_order, bool),
            **{
                f"{name} must be a number of seconds, 0 or more": not is_seconds(getattr(self, name))
                for name in ("max_age", "poll_interval", "timeout")
            },
        }
        violations = [rule for rule, is_broken in broken.items() if is_broken]
        if wait_for is not None and wait_for is not STARTED:
            try:
                self.wait_for = as_target_statuses(wait_for)
            except DrsInputError as error:
                violations += [line.replace("target_statuses", "wait_for") for line in error.violations]
            else:
                before = {"CREATING", "CONFIGURATION"}.intersection(self.wait_for)
                violations += [f"wait_for: a job is in {status} before its start" for status in sorted(before)]
        if violations:
            raise ValueError("; ".join(violations))

    def execute(self, context: Context) -> dict[str, Any]:
        """Start the jobs that may start, and wait until they run, here or in the triggerer; then leave the report."""
        marker = StartMarker(context)
        return self._left(context, marker, lambda: self._start(context, marker))

    def execute_complete(
        self, context: Context, event: dict[str, Any], verdicts: Sequence[Mapping[str, Any]] = ()
    ) -> dict[str, Any]:
        """Judge the statuses that the trigger has seen, and leave the report.

        :param verdicts: what was known of each job before the wait.
        :raises ValueError: when another release of this package wrote an event that this one does not understand;
            Airflow's ``retries`` wait again.
        """
        from airflow_provider_drs.api.starts.verdict import verdict_of_state

        known = {state["job_id"]: verdict_of_state(state) for state in verdicts}
        marker = StartMarker(context)
        # Airflow's dag.test() keeps nothing of a deferral, but the marker has it
        return self._left(context, marker, lambda: self._resumed(known or marker.read(), event))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Go on after the wait in the triggerer; Airflow calls it."""
        if next_method == "__fail__" and (next_kwargs or {}).get("error") in TIME_IS_UP:
            # Airflow keeps nothing of the deferral then
            marker = StartMarker(context)
            return self._left(context, marker, lambda: self._expired(marker.read()))
        return super().resume_execution(next_method, next_kwargs, context)

    def _left(self, context: Context, marker: StartMarker, start: Callable[[], StartReport]) -> dict[str, Any]:
        from airflow_provider_drs.api.starts.start_report import StartReport

        with fail_fast_on_permanent_errors():
            try:
                report = start()
            except DrsStoppedError:
                raise
            except DrsError as error:
                self.leave(context, StartReport((), errors=(error,)))
                raise
        # as the last thing, because a try that is killed before it must not start anything again
        try:
            content = self.conclude(context, report, asks_policy=False)
        except (AirflowFailException, DrsError) as error:
            # a retry goes on with all; a clear sends nothing again that DRS has accepted and that does not show
            kept = report.unseen if isinstance(error, AirflowFailException) else report.started
            if not kept:
                marker.remove()
            raise
        marker.remove()
        return content

    def _start(self, context: Context, marker: StartMarker) -> StartReport:
        # imported here: Airflow parses DAG files again and again and needs none of this for it
        from airflow_provider_drs.api.start import start_once
        from airflow_provider_drs.api.starts.verdict import is_awaited

        end = time.monotonic() + self.timeout
        earlier = marker.read()
        hook = self._hook_for_calls()
        ids, plan = self._inputs(hook, in_time=not earlier)
        self.begin_links(context)
        with self.killing(hook):
            with hook.get_conn() as client:
                verdicts = start_once(client, ids, earlier, plan, marker)
            awaited = [job_id for job_id, one in verdicts.items() if is_awaited(one)]
            if not awaited:
                return self._report(verdicts)
            if self.wait_for is None:
                return self._report(verdicts, self._last_seen(hook, awaited))
            if self.deferrable:
                marker.update(verdicts.values())
                self._wait_in_the_triggerer(verdicts, awaited, max(0.0, end - time.monotonic()))
            return self._wait_here(hook, verdicts, awaited, end)

    def _wait_in_the_triggerer(self, verdicts: Verdicts, awaited: list[str], seconds: float) -> NoReturn:
        from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger

        self.log.info("The wait goes on in the triggerer, with a poll every %g s.", self.poll_interval)
        self.defer(
            trigger=DrsJobStatusTrigger(
                job_ids=awaited,
                target_statuses=self._targets(),
                drs_conn_id=self.drs_conn_id,
                project_id=self.project_id,
                poke_interval=self.poll_interval,
                partial=True,
            ),
            method_name="execute_complete",
            kwargs={"verdicts": [one.to_state() for one in verdicts.values()]},
            timeout=timedelta(seconds=seconds),
        )

    def _wait_here(self, hook: DrsHook, verdicts: Verdicts, awaited: list[str], end: float) -> StartReport:
        from airflow_provider_drs.api.wait import Wait

        wait = Wait(awaited, self._targets(), partial=True)
        while True:
            try:
                result = poll_statuses(hook, wait, self.timeout)
            except DrsError as error:
                hook.sleep(0)  # a task that is killed ends as such
                return self._report(verdicts, why=error)
            if result.news:
                self.log.info(result.news)
            if result.done:
                return self._report(verdicts, dict.fromkeys(awaited) | result.statuses)
            left = end - time.monotonic()
            hook.sleep(max(0.0, min(left, wait.pause(self.poll_interval))))
            if left <= 0:
                return self._too_late(hook, verdicts, awaited)

    def _resumed(self, verdicts: Verdicts, event: dict[str, Any]) -> StartReport:
        if statuses := event.get("statuses"):
            return self._report(verdicts, statuses)
        try:
            return self._report(verdicts, why=error_from_dict(event["error"]))
        except (KeyError, TypeError):
            raise ValueError("the trigger sent an event that this release does not understand") from None

    def _expired(self, verdicts: Verdicts) -> StartReport:
        from airflow_provider_drs.api.starts.verdict import is_awaited

        if not verdicts:
            raise DrsTriggerError(f"no triggerer has told within {self.timeout:g} s whether the jobs have started")
        hook = self._hook_for_calls()
        with self.killing(hook):
            return self._too_late(hook, verdicts, [job_id for job_id, one in verdicts.items() if is_awaited(one)])

    def _too_late(self, hook: DrsHook, verdicts: Verdicts, awaited: list[str]) -> StartReport:
        why = f"within {self.timeout:g} s it was not seen in {' or '.join(self._targets())}"
        return self._report(verdicts, self._last_seen(hook, awaited), why)

    def _last_seen(self, hook: DrsHook, job_ids: list[str]) -> dict[str, str | None]:
        try:
            with hook.get_conn() as client:
                statuses = client.look_up(job_ids)
        except DrsError:
            return {}
        return {job_id: str(status) for job_id, status in statuses.items() if not isinstance(status, DrsError)}

    def _report(
        self, verdicts: Verdicts, statuses: Mapping[str, str | None] | None = None, why: str | DrsError | None = None
    ) -> StartReport:
        from airflow_provider_drs.api.starts.start_report import StartReport
        from airflow_provider_drs.api.starts.verdict import Ending, after_wait

        retryable = isinstance(why, DrsError) and why.retryable
        ending = Ending(self._targets(), statuses or {}, str(why) if why else None, retryable)
        return StartReport(tuple(after_wait(one, ending) for one in verdicts.values()))

    def _targets(self) -> list[str]:
        # a job that is to start later has got as far as it can for now
        later = ["WAITING_FOR_START"] if is_given(self.start_time) else []
        return [*self.wait_for, *later] if self.wait_for else []

    def _inputs(self, hook: DrsHook, *, in_time: bool) -> tuple[list[str], StartPlan]:
        from airflow_provider_drs.api.start import make_plan
        from airflow_provider_drs.api.starts.clearance import StartRules

        rules = StartRules(self.require, self.max_age, self.allow_order, lambda: datetime.now(timezone.utc))
        violations: list[str] = []
        with gathering(violations):
            ids = as_job_ids(self.job_ids)
        with gathering(violations):
            plan = make_plan(self.evidence, self.start_time, rules, self.poll_interval, hook.sleep, in_time=in_time)
        if violations:
            raise DrsInputError(violations)
        return ids, plan

    def _hook_for_calls(self) -> DrsHook:
        from airflow_provider_drs.hooks.drs import DrsHook

        return DrsHook(self.drs_conn_id, project_id=self.project_id)
