"""The addresses of the links, for ids of any characters."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from airflow import __version__
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_drs._version import AIRFLOW
from airflow_provider_drs.get_provider_info import get_provider_info
from airflow_provider_drs.links import CONSOLE_KEY, DrsConsoleLink, DrsReportLink, logged_url
from airflow_provider_drs.operators.approval import DrsApprovalOperator
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor
from airflow_provider_drs.ui.plugin import DrsPlugin

AIRFLOW_2 = __version__.startswith("2.")
ROOT = "/" if AIRFLOW_2 else ""
CONSOLE = "https://console.example.com/drs"
ANY_ID = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def instance(dag_id="d", run_id="r", task_id="t", map_index=-1):
    return SimpleNamespace(dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index)


@given(ANY_ID, ANY_ID, ANY_ID, st.integers(-1, 2000))
def test_the_link_names_the_task_whatever_its_ids_are(dag_id, run_id, task_id, map_index):
    url = DrsReportLink().get_link(None, ti_key=instance(dag_id, run_id, task_id, map_index))

    # what the page's script reads
    parts = re.fullmatch(r"/?drs/report\.html#/dags/([^/]+)/runs/([^/]+)/tasks/([^/]+)(?:/(\d+))?", url)
    assert parts is not None
    assert tuple(map(unquote, parts.groups()[:3])) == (dag_id, run_id, task_id)
    assert int(parts[4] or -1) == map_index
    assert url.isascii()


@pytest.mark.skipif(not AIRFLOW_2, reason="Airflow 3 needs no path: a relative address starts at its root")
def test_on_airflow_2_the_link_starts_at_the_path_of_the_web_server(monkeypatch):
    monkeypatch.setenv("AIRFLOW__WEBSERVER__BASE_URL", "https://airflow.example.com/af/")

    assert DrsReportLink().get_link(None, ti_key=instance()) == "/af/drs/report.html#/dags/d/runs/r/tasks/t"


class Instance:
    """A task instance that keeps what is pushed, unless its database refuses it."""

    def __init__(self, refuses=False):
        self.pushed = {}
        self._refuses = refuses

    def xcom_push(self, key, value):
        if self._refuses:
            raise RuntimeError("the database is full")
        self.pushed[key] = value


def leave(ti, **settings):
    context: Any = {"ti": ti}
    DrsTestConnectionsOperator(task_id="test", jobs=[], **settings).begin_links(context)


@pytest.mark.parametrize(("do_xcom_push", "on_airflow_2"), [(True, {CONSOLE_KEY: CONSOLE}), (False, {})])
def test_a_task_leaves_the_address_of_the_console_on_airflow_2_alone(monkeypatch, do_xcom_push, on_airflow_2):
    connection = {"conn_type": "drs", "password": "t", "extra": {"console_url": CONSOLE}}
    monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))
    ti = Instance()
    leave(ti, do_xcom_push=do_xcom_push)

    assert ti.pushed == (on_airflow_2 if AIRFLOW_2 else {})


@pytest.mark.skipif(not AIRFLOW_2, reason="on Airflow 3 a task leaves nothing")
def test_a_task_goes_on_when_its_address_of_the_console_cannot_be_left(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps({"conn_type": "drs", "password": "t"}))

    leave(Instance(refuses=True))


@pytest.mark.skipif(AIRFLOW_2, reason="the web server of Airflow 2 knows only what the task has left")
@pytest.mark.parametrize("event", [{"statuses": {}, "console_url": CONSOLE}, {"error": {}, "console_url": CONSOLE}])
def test_a_wait_that_its_trigger_has_ended_reads_no_connection_for_its_link(event):
    wait = DrsJobStatusSensor(task_id="wait", job_ids=[], drs_conn_id="there_is_none")
    with suppress(ValueError):
        wait.execute_complete({}, event)

    assert DrsConsoleLink().get_link(wait, ti_key=instance()) == CONSOLE


@pytest.mark.parametrize("base", [None, "https://airflow.example.com/af/"])
def test_the_log_has_the_address_where_airflow_3_knows_its_own(monkeypatch, base):
    if base:
        monkeypatch.setenv("AIRFLOW__API__BASE_URL", base)
    expected = None if AIRFLOW_2 or not base else f"{base}drs/report.html#/dags/d/runs/r/tasks/t"

    assert logged_url(instance()) == expected


@pytest.mark.parametrize(
    "task",
    [DrsTestConnectionsOperator(task_id="test", jobs=[]), DrsJobStatusSensor(task_id="wait", job_ids=[])],
    ids=lambda task: task.task_id,
)
def test_each_task_of_ours_has_both_links_and_airflow_knows_their_classes(task):
    links = task.operator_extra_links

    assert [link.name for link in links] == ["DRS report", "DRS console"]
    assert [f"{type(link).__module__}.{type(link).__name__}" for link in links] == get_provider_info()["extra-links"]


@pytest.mark.skipif(AIRFLOW < (3, 4), reason="Airflow restricts tabs to some tasks from 3.4 on")
def test_the_marks_of_the_tabs_are_those_of_our_tasks():
    by_field, by_class = (view["applies_to"] for view in DrsPlugin.external_views)

    assert by_field == {"task.template_fields": ["drs_conn_id"]}
    assert all("drs_conn_id" in cls.template_fields for cls in (DrsTestConnectionsOperator, DrsJobStatusSensor))
    assert by_class == {"task_instance.operator_name": [DrsApprovalOperator.__name__]}
