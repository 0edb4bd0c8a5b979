"""The operator that shows reports to a person and accepts an answer only for these reports."""

from __future__ import annotations

from datetime import timezone
from typing import TYPE_CHECKING, Any

from airflow_provider_drs._compat import AirflowFailException
from airflow_provider_drs._fail_fast import fail_fast_on_permanent_errors
from airflow_provider_drs.links import DrsReportLink
from airflow_provider_drs.operators._announcing import AnnouncesOpenGate
from airflow_provider_drs.operators._asking import (
    PEOPLE_CAN_ANSWER,
    AirflowOptionalProviderFeatureException,
    ApprovalOperator,
    TaskAwaitingInput,
    TaskDeferred,
    body_shown,
    params_with_note,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airflow_provider_drs.api.model.shown_reports import ShownReports

NOTE = "note"
MAX_NOTE = 500
"""Characters that are kept of what a person typed."""

_NOBODY_CAN_ANSWER = (
    "DrsApprovalOperator needs Airflow 3.1 or newer, with the standard provider: nobody can be asked in this one."
)
_OLD_QUESTION = (
    "Airflow would show people the report of an earlier try in place of this one, so nobody was asked. Airflow 3.1 to "
    "3.3 keep the question of a task's first try in a run, also after a clear. Trigger a new run."
)
_UNKNOWN_QUESTION = (
    "This Airflow does not tell which report it would show people, so nobody was asked. Upgrade airflow-provider-drs "
    "to a version that knows this Airflow."
)
_CHANGED = (
    "The report is not the one that was shown, so the answer counts for nothing: a task before this one ran again "
    "while the question was open. Trigger a new run."
)


class DrsApprovalOperator(AnnouncesOpenGate, ApprovalOperator):
    """Show the reports of a gate to a person, and accept an answer only for these reports.

    The operator takes all parameters of Airflow's ``ApprovalOperator``: ``assigned_users``, ``notifiers``,
    ``response_timeout``, ``defaults``, ``fail_on_reject`` and so on. An approval and a rejection have the same effect.

    The answer is the task's XCom, for a rejection too: ``{"approved": bool, "by": name or id, "at": ISO 8601 in UTC,
    "digest": of the report, or a list for several reports, "note": text or None}``. ``by`` is ``None`` if ``defaults``
    answered after the timeout. Values of further fields in ``params`` are in a member ``params_input``.

    Every supported Airflow can import the module; before 3.1 the constructor raises an error.

    :param report: the XCom of a task of this package, a list of such XComs, or the text of either from a template.
        (templated)
    :param subject: the headline; the default names the verdict of each report. (templated)
    :param body: Markdown before the reports. (templated)
    :param params: additional form fields; the operator adds ``note``, an optional text.
    :raises AirflowOptionalProviderFeatureException: when Airflow is older than 3.1, while it parses the DAG.
    :raises AirflowFailException: at once, without a retry, when there is no report, when Airflow would show an older
        report, or when the report has changed since it was shown.
    """

    template_fields: Sequence[str] = ("report", "subject", "body")
    template_fields_renderers = {"report": "json", "body": "md"}  # noqa: RUF012 - Airflow declares it so
    operator_extra_links = (DrsReportLink(),)
    ui_color = "#f4e3c1"

    def __init__(
        self,
        *,
        report: Any,
        subject: str | None = None,
        body: str | None = None,
        params: Any = None,
        **kwargs: Any,
    ) -> None:
        if not PEOPLE_CAN_ANSWER:
            raise AirflowOptionalProviderFeatureException(_NOBODY_CAN_ANSWER)
        super().__init__(subject=subject or "", body=body, params=params_with_note(params, NOTE), **kwargs)
        self.report = report

    def execute(self, context: Context) -> Any:
        """Ask, if Airflow shows this report."""
        reports = self._reports()
        self.subject = self.subject or f"Start the migration? {reports.verdicts}"
        self.body = reports.text(self.body)
        shown = body_shown(self, context["ti"].id)
        if shown is None:
            raise AirflowFailException(_UNKNOWN_QUESTION)
        if not shown.endswith(reports.closing_line):
            raise AirflowFailException(_OLD_QUESTION)
        try:
            return super().execute(context)
        except (TaskDeferred, TaskAwaitingInput) as waiting:
            waiting.kwargs = {**(waiting.kwargs or {}), "shown": reports.fingerprint}
            raise

    def execute_complete(self, context: Context, event: dict[str, Any], shown: str | None = None) -> Any:
        """Return the answer, if it is an answer to the current report.

        :param shown: the fingerprint of the reports that the person has seen.
        """
        from airflow_provider_drs.api.texts import printable

        if "error" in event:
            return super().execute_complete(context, event)
        reports = self._reports()
        if reports.fingerprint != shown:
            raise AirflowFailException(_CHANGED)
        digests = [item["digest"] for item in reports.items]
        user = event["responded_by_user"] or {}
        typed = dict(event["params_input"] or {})
        note = typed.pop(NOTE, None)
        answer = {
            "approved": event["chosen_options"] == [self.APPROVE],
            "by": user.get("name") or user.get("id"),
            "at": event["responded_at"].astimezone(timezone.utc).isoformat(),
            "digest": digests if len(digests) > 1 else digests[0],
            "note": printable(str(note), MAX_NOTE) if note else None,
            **({"params_input": typed} if typed else {}),
        }
        # Airflow ends a rejection with an exception, and takes no return value then
        if not answer["approved"] and self.do_xcom_push:
            context["ti"].xcom_push(key="return_value", value=answer)
        super().execute_complete(context, event)
        if answer["approved"]:
            summary = "\n\n".join(item["summary"] for item in reports.items)
            of_answer = {"kind": "approval", "digest": answer["digest"], "checked_at": answer["at"], "summary": summary}
            self.announce(context, of_answer)
        return answer

    def _reports(self) -> ShownReports:
        # imported here, because Airflow parses DAG files again and again and needs none of this for it
        from airflow_provider_drs.api.model.shown_reports import ShownReports

        with fail_fast_on_permanent_errors():
            return ShownReports(self.report)
