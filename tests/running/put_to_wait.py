"""``python put_to_wait.py DAG_ID`` starts a run of a DAG of one mapped task, and leaves its instances deferred.

A thousand of them would keep workers busy for a quarter of an hour. So every sensor is executed here, until it defers,
and what it defers with is written down as Airflow writes it down.
"""

from __future__ import annotations

import sys
from typing import Any

from airflow.cli.cli_parser import get_parser
from airflow.models import DagBag, TaskInstance
from airflow.models.trigger import Trigger
from airflow.providers.common.compat.sdk import TaskDeferred, timezone
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from airflow.utils.state import TaskInstanceState
from sqlalchemy import select


def put_to_wait(dag_id: str) -> None:
    """Do so, in an empty database."""
    initdb()
    for command in (["dags", "reserialize"], ["dags", "trigger", "--run-id", "run", dag_id]):
        arguments = get_parser().parse_args(command)
        arguments.func(arguments)
    (mapped,) = DagBag().dags[dag_id].tasks
    ((parameter, values),) = mapped.expand_input.value.items()
    # before the session is opened, since both may close the session of their thread
    deferrals = [_deferral_of(mapped.unmap({parameter: value})) for value in values]
    rows = [Trigger.from_object(deferral.trigger) for deferral in deferrals]
    with create_session() as session:
        session.add_all(rows)
        session.flush()
        for instance in session.scalars(select(TaskInstance).where(TaskInstance.dag_id == dag_id)):
            deferral = deferrals[instance.map_index]
            instance.start_date = timezone.utcnow()
            instance.try_number = 1
            instance.state = TaskInstanceState.DEFERRED
            instance.trigger_id = rows[instance.map_index].id
            instance.next_method = deferral.method_name
            instance.next_kwargs = deferral.kwargs or {}
            instance.trigger_timeout = deferral.timeout and timezone.utcnow() + deferral.timeout


def _deferral_of(sensor: Any) -> TaskDeferred:
    try:
        sensor.execute({})
    except TaskDeferred as deferral:
        return deferral
    raise AssertionError("the sensor did not defer")


if __name__ == "__main__":
    put_to_wait(sys.argv[1])
