"""What every operator does with its report: the log, the XCom and the end of the task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_drs._compat import AirflowSkipException
from airflow_provider_drs._fail_fast import raised_for
from airflow_provider_drs.operators._announcing import AnnouncesOpenGate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airflow_provider_drs.api.errors import DrsError


class GateReport(Protocol):
    """The report of one step of a gate."""

    @property
    def passed(self) -> bool:
        """Whether the step lets all its jobs pass."""

    @property
    def headline(self) -> str:
        """How many passed, in one sentence."""

    @property
    def notes(self) -> Sequence[str]:
        """Lines about what passed."""

    @property
    def remarks(self) -> Sequence[str]:
        """Sentences about what may be right and should be looked at."""

    @property
    def lines(self) -> Sequence[str]:
        """Lines about what did not pass."""

    @property
    def errors(self) -> Sequence[DrsError]:
        """The errors of calls that failed as a whole."""

    @property
    def answered(self) -> bool:
        """Whether DRS has answered about everything that did not pass."""

    @property
    def retryable(self) -> bool:
        """Whether all that did not pass may pass later without a change of the DAG."""

    @property
    def not_ready(self) -> bool:
        """Whether all that did not pass waits for a job that is not in ``CONFIGURATION`` yet."""

    def failure(self) -> DrsError:
        """Return the error that has all lines."""

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON."""


class LeavesReport(AnnouncesOpenGate):
    """An operator whose report is its XCom, whether its task fails or not."""

    on_failure: str
    """What an entry that did not pass does to the task: ``fail``, ``skip`` or ``report``."""

    def conclude(self, context: Context, report: GateReport, *, asks_policy: bool = True) -> dict[str, Any]:
        """Log a report and return it as the XCom; unless it passed, end the task as ``on_failure`` says.

        A report that passed is announced by an event of the gate's asset, if there is one.

        :param context: Airflow's.
        :param report: the report.
        :param asks_policy: whether the retry policy of the task may decide about a failure that is permanent.
        :raises AirflowFailException: when a retry would fail again, DRS refused a call, or somebody changed what was
            stored.
        :raises AirflowSkipException: when an entry did not pass, DRS has answered about every one, and ``on_failure``
            is ``skip``.
        :raises DrsError: when an entry did not pass; Airflow's ``retries`` try again, or a retry policy decides.
        """
        # imported here, because Airflow parses DAG files again and again and needs none of this for it
        from airflow_provider_drs.links import logged_url

        # Airflow's page opens at the end of the log, so the failures are last
        for note in report.notes:
            self.log.info("%s", note)
        for remark in report.remarks:
            self.log.warning("%s", remark)
        self.log.info("%s", report.headline)
        if "ti" in context and (url := logged_url(context["ti"])):
            self.log.info("The report: %s", url)
        for line in report.lines:
            self.log.error("%s", line)
        if report.passed or self.on_failure == "report":
            content = report.to_dict()
            if report.passed:
                self.announce(context, content)
            return content
        self.leave(context, report)
        failure = report.failure()
        permanent = next((error for error in report.errors if not error.retryable), None)
        if self.on_failure == "skip" and report.answered and permanent is None:
            raise AirflowSkipException(str(failure))
        failure.__cause__ = permanent
        failure.retryable = report.retryable and permanent is None
        failure.not_ready = report.not_ready
        named = [error.retry_after for error in report.errors if error.retry_after is not None]
        failure.retry_after = max(named, default=None)
        raise raised_for(failure, context if asks_policy else None)

    def leave(self, context: Context, report: GateReport) -> None:
        """Push a report as the XCom of a task that fails: Airflow takes a return value only from one that succeeds.

        :param context: Airflow's.
        :param report: the report.
        """
        # a context without a task instance is that of a call by hand, which has no XCom
        if self.do_xcom_push and "ti" in context:
            context["ti"].xcom_push(key="return_value", value=report.to_dict())
