"""Runs whole DAGs with Airflow's ``dag.test()``, and returns their states and XComs.

``python demo/airflow_runs.py DAG_FILE OUTCOME CONF`` runs a DAG with a configuration in JSON, and writes the result to
the file OUTCOME, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Run:
    """The result of a DAG run: ``states[task_id]``, ``xcoms[task_id]``, ``tries[task_id]``. Mapped tasks have lists."""

    state: str
    states: dict[str, Any]
    xcoms: dict[str, Any]
    tries: dict[str, Any]


def load_dag(file: str, dag_id: str | None = None) -> Any:
    """Return a DAG of a file in the DAG folder.

    :param file: name of the file.
    :param dag_id: the DAG; by default it has the name of the file.
    """
    from airflow.models import DagBag

    path = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / file
    bag = DagBag(path)
    assert not bag.import_errors, bag.import_errors
    return bag.dags[dag_id or path.stem]


def run_dag(file: str, conf: dict[str, Any] | None = None, dag_id: str | None = None) -> Run:
    """Run a DAG of a file from start to end, as ``airflow dags test`` does.

    :param file: name of the file in the DAG folder.
    :param conf: configuration of the run.
    :param dag_id: the DAG; by default it has the name of the file.
    """
    return run_loaded(load_dag(file, dag_id), run_conf=conf)


def run_loaded(dag: Any, **options: Any) -> Run:
    """Run a DAG from start to end.

    :param dag: the DAG.
    :param options: options of ``dag.test()``.
    """
    run = dag.test(**options)
    states: dict[str, Any] = {}
    xcoms: dict[str, Any] = {}
    tries: dict[str, Any] = {}
    for ti in sorted(run.get_task_instances(), key=lambda ti: (ti.task_id, ti.map_index)):
        value = ti.xcom_pull(task_ids=ti.task_id, map_indexes=ti.map_index)
        for values, item in ((states, str(ti.state)), (xcoms, value), (tries, ti.try_number)):
            if ti.map_index < 0:
                values[ti.task_id] = item
            else:
                values.setdefault(ti.task_id, []).append(item)
    return Run(str(run.state), states, xcoms, tries)


if __name__ == "__main__":
    from airflow.utils.db import initdb

    initdb()
    Path(sys.argv[2]).write_text(json.dumps(asdict(run_dag(sys.argv[1], json.loads(sys.argv[3])))))
