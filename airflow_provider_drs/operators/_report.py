"""What every operator does with its report: the log, the XCom and the end of the task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_drs._compat import AirflowFailException, AirflowSkipException, OperatorMixin
from airflow_provider_drs.links.report import logged_url

if TYPE_CHECKING:
    from airflow.sdk import Context

    # a name for types only: the module takes time to import
    from airflow_provider_drs.api.model.job_verdict import JobVerdict
    from airflow_provider_drs.api.model.report import Report, Verdict


class LeavesReport(OperatorMixin):
    """An operator whose report is its XCom, whether its task fails or not."""

    on_failure: str
    """What an entry that did not pass does to the task: ``fail``, ``skip`` or ``report``."""

    def conclude(self, context: Context, report: Report) -> dict[str, Any]:
        """Log a report and return it as the XCom; unless it passed, end the task as ``on_failure`` says.

        :param context: Airflow's.
        :param report: the report.
        :raises AirflowFailException: when a retry would fail again, DRS refused a call, or somebody changed what was
            stored.
        :raises AirflowSkipException: when an entry did not pass, DRS has answered about every one, and ``on_failure``
            is ``skip``.
        :raises DrsError: when an entry did not pass or is not stored; Airflow's ``retries`` try again.
        """
        # Airflow's page opens at the end of the log, so the failures are last
        for entry in report.endpoints:
            if entry.passed:
                self.log.info("%s", entry.line)
        for job in report.stores:
            for warning in job.warnings:
                self.log.warning("job %s: %s", job.job_id, warning)
        self.log.info("%s", report.headline)
        if "ti" in context and (url := logged_url(context["ti"])):
            self.log.info("The report: %s", url)
        failures: list[Verdict | JobVerdict] = [*report.failed, *report.not_stored]
        for failed in failures:
            self.log.error("%s", failed.line)
        if report.passed or self.on_failure == "report":
            return report.to_dict()
        self.leave(context, report)
        failure = report.failure()
        answered = all(job.answered for job in report.not_stored)
        if any(not error.retryable for error in report.errors):
            raise AirflowFailException(str(failure))
        if self.on_failure == "skip" and all(entry.tested for entry in report.failed) and answered:
            raise AirflowSkipException(str(failure))
        if any(not entry.retryable for entry in failures):
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
