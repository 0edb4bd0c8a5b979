"""What every operator does with its report: the log, the XCom and the end of the task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_drs._compat import AirflowFailException, AirflowSkipException, OperatorMixin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airflow_provider_drs.api.errors import DrsError


class Entry(Protocol):
    """What a report says of one endpoint or job."""

    @property
    def passed(self) -> bool:
        """Whether it passed."""

    @property
    def line(self) -> str:
        """The entry in one line, for the log."""

    @property
    def tested(self) -> bool:
        """Whether it was sent; an entry that was not has not failed."""

    @property
    def retryable(self) -> bool:
        """Whether it may pass later without a change."""


class Report(Protocol):
    """What an operator finds out."""

    @property
    def passed(self) -> bool:
        """Whether there is an entry and every one passed."""

    @property
    def errors(self) -> Sequence[DrsError]:
        """The errors of calls that failed as a whole."""

    @property
    def headline(self) -> str:
        """One sentence that counts the entries."""

    def failure(self) -> DrsError:
        """Return the error that names every entry that did not pass."""

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON."""


class LeavesReport(OperatorMixin):
    """An operator whose report is its XCom, whether its task fails or not."""

    on_failure: str
    """What an entry that did not pass does to the task: ``fail``, ``skip`` or ``report``."""

    def conclude(self, context: Context, report: Report, entries: Sequence[Entry]) -> dict[str, Any]:
        """Log a report and return it as the XCom; unless it passed, end the task as ``on_failure`` says.

        :param context: Airflow's.
        :param report: the report.
        :param entries: its entries.
        :raises AirflowFailException: when a retry would fail again, or DRS refused a call.
        :raises AirflowSkipException: when an entry did not pass, every one was tested, and ``on_failure`` is ``skip``.
        :raises DrsError: when an entry did not pass; Airflow's ``retries`` try again.
        """
        failed = [entry for entry in entries if not entry.passed]
        # Airflow's page opens at the end of the log, so the failures are last
        for entry in entries:
            if entry.passed:
                self.log.info("%s", entry.line)
        self.log.info("%s", report.headline)
        for entry in failed:
            self.log.error("%s", entry.line)
        if report.passed or self.on_failure == "report":
            return report.to_dict()
        self.leave(context, report)
        failure = report.failure()
        if any(not error.retryable for error in report.errors):
            raise AirflowFailException(str(failure))
        if self.on_failure == "skip" and all(entry.tested for entry in failed):
            raise AirflowSkipException(str(failure))
        if any(not entry.retryable for entry in failed):
            raise AirflowFailException(str(failure))
        raise failure

    def leave(self, context: Context, report: Report) -> None:
        """Push a report as the XCom of a task that fails: Airflow takes a return value only from one that succeeds.

        :param context: Airflow's.
        :param report: the report.
        """
        # a context without a task instance is that of a call by hand, which has no XCom
        if self.do_xcom_push and "ti" in context:
            context["ti"].xcom_push(key="return_value", value=report.to_dict())
