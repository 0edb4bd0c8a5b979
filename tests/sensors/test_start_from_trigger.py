"""What a sensor that begins in the triggerer hands over, what it leaves to a worker, and what it refuses at once."""

from __future__ import annotations

import asyncio
import copy
import datetime
import json
import re
from typing import Any

import pytest
from airflow import __version__
from airflow.providers.common.compat.sdk import (
    DAG,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    Param,
    TaskDeferred,
)
from hypothesis import given
from hypothesis import strategies as st
from samples import job_id
from triggerers import not_yet
from wire import Service

from airflow_provider_drs._compat import TIME_IS_UP
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor
from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger, DrsWholeWaitTrigger

JOBS = [job_id(1), job_id(2)]
TEMPLATES = ["{{ params.one }}", job_id(2)]
REMEDY = "or leave start_from_trigger out"
AIRFLOW_2 = __version__.startswith("2.")
STARTS = pytest.mark.skipif(
    __version__.startswith(("3.0.", "3.1.", "3.2.")), reason="no task starts in the triggerer of this Airflow"
)
RENDERS = pytest.mark.skipif(AIRFLOW_2, reason="Airflow 2 does not render the arguments of such a trigger")

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([*JOBS, "", "None", "[", "[]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)
jinja = st.builds("".join, st.tuples(st.text(max_size=5), st.sampled_from(["{{", "{%", "{#"]), st.text(max_size=9)))


def sensor(job_ids: Any = JOBS, *, task_id: str = "wait", **arguments: Any) -> Any:
    return DrsJobStatusSensor(task_id=task_id, job_ids=job_ids, start_from_trigger=True, **arguments)


def refusal(job_ids=JOBS, **arguments):
    with pytest.raises(ValueError, match="start_from_trigger") as caught:
        sensor(job_ids, **arguments)
    assert str(caught.value).endswith(REMEDY)
    return str(caught.value)


@STARTS
@pytest.mark.parametrize(
    "given",
    [
        {},
        {
            "target_statuses": ["WAITING_FOR_START", "CONFIGURATION"],
            "project_id": "another",
            "poke_interval": 7,
            "timeout": 99,
            "exponential_backoff": True,
            "max_wait": datetime.timedelta(minutes=5),
            "silent_fail": True,
            "partial": True,
        },
    ],
)
@pytest.mark.parametrize("job_ids", [JOBS, str(JOBS), (JOBS[0], [JOBS])])
def test_the_trigger_gets_what_a_worker_hands_over_after_the_first_poll(monkeypatch, given, job_ids):
    with Service(not_yet) as service:
        connection = {"conn_type": "drs", "host": service.url, "password": "t", "extra": {"project_id": "p"}}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))
        with pytest.raises(TaskDeferred) as deferred:
            DrsJobStatusSensor(task_id="wait", job_ids=job_ids, deferrable=True, **given).execute({})
    handed_over = deferred.value

    begun = sensor(job_ids, **given).start_trigger_args

    assert begun.trigger_kwargs == handed_over.trigger.serialize()[1]
    assert (begun.next_method, begun.timeout) == (handed_over.method_name, handed_over.timeout)


@STARTS
@given(job_ids=junk)
def test_a_trigger_gets_job_ids_or_nothing_and_a_worker_refuses_the_rest(job_ids):
    begun = sensor(job_ids)

    if begun.start_trigger_args is None:
        with pytest.raises(AirflowFailException, match="job_ids"):
            begun.poke({})
    else:
        assert {*begun.start_trigger_args.trigger_kwargs["job_ids"]} <= {*JOBS}


@pytest.mark.parametrize("job_ids", [[], "", None, [5], ["x"], [{"id": JOBS[0]}]])
def test_bad_input_is_left_to_a_worker(job_ids):
    assert sensor(job_ids).start_trigger_args is None


def test_a_wait_of_no_time_begins_in_a_worker_because_airflow_would_not_limit_it():
    assert sensor(timeout=0).start_trigger_args is None


def test_each_sensor_has_arguments_of_its_own():
    sensor(JOBS)

    assert DrsJobStatusSensor.start_trigger_args is None
    assert DrsJobStatusSensor(task_id="wait", job_ids=JOBS).start_trigger_args is None


def test_it_implies_that_the_sensor_is_deferrable():
    assert sensor(deferrable=False).deferrable


@RENDERS
@STARTS
def test_the_trigger_gets_a_list_of_templates_as_it_stands_in_the_dag():
    begun = sensor(TEMPLATES, drs_conn_id="{{ params.connection }}").start_trigger_args

    given = {"job_ids": TEMPLATES, "drs_conn_id": "{{ params.connection }}"}
    assert begun.trigger_kwargs.items() >= given.items()


@RENDERS
def test_a_list_with_a_template_and_no_text_is_left_to_a_worker():
    assert sensor([*TEMPLATES, 5]).start_trigger_args is None


