"""What the whole gate is made of, and what it refuses when a DAG is parsed."""

from __future__ import annotations

import pytest
from airflow.providers.common.compat.sdk import DAG, Asset
from samples import endpoint, job_id

from airflow_provider_drs.operators._asking import PEOPLE_CAN_ANSWER, AirflowOptionalProviderFeatureException
from airflow_provider_drs.task_groups import migration_gate

JOBS = [endpoint(1), endpoint(1, end_point_type="ta"), endpoint(2)]
STEPS = ("wait", "test_connections", "precheck", "approve", "start")


def built(**parameters):
    """Return the tasks of a gate by their ids without that of the group, in their order."""
    with DAG("dag", schedule=None) as dag:
        migration_gate(**{"jobs": JOBS, **parameters})
    tasks = {task.task_id.partition(".")[2]: task for task in dag.tasks}
    return {step: tasks[step] for step in STEPS if step in tasks}


def order(tasks):
    return [
        [other.partition(".")[2] for other in sorted(task.downstream_task_ids, key=lambda name: STEPS.index(name[5:]))]
        for task in tasks.values()
    ]


def test_its_steps_follow_one_another_and_each_start_has_the_evidence_of_all():
    tasks = built()

    assert list(tasks) == ["wait", "test_connections", "precheck", "start"]
    assert tasks["wait"].job_ids == tasks["precheck"].job_ids == tasks["start"].job_ids == [job_id(1), job_id(2)]
    assert tasks["test_connections"].store is True
    assert [xcom.operator.task_id for xcom in tasks["start"].evidence] == ["gate.test_connections", "gate.precheck"]
    assert order(tasks) == [["test_connections"], ["precheck", "start"], ["start"], []]


@pytest.mark.parametrize(
    ("left_out", "steps", "required"),
    [
        ({"precheck": False}, ["wait", "test_connections", "start"], ("connections",)),
        ({"start": False}, ["wait", "test_connections", "precheck"], None),
        ({"start": False, "precheck": False, "store": False}, ["wait", "test_connections"], None),
    ],
)
def test_a_step_that_is_not_wanted_is_left_out(left_out, steps, required):
    tasks = built(**left_out)

    assert list(tasks) == steps
    if required:
        assert tasks["start"].require == required


def test_a_parameter_is_for_every_step_that_has_it_and_that_of_a_step_wins():
    tasks = built(
        drs_conn_id="drs_prod",
        deferrable=True,
        retries=3,
        poll_interval=20,
        wait={"poke_interval": 5},
        test={"batch_size": 2, "retries": 0},
        precheck={"on_alarm": "pass"},
        start={"max_age": 60, "poll_interval": 30},
    )

    assert {task.drs_conn_id for task in tasks.values()} == {"drs_prod"}
    assert [tasks[step].deferrable for step in ("wait", "precheck", "start")] == [True] * 3
    assert [task.retries for task in tasks.values()] == [3, 0, 3, 3]
    assert (tasks["wait"].poke_interval, tasks["test_connections"].batch_size) == (5, 2)
    assert (tasks["precheck"].on_alarm, tasks["precheck"].poll_interval) == ("pass", 20)
    assert (tasks["start"].max_age, tasks["start"].poll_interval) == (60, 30)


def test_everything_wrong_is_one_error_when_the_dag_is_parsed():
    with pytest.raises(ValueError, match="waiver is a parameter of no step") as caught:
        built(jobs="{{ var.json.jobs }}", waiver=[], colour="red", store=False)

    assert str(caught.value).split("; ") == [
        "waiver is a parameter of no step",
        "colour is a parameter of no step",
        "job_ids is missing: name the jobs, because jobs is no list of objects that each have an id",
        "start=True needs store=True, because a start is held against what is stored",
    ]


@pytest.mark.parametrize("value", [None, 0, "", "no"])
def test_a_step_is_switched_by_true_and_false_alone(value):
    with pytest.raises(ValueError, match="precheck must be True, False or an object of parameters; start must be"):
        built(start=value, precheck=value)


def test_a_start_waits_for_every_step_whatever_rule_the_others_follow():
    assert built(trigger_rule="all_done")["start"].trigger_rule == "all_success"
    assert built(start={"trigger_rule": "none_failed"})["start"].trigger_rule == "none_failed"


@pytest.mark.parametrize(
    ("steps", "last"),
    [({}, "start"), ({"start": False}, "precheck"), ({"start": False, "precheck": False}, "test_connections")],
)
def test_the_last_step_tells_that_the_gate_is_open(steps, last):
    tasks = built(gate_asset=Asset("drs://waves/1"), **steps)

    told = {step: task.gate_asset for step, task in tasks.items() if step != "wait"}
    assert told == {**dict.fromkeys(told), last: Asset("drs://waves/1")}


def test_an_asset_of_the_last_step_itself_wins():
    mine = Asset("drs://mine")

    assert built(gate_asset=Asset("drs://waves/1"), start={"gate_asset": mine})["start"].gate_asset == mine


def test_jobs_that_are_not_known_yet_need_their_ids():
    tasks = built(jobs="{{ var.json.jobs }}", job_ids="{{ var.json.ids }}")

    assert tasks["start"].job_ids == "{{ var.json.ids }}"


@pytest.mark.skipif(not PEOPLE_CAN_ANSWER, reason="Airflow asks people from 3.1 on; the next test is for the others")
def test_an_approval_shows_all_reports_before_the_start():
    tasks = built(approval={"subject": "May it start?"})

    assert list(tasks) == list(STEPS)
    assert [xcom.operator.task_id for xcom in tasks["approve"].report] == ["gate.test_connections", "gate.precheck"]
    assert tasks["approve"].subject == "May it start?"
    assert "gate.start" in tasks["approve"].downstream_task_ids
    told = built(approval={}, start=False, gate_asset=Asset("drs://waves/1"))
    assert [step for step, task in told.items() if getattr(task, "gate_asset", None)] == ["approve"]


@pytest.mark.skipif(PEOPLE_CAN_ANSWER, reason="only where Airflow asks nobody; the test before is for the others")
def test_an_approval_is_refused_where_nobody_can_be_asked():
    with pytest.raises(AirflowOptionalProviderFeatureException):
        built(approval={})
