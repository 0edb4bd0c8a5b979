"""An open gate emits one event of its asset, and a shut one none; real runs against the emulator."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from airflow import __version__
from airflow.providers.common.compat.sdk import DAG, Asset, AssetAlias
from airflow.utils.session import create_session
from airflow_runs import load_dag, run_loaded
from samples import both_ends, endpoint, job_id
from sqlalchemy import select

from airflow_provider_drs.api.model.summary import shortened, table
from airflow_provider_drs.operators import _announcing
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.operators.start import DrsStartJobsOperator

AIRFLOW_2 = __version__.startswith("2.")
URIS = [f"drs://announced/{name}" for name in ("gate", "never_open", "test")]


def run_announced(dag):
    """Run gates; return the run, and the URI and the extra of each event."""
    kind = "Dataset" if AIRFLOW_2 else "Asset"
    models = import_module(f"airflow.models.{kind.lower()}")
    event: Any = getattr(models, f"{kind}Event")
    asset: Any = getattr(models, f"{kind}Model")
    if AIRFLOW_2:
        with create_session() as session:
            known = {*session.scalars(select(asset.uri))}
            # as a scheduler does for a DAG that is scheduled on them
            session.add_all(asset(uri=uri) for uri in URIS if uri not in known)
    with create_session() as session:
        before = {*session.scalars(select(event.id))}
    conf = {"endpoints": both_ends(1), "job_ids": [job_id(1)]}
    run = run_loaded(dag, run_conf=conf)
    with create_session() as session:
        uris: dict[int, str] = dict(session.execute(select(asset.id, asset.uri)).all())
        rows: Any = session.scalars(select(event))
        new = [row for row in rows if row.id not in before]
        return run, sorted((uris[getattr(row, f"{kind.lower()}_id")], dict(row.extra)) for row in new)


@pytest.mark.usefixtures("airflow_db")
def test_an_open_gate_tells_digest_and_summary_of_its_report_and_a_shut_one_says_nothing(drs_emulator, monkeypatch):
    monkeypatch.setattr(_announcing, "MAX_SUMMARY", size := 150)
    dag = load_dag("announced.py")
    opened, events = run_announced(dag)
    drs_emulator.databases.refuse("10.0.0.5:3306", "Access denied for user 'drs'")
    shut, none = run_announced(dag.partial_subset(["test"]))

    reports = {"drs://announced/test": opened.xcoms["test"], "drs://announced/gate": opened.xcoms["gate.start"]}
    told = ("kind", "digest", "checked_at")
    assert events == sorted(
        (uri, {name: report[name] for name in told} | {"summary": shortened(report["summary"], size)})
        for uri, report in reports.items()
    )
    assert any(len(report["summary"]) > size for report in reports.values())
    assert opened.states["never_open"] == "success"
    assert opened.xcoms["never_open"]["passed"] is False
    assert shut.states == {"test": "success"}
    assert shut.xcoms["test"]["passed"] is False
    assert none == []


def test_an_event_is_no_larger_than_databases_hold():
    whole = table("99 of 99 passed.", ["Endpoint", "Result"], [[f"{number:03}" * 50, "passed"] for number in range(99)])

    short = shortened(whole, 1000)
    assert len(short) <= 1000
    lines = short.splitlines()
    assert lines[:-2] == whole.splitlines()[: len(lines) - 2]
    assert lines[-2:] == ["", "The report has more."]
    assert shortened(whole, len(whole)) == whole
    assert len(shortened("an approval shows reports of others, too " * 99, 1000)) <= 1000


def test_without_an_asset_a_task_has_the_outlets_that_the_author_gives():
    mine = Asset("drs://mine")
    with DAG("dag", schedule=None):
        plain = DrsStartJobsOperator(task_id="plain", job_ids=job_id(1), outlets=[mine])
        open_gate = Asset("drs://announced/gate")
        announcing = DrsStartJobsOperator(task_id="announcing", job_ids=job_id(1), outlets=[mine], gate_asset=open_gate)

    assert plain.outlets == [mine]
    # never the asset itself, whose event Airflow would emit whenever somebody marks the task as a success
    assert announcing.outlets == [mine] + ([] if AIRFLOW_2 else [AssetAlias("drs-gate-open:drs://announced/gate")])


@pytest.mark.parametrize("wrong", ["drs://wave-1", AssetAlias("wave"), [Asset("drs://wave-1")]])
def test_anything_but_an_asset_is_refused_when_the_dag_is_parsed(wrong):
    with DAG("dag", schedule=None), pytest.raises(ValueError, match="gate_asset must be an Asset"):
        DrsTestConnectionsOperator(task_id="test", jobs=[endpoint(1)], gate_asset=wrong)


@pytest.mark.skipif(AIRFLOW_2, reason="Airflow 2 refuses such a dataset itself")
@pytest.mark.parametrize("uri", ["drs://wave-ü", "迁移", "drs://" + 1481 * "x"])
def test_an_asset_whose_event_airflow_cannot_store_is_refused_when_the_dag_is_parsed(uri):
    # Airflow 3.0 refuses some by itself
    ours = "must be ASCII, with at most 1486|must only consist of ASCII"
    with DAG("dag", schedule=None), pytest.raises(ValueError, match=ours):
        DrsTestConnectionsOperator(task_id="test", jobs=[endpoint(1)], gate_asset=Asset(uri))


def test_an_asset_that_is_an_outlet_too_is_refused_because_its_event_would_come_from_a_shut_gate():
    wave: Any = Asset("drs://wave/1")
    references = [] if AIRFLOW_2 else [type(wave).ref(uri=wave.uri), type(wave).ref(name=wave.name)]
    for outlet in [wave, *references]:
        with DAG("dag", schedule=None), pytest.raises(ValueError, match="gate_asset must not be among the outlets"):
            DrsTestConnectionsOperator(
                task_id="test", jobs=[endpoint(1)], gate_asset=wave, outlets=[Asset("drs://mine"), outlet]
            )


def test_in_default_args_it_is_refused_because_airflow_would_pass_it_over():
    defaults = {"gate_asset": Asset("drs://wave-1")}
    with (
        DAG("dag", schedule=None, default_args=defaults),
        pytest.raises(ValueError, match="gate_asset in default_args"),
    ):
        DrsTestConnectionsOperator(task_id="test", jobs=[endpoint(1)])


def test_a_mapped_operator_refuses_it_because_airflow_would_not_know_its_outlets():
    with DAG("dag", schedule=None), pytest.raises(TypeError, match="gate_asset"):
        DrsTestConnectionsOperator.partial(task_id="test", gate_asset=Asset("drs://wave-1")).expand(jobs=[[]])
