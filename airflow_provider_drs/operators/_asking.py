"""What Airflow's way to ask people offers, and what of it is not there before 3.1, or not public."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException, TaskDeferred

try:
    from airflow.providers.standard.operators.hitl import ApprovalOperator
    from airflow.sdk.definitions.param import Param, ParamsDict

    PEOPLE_CAN_ANSWER = True
except (ImportError, AirflowOptionalProviderFeatureException):
    from airflow_provider_drs._compat import BaseOperator as ApprovalOperator  # type: ignore[assignment]

    PEOPLE_CAN_ANSWER = False

try:
    from airflow.sdk.exceptions import TaskAwaitingInput
except ImportError:  # before Airflow 3.3 a question waits in the triggerer
    TaskAwaitingInput = TaskDeferred  # type: ignore[assignment,misc]


def params_with_note(params: Any, name: str) -> Any:
    """Return the parameters of a question, and among them one for a text that need not be typed.

    :param params: those of the DAG's author, which win.
    :param name: of the text.
    """
    note = Param(None, type=["null", "string"], title="Note", description="Optional; kept with the answer.")
    # a ParamsDict, unlike a dict of its items, keeps schemas and remembers which ones are the DAG's
    return ParamsDict({name: note, **dict(ParamsDict(params).items())})


def body_shown(operator: Any, ti_id: Any) -> str | None:
    """Store the question of an operator as it would itself, and return the text that Airflow shows people from then on.

    Airflow 3.1 to 3.3 keep the question of a task instance's first try, and answer with that one. ``None`` where
    Airflow does not tell.
    """
    try:
        from airflow.sdk.execution_time.comms import CreateHITLDetailPayload
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS
    except ImportError:
        return None
    question = {
        "ti_id": ti_id,
        "options": operator.options,
        "subject": operator.subject,
        "body": operator.body,
        "defaults": operator.defaults,
        "multiple": operator.multiple,
        "params": operator.serialized_params,
        "assigned_users": operator.assigned_users or [],
    }
    stored = SUPERVISOR_COMMS.send(CreateHITLDetailPayload.model_validate(question))
    body = getattr(stored, "body", None)
    return body if isinstance(body, str) else None


__all__ = [
    "PEOPLE_CAN_ANSWER",
    "AirflowOptionalProviderFeatureException",
    "ApprovalOperator",
    "TaskAwaitingInput",
    "TaskDeferred",
    "body_shown",
    "params_with_note",
]