@given(text=jinja)
def test_a_template_that_is_one_text_is_refused_with_the_remedy(text):
    expected = "does not render" if AIRFLOW_2 else "job_ids is a text.*write a list of templates, one for each job"

    assert re.search(expected, refusal(text))


@pytest.mark.parametrize("name", ["job_ids", "drs_conn_id", "project_id"])
def test_an_xcom_is_refused(name):
    # a task id counts in a DAG as soon as its task is made
    with DAG("upstream", schedule=None, start_date=datetime.datetime(2026, 1, 1)):
        xcom = DrsJobStatusSensor(task_id="before", job_ids=JOBS).output
        for number, value in enumerate([xcom, [JOBS[0], [xcom]]]):
            assert f"{name} is an XCom" in refusal(**{name: value}, task_id=f"wait{number}")


@pytest.mark.parametrize("name", ["job_ids", "drs_conn_id", "project_id"])
def test_a_function_is_refused(name):
    assert f"{name} is a function" in refusal(**{name: str.upper})


@pytest.mark.parametrize("name", ["job_ids", "drs_conn_id", "project_id"])
def test_a_template_that_pulls_an_xcom_is_refused_because_airflow_would_wait_for_it_for_ever(name):
    pull = "{{ ti.xcom_pull('before') }}"

    assert f"{name} has a template with xcom_pull" in refusal(**{name: [pull] if name == "job_ids" else pull})


@pytest.mark.parametrize(
    "question",
    [
        "prev_start_date_success",
        "prev_end_date_success",
        "prev_data_interval_start_success",
        "prev_data_interval_end_success",
        "inlet_events[0]",
        "ti.get_previous_dagrun()",
        "ti.get_previous_ti()",
        "triggering_asset_events.values()",
        "ti.get_task_breadcrumbs('dag', 'run')",
        "ti.get_dag('dag')",
        "task_state_store.get('job')",
    ],
)
def test_a_template_with_any_other_question_that_the_triggerer_does_not_answer_is_refused_too(question):
    (name,) = re.findall(r"^(?:ti\.)?(\w+)", question)

    told = refusal([f"{{{{ {question} }}}}"])
    assert f"job_ids has a template with {name}, which the triggerer does not have" in told


@STARTS
def test_what_a_cluster_policy_changes_later_counts():
    begun, another = sensor(), sensor()
    begun.job_ids, begun.timeout, begun.drs_conn_id, begun.poke_interval = job_id(3), 60, "another", 5
    another.start_from_trigger = False

    arguments = begun.start_trigger_args
    assert arguments.timeout == datetime.timedelta(minutes=1)
    changed = {"job_ids": [job_id(3)], "drs_conn_id": "another", "poke_interval": 5}
    assert arguments.trigger_kwargs.items() >= changed.items()
    assert another.start_trigger_args is None


@STARTS
def test_a_copy_waits_for_its_own_jobs():
    original = sensor()
    copied = copy.copy(original)
    copied.job_ids = [job_id(3)]

    assert [each.start_trigger_args.trigger_kwargs["job_ids"] for each in (original, copied)] == [JOBS, [job_id(3)]]


@STARTS
@pytest.mark.parametrize("step", ["pre_execute", "execute", "poke"])
def test_a_subclass_with_a_step_of_its_own_begins_in_a_worker_which_alone_takes_it(step):
    with_step = type("WithStep", (DrsJobStatusSensor,), {step: lambda self, context: None})
    without = type("Without", (DrsJobStatusSensor,), {})

    assert with_step(task_id="wait", job_ids=JOBS, start_from_trigger=True).start_trigger_args is None
    assert without(task_id="wait", job_ids=JOBS, start_from_trigger=True).start_trigger_args is not None


@STARTS
@pytest.mark.parametrize("step", ["pre_execute", "on_execute_callback"])
def test_a_wait_with_something_to_do_before_it_begins_in_a_worker_which_alone_does_it(step):
    first: dict[str, Any] = {step: lambda context: None}

    assert sensor(**first).start_trigger_args is None


@STARTS
@pytest.mark.parametrize("own", [{"n": Param(type="integer")}, {"n": 1}, {"of_all": 2}])
def test_a_wait_with_params_of_its_own_begins_in_a_worker_for_a_wrong_one_would_end_the_triggerer(own):
    with DAG("params", schedule=None, start_date=datetime.datetime(2026, 1, 1), params={"of_all": 1}):
        assert sensor(task_id="own", params=own).start_trigger_args is None
        assert sensor(task_id="none").start_trigger_args is not None
    assert sensor(params=own).start_trigger_args is None


class OfAnEnvironment(DrsJobStatusSensor):
    """Has a template of its own, and sets it when the sensor is made already, as many classes do."""

    template_fields = (*DrsJobStatusSensor.template_fields, "environment")

    def __init__(self, *, environment, **kwargs):
        super().__init__(**kwargs)
        self.environment = environment


