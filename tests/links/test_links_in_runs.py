"""The links that Airflow 3 shows at the tasks of a real run, and what the tasks leave for them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
from airflow import __version__
from airflow_runs import load_dag, run_loaded
from samples import job_id

from airflow_provider_drs.get_provider_info import get_provider_info
from airflow_provider_drs.ui.plugin import DrsPlugin

pytestmark = pytest.mark.skipif(
    __version__.startswith("2."), reason="the web server of Airflow 2 asks the tasks for their links"
)


@dataclass(frozen=True)
class Shown:
    """What an API server shows of the link to the report, and the XComs of links, by task."""

    links: dict[str, str | None]
    xcoms: dict[str, set[str]]


def stored(dag: Any) -> Any:
    """Return a DAG as an API server has it."""
    from airflow.serialization import serialized_objects

    name = "DagSerialization" if hasattr(serialized_objects, "DagSerialization") else "SerializedDAG"
    kind = getattr(serialized_objects, name)
    return kind.from_dict(kind.to_dict(dag))


@pytest.fixture
def shown(airflow_db: None, drs_emulator: Any, monkeypatch: pytest.MonkeyPatch) -> Shown:
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", drs_emulator.connection_json)
    drs_emulator.world.add_job(job_id(1), "CONFIGURATION")
    drs_emulator.world.add_job(job_id(2), "CREATING", ready_after_polls=2)
    dag = load_dag("linked.py")
    run_loaded(dag)
    known = stored(dag)
    links: dict[str, str | None] = {}
    xcoms: dict[str, set[str]] = {}
    with create_session() as session:
        for ti in session.scalars(select(TaskInstance).where(TaskInstance.dag_id == dag.dag_id)):
            links[ti.task_id] = known.get_task(ti.task_id).get_extra_links(ti, "DRS report")
            keys = select(XComModel.key).where(XComModel.dag_id == dag.dag_id, XComModel.task_id == ti.task_id)
            xcoms[ti.task_id] = {key for key in session.scalars(keys) if key.startswith("_link_")}
    return Shown(links, xcoms)


def test_each_task_of_ours_and_of_a_subclass_has_the_link_and_only_a_subclass_leaves_it(shown):
    ends = {task: link and link.partition("/tasks/")[2] for task, link in shown.links.items()}
    report, console = "_link_DrsReportLink", "_link_DrsConsoleLink"

    assert ends == {
        "ours": "ours",
        "ours_mapped": "ours_mapped/0",
        "failed": "failed",
        "deferred": "deferred",
        "subclass": "subclass",
        "subclass_mapped": "subclass_mapped/0",
        "foreign": None,
        "foreign_mapped": "",
    }
    assert shown.xcoms == {
        "ours": {console},
        "ours_mapped": {console},
        "failed": {console},
        "deferred": {console},
        "subclass": {report, console},
        "subclass_mapped": {report, console},
        "foreign": set(),
        "foreign_mapped": set(),
    }


def test_the_plugin_names_each_operator_and_sensor_of_the_package():
    (link,) = DrsPlugin().operator_extra_links
    info = get_provider_info()
    modules = [name for kind in ("operators", "sensors") for entry in info[kind] for name in entry["python-modules"]]
    ours = {
        kind
        for module in modules
        for kind in vars(import_module(module)).values()
        if isinstance(kind, type) and kind.__module__ == module and hasattr(kind, "operator_extra_links")
    }

    assert {*link.operators} == ours
