"""What the approval operator makes of reports, of the question that Airflow has stored, and of an answer."""

from __future__ import annotations

import datetime
import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from airflow import __version__
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowOptionalProviderFeatureException,
    Asset,
    AssetAlias,
    TaskDeferred,
)

from airflow_provider_drs.api.model.shown_reports import ShownReports
from airflow_provider_drs.operators._asking import TaskAwaitingInput
from airflow_provider_drs.operators.approval import DrsApprovalOperator

NOBODY_CAN_ANSWER = __version__.startswith(("2.", "3.0."))
asks = pytest.mark.skipif(NOBODY_CAN_ANSWER, reason="Airflow asks people from 3.1 on")

GREEN = {
    "schema": 1,
    "kind": "connections",
    "passed": True,
    "failed": 0,
    "checked_at": "2026-11-26T12:00:00+00:00",
    "digest": f"sha256:{7:064x}",
    "summary": "all passed",
}
RED = {**GREEN, "passed": False, "failed": 1, "summary": "one failed"}
AT = datetime.datetime(2026, 11, 26, 14, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))


@pytest.mark.skipif(not NOBODY_CAN_ANSWER, reason="only where Airflow asks nobody")
def test_an_airflow_that_asks_nobody_is_named_when_the_dag_is_parsed():
    with pytest.raises(AirflowOptionalProviderFeatureException, match=r"needs Airflow 3\.1 or newer"):
        DrsApprovalOperator(task_id="approve", report=GREEN)


class Supervisor:
    """What a task speaks to, and which keeps a first question, as that of Airflow 3.1 to 3.3 does, or tells nothing."""

    def __init__(self) -> None:
        self.body = None
        self.tells = True
        self.asked: list[Any] = []

    def send(self, msg):
        self.asked.append(msg)
        self.body = self.body or msg.body
        return SimpleNamespace(subject="", body=self.body) if self.tells else None


@pytest.fixture
def supervisor(monkeypatch):
    runner = importlib.import_module("airflow.sdk.execution_time.task_runner")
    supervisor = Supervisor()
    monkeypatch.setattr(runner, "SUPERVISOR_COMMS", supervisor, raising=False)
    return supervisor


class Instance:
    """The task instance of a context; ``left`` is what was pushed."""

    id = "019ac0e5-0000-7000-8000-000000000000"

    def __init__(self) -> None:
        self.left: dict[str, Any] = {}

    def xcom_push(self, key, value):
        self.left[key] = value


def context():
    instance = Instance()
    return {"ti": instance, "task_instance": instance}


def ask(report, **parameters):
    try:
        DrsApprovalOperator(task_id="approve", report=report, **parameters).execute(context())
    except (TaskDeferred, TaskAwaitingInput) as waiting:
        return waiting.kwargs
    raise AssertionError("it did not wait")


def answered(option="Approve", user=None, **params_input):
    return {
        "chosen_options": [option],
        "params_input": params_input,
        "responded_at": AT,
        "responded_by_user": user,
        "timedout": user is None,
    }


ANN = {"id": "7", "name": "ann"}


@asks
def test_what_was_shown_is_remembered_until_the_answer(supervisor):
    assert ask(GREEN) == {"shown": ShownReports(GREEN).fingerprint}
    assert supervisor.body == ShownReports(GREEN).text(None)


@asks
@pytest.mark.parametrize(
    "report", [None, {}, {**GREEN, "digest": None}, {"passed": True, "endpoints": []}, "{{ nothing }}"]
)
def test_nobody_is_asked_about_what_is_no_report(supervisor, report):
    with pytest.raises(AirflowFailException, match="report"):
        ask(report)

    assert supervisor.asked == []


@asks
@pytest.mark.parametrize("kept", [RED, [GREEN, RED], "a question of another operator"])
def test_nobody_is_told_of_a_question_that_shows_another_report(supervisor, kept):
    from airflow.sdk.bases.notifier import BaseNotifier

    class Notifier(BaseNotifier):
        def notify(self, context):
            raise AssertionError("somebody was told")

    supervisor.body = kept if isinstance(kept, str) else ShownReports(kept).text(None)

    with pytest.raises(AirflowFailException, match=r"earlier try .* Trigger a new run"):
        ask(GREEN, notifiers=Notifier())