@STARTS
def test_a_subclass_may_have_a_template_field_of_its_own():
    begun = OfAnEnvironment(task_id="wait", job_ids=JOBS, start_from_trigger=True, environment="test")
    pulls = OfAnEnvironment(
        task_id="wait", job_ids=JOBS, start_from_trigger=True, environment="{{ ti.xcom_pull('before') }}"
    )

    assert begun.start_trigger_args is not None
    with pytest.raises(ValueError, match="environment has a template"):
        _ = pulls.start_trigger_args


@RENDERS
@pytest.mark.parametrize("kind", ["user_defined_macros", "user_defined_filters"])
def test_a_macro_of_the_dag_is_refused_in_a_template_and_ignored_elsewhere(kind):
    own: dict[str, Any] = {kind: {"mine": str}}
    with DAG("macros", schedule=None, start_date=datetime.datetime(2026, 1, 1), **own):
        assert "job_ids has a template with mine" in refusal(["{{ 1 | mine }}", "{{ mine() }}"], task_id="refused")
        assert sensor(TEMPLATES, task_id="without").start_from_trigger
        assert sensor(["mine"], task_id="no_template").start_from_trigger
        assert sensor(["{{ params.mined }}"], task_id="longer_word").start_from_trigger


def test_one_error_names_every_parameter():
    pull = "{{ ti.xcom_pull('before') }}"

    told = refusal([pull], drs_conn_id=pull, project_id=pull)

    assert [name in told for name in ("job_ids", "drs_conn_id", "project_id")] == [True, True, True]


@pytest.mark.skipif(not AIRFLOW_2, reason="later ones render it, or start the task in a worker")
@pytest.mark.parametrize("name", ["job_ids", "drs_conn_id", "project_id"])
def test_airflow_2_renders_no_template_there_so_each_is_refused(name):
    template = "{{ params.one }}"

    assert f"{name} has a template" in refusal(**{name: [template] if name == "job_ids" else template})


def test_a_mapped_task_refuses_nothing_for_it_begins_in_a_worker():
    with DAG("mapped", schedule=None, start_date=datetime.datetime(2026, 1, 1)):
        partial = DrsJobStatusSensor.partial(task_id="wait", start_from_trigger=True)
        mapped = partial.expand(job_ids=["{{ params.one }}"])

    unmapped: Any = mapped.unmap({"job_ids": "{{ params.one }}"})

    assert mapped.start_trigger_args is None
    assert unmapped.start_trigger_args is None
    assert unmapped.deferrable


@pytest.mark.parametrize(("flag", "end"), [({}, AirflowSensorTimeout), ({"soft_fail": True}, AirflowSkipException)])
def test_an_xcom_that_cannot_be_read_changes_no_end(flag, end):
    class Instance:
        task_id, map_index = "wait", -1

        def xcom_pull(self, **_):
            raise PermissionError

    with pytest.raises(end):
        sensor(**flag).resume_execution("__fail__", {"error": TIME_IS_UP[0]}, {"ti": Instance()})


async def events_of(trigger):
    return [event.payload async for event in trigger.run()]


@pytest.mark.parametrize("rendered", [[str(JOBS)], [job_id(1), f'["{job_id(2)}"]'], str(JOBS)])
def test_the_trigger_reads_what_templates_render_as_a_worker_does(drs_emulator, monkeypatch, rendered):
    monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", drs_emulator.connection_json)
    for each in JOBS:
        drs_emulator.world.add_job(each, "CONFIGURATION")

    events = asyncio.run(events_of(DrsWholeWaitTrigger(rendered)))

    assert events == [{"statuses": dict.fromkeys(JOBS, "CONFIGURATION")}]


@pytest.mark.parametrize("status", ["CONFIGURATION", "CREATE_FAILED"])
def test_the_trigger_tells_the_address_of_the_console_where_it_is_known(drs_emulator, monkeypatch, status):
    connection = json.loads(drs_emulator.connection_json)
    connection["extra"]["console_url"] = "https://console.example.com/drs"
    monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))
    drs_emulator.world.add_job(JOBS[0], status)

    (event,) = asyncio.run(events_of(DrsWholeWaitTrigger(JOBS[:1])))

    assert ("error" in event) == (status == "CREATE_FAILED")
    assert event["console_url"] == "https://console.example.com/drs"


def test_the_trigger_sends_nothing_if_templates_render_no_job_ids(drs_emulator, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", drs_emulator.connection_json)

    (event,) = asyncio.run(events_of(DrsWholeWaitTrigger([job_id(1), "s3cr3t", ""], partial=True)))

    assert event["error"]["type"] == "DrsInputError"
    assert [text.partition(":")[0] for text in event["error"]["violations"]] == ["job_ids[1]", "job_ids[2]"]
    assert "s3cr3t" not in str(event)
    assert drs_emulator.world.calls == []


def test_it_is_stored_under_its_own_name():
    path, arguments = DrsWholeWaitTrigger(JOBS).serialize()

    assert path == f"{DrsWholeWaitTrigger.__module__}.DrsWholeWaitTrigger"
    assert arguments == DrsJobStatusTrigger(JOBS).serialize()[1]
