"""What gives our operators and sensors their links to other pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_drs._compat import OperatorMixin
from airflow_provider_drs._version import AIRFLOW

if TYPE_CHECKING:
    from airflow.sdk import BaseOperatorLink, Context


class ReportLink:
    """The link of a task to its report, where Airflow does not have it from our plugin."""

    def __get__(self, operator: object, kind: type) -> tuple[BaseOperatorLink, ...]:
        # for each link a worker makes a call to the API server; Airflow 2, and a subclass, have none from the plugin
        if AIRFLOW >= (3, 0) and kind.__module__.startswith("airflow_provider_drs."):
            return ()
        # imported here: an import of the operator alone needs neither it nor Airflow's base class
        from airflow_provider_drs.links import DrsReportLink

        return (DrsReportLink(),)


class BothLinks(ReportLink):
    """The link of a task to its report, likewise, and the one to the DRS console."""

    def __get__(self, operator: object, kind: type) -> tuple[BaseOperatorLink, ...]:
        from airflow_provider_drs.links import DrsConsoleLink

        return (*super().__get__(operator, kind), DrsConsoleLink())


class HasLinks(OperatorMixin):
    """An operator with a link to its report and one to the DRS console."""

    drs_conn_id: str
    operator_extra_links = BothLinks()
    _console_url: str | None = None
    """The address of the console, where the trigger of the task has told it."""

    def leave_console_url(self, context: Context) -> None:
        """Leave the address of the console for its link on Airflow 2.

        A task does it first, so that a failed task has the link, too.

        :param context: Airflow's.
        """
        if AIRFLOW < (3, 0) and self.do_xcom_push and "ti" in context:
            from airflow_provider_drs.hooks.drs import DrsHook
            from airflow_provider_drs.links import CONSOLE_KEY

            try:
                context["ti"].xcom_push(key=CONSOLE_KEY, value=DrsHook(self.drs_conn_id).console_url())
            except Exception as error:  # a link must not end a gate
                self.log.warning("This task has no link to the console: %s", type(error).__name__)
