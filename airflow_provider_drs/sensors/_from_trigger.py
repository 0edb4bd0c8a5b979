"""With which jobs a wait can begin in the triggerer, where no worker has rendered its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_drs._version import AIRFLOW
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.inputs import as_job_ids

if TYPE_CHECKING:
    from airflow.sdk.definitions.param import ParamsDict
    from airflow.triggers.base import StartTriggerArgs

    from airflow_provider_drs.sensors.drs import DrsJobStatusSensor

_STARTS_TASKS = AIRFLOW < (3, 0) or AIRFLOW >= (3, 3)
"""Whether the triggerer of this Airflow starts tasks."""
_RENDERS = AIRFLOW >= (3, 0)
"""Whether it renders templates then. Up to 3.2 a worker starts the task, and renders them."""
_NOT_ANSWERED = (
    "xcom_pull",
    "prev_start_date_success",
    "prev_end_date_success",
    "prev_data_interval_start_success",
    "prev_data_interval_end_success",
    "get_previous_dagrun",
    "get_previous_ti",
    "get_task_breadcrumbs",
    "get_dag",
    "inlet_events",
    "triggering_asset_events",
    "task_state_store",
)
"""What asks Airflow a question that its triggerer does not answer, so that a template with it would wait for ever."""


class BeginsInTheTriggerer:
    """With what Airflow begins a wait in the triggerer, as the parameters of the sensor stand when Airflow asks.

    A cluster policy or a DAG file may change them after the sensor is made.
    """

    def __get__(self, sensor: DrsJobStatusSensor | None, kind: type[DrsJobStatusSensor]) -> StartTriggerArgs | None:
        # Airflow asks the class for mapped tasks, which begin in a worker
        if sensor is None or not sensor.start_from_trigger or not (job_ids := _first_job_ids(sensor)):
            return None
        from airflow.triggers.base import StartTriggerArgs

        return StartTriggerArgs(
            trigger_cls="airflow_provider_drs.triggers.drs.DrsWholeWaitTrigger",
            trigger_kwargs=sensor.trigger_kwargs(job_ids),
            next_method="execute_complete",
            timeout=timedelta(seconds=sensor.timeout),
        )


def refuse_what_a_worker_must_read(sensor: DrsJobStatusSensor) -> None:
    """Refuse parameters with which a wait cannot begin in the triggerer, and that Airflow would not take to a worker.

    Each worker that reads the DAG file comes through here, so what is plain costs nothing.

    :param sensor: with its parameters as they stand in the DAG.
    :raises ValueError: when a parameter can be read in a worker only; it names every such parameter.
    """
    if not _is_mapped(sensor) and (violations := list(_violations(sensor))):
        raise ValueError(f"start_from_trigger: {'; '.join(violations)}; or leave start_from_trigger out")


def _first_job_ids(sensor: DrsJobStatusSensor) -> list[str] | None:
    """Return the job ids, or templates of them, with which a wait begins in the triggerer.

    ``None`` means that it begins in a worker: on Airflow 3.0 to 3.2, in a mapped task, without time, with something to
    do before the wait, or because its input is bad, so that it fails there as without the option.

    :param sensor: with its parameters as they stand in the DAG.
    :raises ValueError: as :func:`refuse_what_a_worker_must_read`.
    """
    refuse_what_a_worker_must_read(sensor)
    # Airflow takes a timeout of 0 s for none
    if _is_mapped(sensor) or not _STARTS_TASKS or not sensor.timeout or sensor.begins_otherwise:
        return None
    # Airflow 3.3 checks them in the triggerer, too, and a wrong one ends it, with all waits in it
    if _shown(sensor.params) != (_shown(dag.params) if (dag := sensor.get_dag()) else {}):
        return None
    items = list(_flat(sensor.job_ids))
    texts = [item for item in items if isinstance(item, str)]
    if any(map(_is_template, texts)):
        return texts if len(texts) == len(items) else None
    try:
        return as_job_ids(sensor.job_ids)
    except DrsInputError:
        return None


def _shown(params: ParamsDict | dict[Any, Any]) -> dict[str, Any]:
    """Return the values of params, without an error for a wrong one."""
    return params if isinstance(params, dict) else params.dump()


def _is_mapped(sensor: DrsJobStatusSensor) -> bool:
    """Return whether this object is the one that a worker has of a mapped task."""
    return getattr(sensor, "_BaseOperator__from_mapped", False)


def _violations(sensor: DrsJobStatusSensor) -> Iterator[str]:
    dag = sensor.get_dag()
    unknown = list(_NOT_ANSWERED)
    if dag:
        unknown += [*(dag.user_defined_macros or ()), *(dag.user_defined_filters or ())]
    for name in sensor.template_fields:
        # a subclass may set a field of its own later, and Airflow asks once more then
        value = getattr(sensor, name, None)
        items = list(_flat(value))
        templates = [item for item in items if isinstance(item, str) and _is_template(item)]
        if any(hasattr(item, "iter_references") for item in items):
            yield f"{name} is an XCom, which the triggerer cannot read: write the value itself"
        elif any(map(callable, items)):
            yield f"{name} is a function, which Airflow does not store: write the value itself"
        elif templates and not _RENDERS:
            yield f"{name} has a template, which Airflow 2 does not render in the triggerer: write the value itself"
        elif templates and name == "job_ids" and isinstance(value, str):
            yield "job_ids is a text, which a trigger takes for one job id: write a list of templates, one for each job"
        for word in unknown if templates else ():
            if any(re.search(rf"\b{re.escape(word)}\b", template) for template in templates):
                yield f"{name} has a template with {word}, which the triggerer does not have: write it without"


def _is_template(text: str) -> bool:
    return "{{" in text or "{%" in text or "{#" in text


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _flat(item)
    else:
        yield value
