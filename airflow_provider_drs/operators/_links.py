"""What gives our operators and sensors their links to other pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_drs._compat import OperatorMixin
from airflow_provider_drs._version import AIRFLOW

if TYPE_CHECKING:
    from airflow.sdk import BaseOperatorLink, Context


class HasLinks(OperatorMixin):
    """An operator with a link to its report and one to the DRS console."""

    drs_conn_id: str
    _begun = False
    """Whether a worker has begun this task."""
    _console_url: str | None = None
    """The address of the console, where the trigger of the task has told it."""

    @property
    def operator_extra_links(self) -> tuple[BaseOperatorLink, ...]:  # type: ignore[override]
        """The links; Airflow asks the class of a mapped task for them, so they are those of every task."""
        # imported here: an import of the operator alone needs neither them nor Airflow's base class
        from airflow_provider_drs.links import DrsConsoleLink, DrsReportLink

        # At its end a worker of Airflow 3 leaves an XCom for each link, which is a call to the API server. That has the
        # address of the report from our plugin, but not for a subclass.
        has_report = AIRFLOW >= (3, 0) and type(self).__module__.startswith("airflow_provider_drs.")
        if has_report and self._begun:
            return (DrsConsoleLink(),)
        return DrsReportLink(), DrsConsoleLink()

    def begin_links(self, context: Context) -> None:
        """Leave the address of the console for its link on Airflow 2.

        A task does it first, so that a failed task has the link, too.

        :param context: Airflow's.
        """
        self._begun = True
        if AIRFLOW < (3, 0) and self.do_xcom_push and "ti" in context:
            from airflow_provider_drs.hooks.drs import DrsHook
            from airflow_provider_drs.links import CONSOLE_KEY

            try:
                context["ti"].xcom_push(key=CONSOLE_KEY, value=DrsHook(self.drs_conn_id).console_url())
            except Exception as error:  # a link must not end a gate
                self.log.warning("This task has no link to the console: %s", type(error).__name__)
