"""The links of our operators and sensors to other pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_drs._compat import OperatorMixin
from airflow_provider_drs._version import AIRFLOW
from airflow_provider_drs.links.console import CONSOLE_KEY, DrsConsoleLink
from airflow_provider_drs.links.report import DrsReportLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_drs.hooks.drs import DrsHook


class HasLinks(OperatorMixin):
    """An operator with a link to its report and one to the DRS console."""

    operator_extra_links = (DrsReportLink(), DrsConsoleLink())

    def leave_console_url(self, context: Context, hook: DrsHook) -> None:
        """Leave the address of the console for its link on Airflow 2.

        A task does it first, so that a failed task has the link, too.

        :param context: Airflow's.
        :param hook: knows the Connection.
        """
        if AIRFLOW < (3, 0) and self.do_xcom_push and "ti" in context:
            try:
                context["ti"].xcom_push(key=CONSOLE_KEY, value=hook.console_url())
            except Exception as error:  # a link must not end a gate
                self.log.warning("This task has no link to the console: %s", type(error).__name__)
