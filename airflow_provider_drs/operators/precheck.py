"""The operator that has DRS check jobs before their start, and judges every item of every check."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from airflow_provider_drs._compat import TIME_IS_UP, BaseOperator, conf
from airflow_provider_drs._fail_fast import fail_fast_on_permanent_errors
from airflow_provider_drs.api.errors import DrsError, DrsInputError, DrsStoppedError, DrsTriggerError
from airflow_provider_drs.api.model.inputs import as_job_ids, gathering, is_seconds
from airflow_provider_drs.operators._killing import EndsWhenKilled
from airflow_provider_drs.operators._links import HasLinks
from airflow_provider_drs.operators._masked import MasksRenderedFields
from airflow_provider_drs.operators._report import LeavesReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from airflow.sdk import Context

    from airflow_provider_drs.api.checks.precheck_report import PrecheckReport
    from airflow_provider_drs.api.checks.precheck_wait import PrecheckWait, Watched
    from airflow_provider_drs.api.checks.waivers import Waiver
    from airflow_provider_drs.api.model.precheck import PrecheckResult
    from airflow_provider_drs.api.precheck_handover import Ended
    from airflow_provider_drs.hooks.drs import DrsHook

MODES = ("forStartJob", "forRetryJob")
"""What a pre-check may be for."""
EXTRA_SECONDS = 300
"""Seconds that a triggerer has beyond the timeout, to end the wait itself and tell what it has seen."""


class DrsPrecheckOperator(HasLinks, LeavesReport, MasksRenderedFields, EndsWhenKilled, BaseOperator):
    """Have DRS run its pre-check of any number of jobs, and fail unless each job passes.

    A job passes if its check is at 100 %, DRS allows the start, and each item has passed or has an alarm that a waiver
    accepts. A failed item cannot be waived. A result of an earlier check does not count. An answer to the request that
    is lost is not requested again.

    The report is the task's XCom, whether the task fails or not, and whether it waits in a worker or in the triggerer:
    ``{"schema": 1, "kind": "precheck", "passed": bool, "failed": number, "checked_at": ISO 8601 UTC, "digest": text,
    "summary": Markdown, "jobs": [{"job_id", "passed", "process", "code", "text", "hint", "request_id", "checked_at",
    "digest", "items_passed": number, "items": [{"item", "group", "result", "reason", "text", "waiver": null or
    {"reason", "until", "by"}}]}]}``, with the jobs in the order of ``job_ids``, and with ``"errors"`` if nothing was
    checked. Follows the vendor's pages *Performing Pre-Checks in Batches* and *Querying Pre-Check Results in Batches*.

    :param job_ids: a list, one id, an XCom of such, or text that is a JSON or Python list. (templated)
    :param drs_conn_id: the Connection to DRS. (templated)
    :param project_id: wins over the Connection's. (templated)
    :param language: of the service's texts, ``en-us`` or ``zh-cn``; wins over the Connection's. (templated)
    :param waivers: accepted alarms, each ``{"item", "reason", "until", "job_id": optional, "by": optional}``; a list,
        or the name of a ``.yaml``, ``.yml`` or ``.json`` file beside the DAG that holds one. (templated)
    :param precheck_mode: ``forStartJob``, or ``forRetryJob`` for a job that was started before.
    :param on_alarm: ``fail``, or ``pass`` to accept every alarm.
    :param on_failure: what a job that did not pass does to the task: ``fail`` it, ``skip`` it and so what is
        downstream, or ``report`` only, so that the task ends green and a task that reads the report decides.
    :param list_all: list the items that passed, too; otherwise they are counted.
    :param poll_interval: seconds between two reads of the results.
    :param timeout: seconds that all checks have together.
    :param deferrable: wait in the triggerer; the default is Airflow's ``[operators] default_deferrable``.
    :raises AirflowFailException: at once, without a retry, when the input is bad, or DRS refused a request or the
        credential; unless the retry policy of the task decides otherwise.
    :raises AirflowSkipException: when a job did not pass, and ``on_failure`` is ``skip``.
    :raises DrsPrecheckFailedError: when a job did not pass; Airflow's ``retries`` check again.
    """

    template_fields: Sequence[str] = ("job_ids", "drs_conn_id", "project_id", "language", "waivers")
    template_fields_renderers = {"waivers": "json"}  # noqa: RUF012 - Airflow declares it so
    template_ext: Sequence[str] = (".yaml", ".yml", ".json")
    ui_color = "#f4e3c1"
    _masked_field = "job_ids"

    def __init__(
        self,
        *,
        job_ids: Any,
        drs_conn_id: str = "drs_default",
        project_id: str | None = None,
        language: str | None = None,
        waivers: Any = None,
        precheck_mode: Literal["forStartJob", "forRetryJob"] = "forStartJob",
        on_alarm: Literal["fail", "pass"] = "fail",
        on_failure: Literal["fail", "skip", "report"] = "fail",
        list_all: bool = False,
        poll_interval: float = 10,
        timeout: float = 3600,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_ids = job_ids
        self.drs_conn_id = drs_conn_id
        self.project_id = project_id
        self.language = language
        self.waivers = waivers
        self.precheck_mode = precheck_mode
        self.on_alarm = on_alarm
        self.on_failure = on_failure
        self.list_all = list_all
        self.poll_interval = poll_interval
        self.timeout = timeout
        self.deferrable = deferrable
        broken = {
            f"precheck_mode must be {' or '.join(MODES)}": precheck_mode not in MODES,
            "on_alarm must be fail or pass": on_alarm not in ("fail", "pass"),
            "on_failure must be fail, skip or report": on_failure not in ("fail", "skip", "report"),
            "list_all must be True or False": not isinstance(list_all, bool),
            "poll_interval must be a number of seconds, 0 or more": not is_seconds(poll_interval),
            "timeout must be a number of seconds, 0 or more": not is_seconds(timeout),
        }
        if any(broken.values()):
            raise ValueError("; ".join(rule for rule, is_broken in broken.items() if is_broken))

    def execute(self, context: Context) -> dict[str, Any]:
        """Request the checks and wait for their results, here or in the triggerer; then leave the report."""
        return self._left(context, lambda: self._check(context))

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Read the results that the trigger has waited for, and leave the report.

        :raises ValueError: when another release of this package wrote an event that this one does not understand;
            Airflow's ``retries`` check again.
        """
        return self._left(context, lambda: self._resumed(event))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Go on after the wait in the triggerer; Airflow calls it."""
        if next_method == "__fail__" and (next_kwargs or {}).get("error") in TIME_IS_UP:
            error = DrsTriggerError(f"no triggerer has told the results of the pre-checks within {self.timeout:g} s")
            self.leave(context, self._nothing_checked(error))
            raise error
        return super().resume_execution(next_method, next_kwargs, context)

    def _left(self, context: Context, check: Callable[[], PrecheckReport]) -> dict[str, Any]:
        with fail_fast_on_permanent_errors(context):
            try:
                report = check()
            except DrsStoppedError:
                raise
            except DrsError as error:
                self.leave(context, self._nothing_checked(error))
                raise
        return self.conclude(context, report)

    def _check(self, context: Context) -> PrecheckReport:
        # imported here: Airflow parses DAG files again and again and needs none of this for it
        from airflow_provider_drs.api.checks.precheck import of_request
        from airflow_provider_drs.api.checks.precheck_wait import PrecheckWait, watched
        from airflow_provider_drs.api.precheck_handover import Ended

        ids, _ = self._inputs()
        hook = self._hook_for_calls()
        self.begin_links(context)
        with self.killing(hook):
            with hook.get_conn() as client:
                before = client.precheck_results(ids)
                requested_at = time.time()
                requests = client.request_prechecks(ids, self.precheck_mode)
            # of a task that is killed, the requests may not have been made
            hook.sleep(0)
            watch = watched(requests, before)
            refused = {each: of_request(request) for each, request in requests.items() if each not in watch["before"]}
            self.log.info("DRS runs the pre-check of %s of %s jobs.", len(watch["before"]), len(ids))
            if self.deferrable and watch["before"]:
                self._wait_in_the_triggerer(watch, refused, requested_at)
            wait = PrecheckWait(**watch, requested_at=time.monotonic())
            self._wait_here(hook, wait)
        return self._report(Ended(refused | wait.results, {*refused, *wait.unanswered}, wait.errors, requested_at))

    def _wait_in_the_triggerer(
        self, watch: Watched, refused: Mapping[str, PrecheckResult], requested_at: float
    ) -> NoReturn:
        from airflow_provider_drs.triggers.precheck import DrsPrecheckTrigger

        self.log.info("The wait goes on in the triggerer, with a poll every %g s.", self.poll_interval)
        self.defer(
            trigger=DrsPrecheckTrigger(
                **watch,
                refused=[result.to_dict() for result in refused.values()],
                requested_at=requested_at,
                timeout=self.timeout,
                drs_conn_id=self.drs_conn_id,
                project_id=self.project_id,
                poll_interval=self.poll_interval,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout + EXTRA_SECONDS),
        )

    def _wait_here(self, hook: DrsHook, wait: PrecheckWait) -> None:
        from airflow_provider_drs.api.retry import MAX_RETRY_SECONDS

        end = time.monotonic() + self.timeout
        while wait.job_ids:
            asked_at = time.monotonic()
            patience: float = MAX_RETRY_SECONDS  # until a Connection names another
            results: Mapping[str, PrecheckResult | DrsError]
            try:
                with hook.get_conn() as client:
                    patience = client.max_retry_seconds
                    results = client.precheck_results(wait.job_ids, repeat=False)
            except DrsError as error:
                # the Connection, or the project that IAM knows, cannot be read
                results = dict.fromkeys(wait.job_ids, error)
            if news := wait.judge(results, time.monotonic(), patience, asked_at).news:
                self.log.info(news)
            left = end - time.monotonic()
            if wait.job_ids and left > 0:
                hook.sleep(min(left, wait.pause(self.poll_interval)))
            else:
                wait.expire(self.timeout)

    def _resumed(self, event: dict[str, Any]) -> PrecheckReport:
        from airflow_provider_drs.api.precheck_handover import take_over

        hook = self._hook_for_calls()
        with self.killing(hook), hook.get_conn() as client:
            ended = take_over(client, event)
        return self._report(ended)

    def _report(self, ended: Ended) -> PrecheckReport:
        from airflow_provider_drs.api.checks.precheck import judge_job
        from airflow_provider_drs.api.checks.precheck_report import PrecheckReport

        ids, waivers = self._inputs()
        if new := [f"job_ids: has changed, and nobody checked {each}" for each in ids if each not in ended.results]:
            raise DrsInputError(new, "run the task again")
        today = datetime.now(timezone.utc).date()
        verdicts = [
            judge_job(ended.results[each], waivers, today, on_alarm=self.on_alarm, tested=each not in ended.unanswered)
            for each in ids
        ]
        checked_at = datetime.fromtimestamp(ended.requested_at, timezone.utc)
        return PrecheckReport(tuple(verdicts), tuple(waivers), today, tuple(ended.errors), checked_at, self.list_all)

    def _nothing_checked(self, error: DrsError) -> PrecheckReport:
        from airflow_provider_drs.api.checks.precheck_report import PrecheckReport

        return PrecheckReport((), errors=(error,))

    def _inputs(self) -> tuple[list[str], list[Waiver]]:
        from airflow_provider_drs.api.checks.waivers import parse_waivers

        ids: list[str] = []
        waivers: list[Waiver] = []
        violations: list[str] = []
        with gathering(violations):
            ids = as_job_ids(self.job_ids)
        with gathering(violations):
            waivers = parse_waivers(self.waivers)
        if violations:
            raise DrsInputError(violations)
        return ids, waivers

    def _hook_for_calls(self) -> DrsHook:
        from airflow_provider_drs.hooks.drs import DrsHook

        return DrsHook(self.drs_conn_id, project_id=self.project_id, language=self.language)
