"""``python put_to_wait.py DAG_ID`` starts a run of a DAG with one mapped task, and leaves its instances deferred.

Workers would need a quarter of an hour for a thousand instances. So this script executes the first sensor until it
defers, and then writes all instances to the database as Airflow would, each with its own arguments. The triggerer
therefore also gets arguments that a sensor would refuse. The DAG itself has only the first, because a triggerer reads
it anew for each wait. Where a trigger does not take the mapped parameter, each instance is executed.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from airflow.cli.cli_parser import get_parser
from airflow.models import DagBag, TaskInstance
from airflow.models.trigger import Trigger
from airflow.providers.common.compat.sdk import TaskDeferred
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from airflow.utils.state import TaskInstanceState
from sqlalchemy import delete, insert, select


def put_to_wait(dag_id: str) -> None:
    """Start the run and defer its instances, in an empty database.

    :param dag_id: the DAG.
    """
    initdb()
    for command in (["dags", "reserialize"], ["dags", "trigger", "--run-id", "run", dag_id]):
        arguments = get_parser().parse_args(command)
        arguments.func(arguments)
    mapped: Any = DagBag().dags[dag_id].tasks[0]
    ((parameter, values),) = mapped.expand_input.value.items()
    deferral = _deferral_of(mapped.unmap({parameter: values[0]}))
    kind, (_, arguments) = type(deferral.trigger), deferral.trigger.serialize()
    if parameter == "job_ids" and parameter not in arguments:
        others = [_deferral_of(mapped.unmap({parameter: value})).trigger for value in values[1:]]
        triggers = [deferral.trigger, *others]
    else:
        waits = json.loads((Path(os.environ["AIRFLOW_HOME"]) / "waits.json").read_text())
        own_arguments = [{parameter: [job_id]} if parameter in arguments else {} for job_id in waits["job_ids"]]
        triggers = [kind(**{**arguments, **each}) for each in own_arguments]
    # before the session is opened, because from_object may close the session of this thread
    rows = [Trigger.from_object(trigger) for trigger in triggers]
    now = datetime.now(timezone.utc)
    table = TaskInstance.__table__
    with create_session() as session:
        session.add_all(rows)
        session.flush()
        first = dict(
            session.execute(select(table).where(table.c.dag_id == dag_id, table.c.map_index == 0)).mappings().one()
        )
        # on Airflow 3 each instance gets an id of its own
        first.pop("id", None)
        session.execute(delete(table).where(table.c.dag_id == dag_id))
        deferred = {
            "start_date": now,
            "try_number": 1,
            "state": TaskInstanceState.DEFERRED,
            "next_method": deferral.method_name,
            "next_kwargs": deferral.kwargs or {},
            "trigger_timeout": deferral.timeout and now + deferral.timeout,
        }
        instances = [{"map_index": index, "trigger_id": row.id} for index, row in enumerate(rows)]
        session.execute(insert(table), [first | deferred | instance for instance in instances])


def _deferral_of(sensor: Any) -> TaskDeferred:
    try:
        sensor.execute({})
    except TaskDeferred as deferral:
        return deferral
    raise AssertionError("the sensor did not defer")


if __name__ == "__main__":
    put_to_wait(sys.argv[1])