@asks
def test_a_report_is_asked_about_again_whatever_stands_before_it(supervisor):
    supervisor.body = ShownReports(GREEN).text("another introduction")

    assert ask(GREEN) == {"shown": ShownReports(GREEN).fingerprint}


@asks
def test_nobody_is_asked_where_airflow_does_not_tell_what_it_shows(supervisor):
    supervisor.tells = False

    with pytest.raises(AirflowFailException, match="does not tell"):
        ask(GREEN)


@asks
@pytest.mark.parametrize("shown", [RED, [GREEN, GREEN], None])
def test_an_answer_to_another_report_counts_for_nothing(shown):
    fingerprint = shown and ShownReports(shown).fingerprint
    instance = context()

    with pytest.raises(AirflowFailException, match="not the one that was shown"):
        DrsApprovalOperator(task_id="approve", report=GREEN).execute_complete(
            instance, answered(user=ANN), shown=fingerprint
        )
    assert instance["ti"].left == {}


@asks
def test_an_answer_fails_when_the_report_is_gone():
    with pytest.raises(AirflowFailException, match="report: is missing"):
        DrsApprovalOperator(task_id="approve", report=None).execute_complete(
            context(), answered(user=ANN), shown=ShownReports(GREEN).fingerprint
        )


def complete(report, event, instance=None, **parameters):
    operator = DrsApprovalOperator(task_id="approve", report=report, **parameters)
    return operator.execute_complete(instance or context(), event, shown=ShownReports(report).fingerprint)


@asks
def test_the_answer_names_who_gave_it_when_and_about_what():
    assert complete(GREEN, answered(user=ANN, note="go")) == {
        "approved": True,
        "by": "ann",
        "at": "2026-11-26T12:30:00+00:00",
        "digest": GREEN["digest"],
        "note": "go",
    }


@asks
@pytest.mark.parametrize(("user", "by"), [(ANN, "ann"), ({"id": "7", "name": ""}, "7"), (None, None)])
def test_who_answered_is_a_name_or_an_id_and_nobody_when_defaults_did(user, by):
    assert complete(GREEN, answered(user=user))["by"] == by


@asks
def test_an_answer_to_several_reports_names_each():
    other = {**RED, "digest": f"sha256:{8:064x}"}

    assert complete([GREEN, other], answered(user=ANN))["digest"] == [GREEN["digest"], other["digest"]]


@asks
@pytest.mark.parametrize(
    ("typed", "kept"), [(None, None), ("", None), ("two\nlines\x1b[31m", "two lines�[31m"), ("x" * 9_000, "x" * 500)]
)
def test_a_note_is_one_line_of_bounded_length(typed, kept):
    assert complete(GREEN, answered(user=ANN, note=typed))["note"] == kept


@asks
def test_what_fields_of_the_author_ask_for_is_kept_beside_the_answer():
    from airflow.sdk import Param

    params = {"ticket": Param("", type="string")}

    assert complete(GREEN, answered(user=ANN, note=None, ticket="4711"), params=params)["params_input"] == {
        "ticket": "4711"
    }


@asks
def test_a_rejection_that_fails_the_task_leaves_its_answer_first():
    from airflow.providers.standard.exceptions import HITLRejectException

    instance = context()

    with pytest.raises(HITLRejectException):
        complete(GREEN, answered("Reject", ANN), instance, fail_on_reject=True)
    assert instance["ti"].left["return_value"]["approved"] is False


@asks
def test_a_question_that_nobody_answered_in_time_fails_as_airflows_own_does():
    from airflow.providers.standard.exceptions import HITLTimeoutError

    with pytest.raises(HITLTimeoutError):
        complete(GREEN, {"error": "The timeout has passed", "error_type": "timeout"})


@asks
@pytest.mark.parametrize(("option", "events"), [("Approve", 1), ("Reject", 0)])
def test_an_approval_emits_the_event_of_its_gate_and_a_rejection_none(option, events):
    from airflow.sdk.execution_time.context import OutletEventAccessors

    emitted = OutletEventAccessors()

    complete(GREEN, answered(option, ANN), {**context(), "outlet_events": emitted}, gate_asset=Asset("drs://waves/1"))

    assert len(emitted[AssetAlias("drs-gate-open:drs://waves/1")].asset_alias_events) == events
