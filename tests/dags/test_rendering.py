"""What operator and sensor make of rendered templates, and what Airflow would store of them."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowException, AirflowFailException
from hypothesis import given
from hypothesis import strategies as st
from samples import endpoint, job_id
from wire import Service

from airflow_provider_drs._compat import secrets_masker
from airflow_provider_drs._masking import mask
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor

CANARY = "s3cr3t-c4nary"


@pytest.fixture(autouse=True)
def a_masker_that_knows_nothing():
    masker = secrets_masker()
    patterns, replacer = masker.patterns, masker.replacer
    masker.patterns, masker.replacer = set(), None
    yield
    masker.patterns, masker.replacer = patterns, replacer


@pytest.fixture
def service(monkeypatch):
    with Service() as service:
        fields = {
            "conn_type": "drs",
            "host": service.url,
            "password": "t",
            "extra": {"project_id": "of-the-connection"},
        }
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(fields))
        yield service


def rendered(kind: Any, native: bool = True, **parameters: Any) -> Any:
    """Return the task after its templates were rendered; ``{{ it(...) }}`` yields what it is given."""
    macros = {"it": lambda value: value, "canary": CANARY, "nothing": None}
    with DAG(
        "rendered",
        schedule=None,
        start_date=datetime.datetime(2026, 1, 1),
        render_template_as_native_obj=native,
        user_defined_macros=macros,
    ):
        task = kind(task_id="task", **parameters)
    task.render_template_fields({})
    return task


def stored(value: object) -> str:
    """Return what Airflow stores of a rendered field."""
    return str(secrets_masker().redact(value))


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize(
    "jobs",
    [
        [{**endpoint(1), "ssl_cert_key": f"{CANARY}"}],
        [{**endpoint(1), "db_pasword": "{{ canary }}"}],
        [{**endpoint(1), "kafka_security_config": {"keystore_key": "{{ canary }}"}}],
        [{**endpoint(1), "extra": {"pin": ["{{ canary }}"]}}],
        [{**endpoint(1), "ssl_cert_key": "{{ canary.encode() }}"}],
        [{**endpoint(1), "ip": "mysql://root:{{ canary }}@192.0.2.1"}],
        [{"id": job_id(1), "db_conn_id": "mysql://drs:{{ canary }}@db"}],
        "{{ it([{'ssl_cert_key': canary}]) }}",
        "[{'ssl_cert_key': '{{ canary }}'}, 'and a quote too many]",
        json.dumps([{"ssl_cert_key": CANARY}]).encode(),
        ["{{ it({'ssl_cert_key': canary}) }}"],
    ],
)
def test_a_secret_is_shown_nowhere_wherever_it_stands(service, jobs, native):
    task = rendered(DrsTestConnectionsOperator, native, jobs=jobs)

    try:
        actual = str(task.execute({}))
    except AirflowFailException as error:
        actual = str(error)
    assert CANARY not in stored(task.jobs)
    assert CANARY not in actual


@pytest.mark.parametrize("value", [7351928460, 1.5e10, True, 1234, b"1234", ["a"], {"a": 1}])
def test_a_secret_that_is_no_text_is_refused_and_not_shown(service, value):
    task = rendered(DrsTestConnectionsOperator, jobs=[{**endpoint(1), "db_password": value, "ssl_cert_key": value}])

    with pytest.raises(AirflowFailException, match=r"jobs\[0\].db_password: must be text"):
        task.execute({})
    assert (task.jobs[0]["db_password"], task.jobs[0]["ssl_cert_key"]) == ("***", "***")
    assert service.requests == []


@pytest.mark.parametrize("native", [True, False])
def test_what_a_template_did_not_find_is_not_given(service, native):
    nothing = "{{ nothing }}"
    jobs = [{**endpoint(1), "inst_id": nothing, "region": nothing, "label": nothing, "project_id": nothing}]
    task = rendered(DrsTestConnectionsOperator, native, jobs=jobs, project_id=nothing, language=nothing)

    report = task.execute({})

    (request,) = service.calls("batch-connection")
    assert "/of-the-connection/" in request.path
    assert request.entries == [endpoint(1)]
    assert [item["label"] for item in report["endpoints"]] == [None]


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("member", ["db_password", "ip", "id"])
def test_what_is_mandatory_and_was_not_found_is_missing(service, native, member):
    task = rendered(DrsTestConnectionsOperator, native, jobs=[{**endpoint(1), member: "{{ nothing }}"}])

    with pytest.raises(AirflowFailException, match=rf"jobs\[0\].{member}: is (missing|mandatory)"):
        task.execute({})
    assert service.requests == []


@pytest.mark.parametrize("native", [True, False])
def test_a_sensor_waits_for_what_a_template_found_and_for_nothing_less(service, native):
    good = rendered(DrsJobStatusSensor, native, job_ids=f"{{{{ it(['{job_id(1)}']) }}}}", project_id="{{ nothing }}")
    bad = rendered(DrsJobStatusSensor, native, job_ids=[job_id(1), "{{ nothing }}"])

    assert good.poke({}).xcom_value == {job_id(1): "CONFIGURATION"}
    with pytest.raises(AirflowFailException, match=r"job_ids\[1\]: is missing"):
        bad.poke({})


@pytest.mark.parametrize("field", ["job_ids", "drs_conn_id", "project_id"])
def test_a_url_in_a_parameter_of_the_sensor_is_neither_shown_nor_repeated(service, field):
    task = rendered(
        DrsJobStatusSensor, True, **{"job_ids": job_id(1), field: "https://drs:{{ canary }}@drs.example.org"}
    )

    with pytest.raises(AirflowFailException, match=field) as caught:
        task.poke({})
    assert CANARY not in stored(getattr(task, field))
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("project_id", "no blanks"), ("language", "de-de"), ("drs_conn_id", "{{ nothing }}"), ("project_id", 42)],
)
def test_a_parameter_of_the_operator_is_not_blamed_on_the_connection(service, parameter, value):
    task = rendered(DrsTestConnectionsOperator, jobs=endpoint(1), **{parameter: value})

    with pytest.raises(AirflowFailException, match=rf"\n  {parameter}: "):
        task.execute({})
    assert service.requests == []


class OfTheirOwn:
    """An object with templates of its own, as Airflow renders them at any depth."""

    template_fields = ("text",)

    def __init__(self) -> None:
        self.text = "{{ 1 + 1 }}"


def test_an_object_with_templates_of_its_own_among_the_endpoints_is_refused_and_breaks_nothing(service):
    task = rendered(DrsTestConnectionsOperator, jobs=[OfTheirOwn()])

    with pytest.raises(AirflowFailException, match="must be an object"):
        task.execute({})


def test_a_generator_is_read_once_for_all():
    task = rendered(DrsTestConnectionsOperator, jobs=(endpoint(number) for number in (1, 2)))

    assert [item["id"] for item in task.jobs] == [job_id(1), job_id(2)]


@given(st.sets(st.text(min_size=5).filter(lambda text: len(text.strip()) >= 5), min_size=1))
def test_secrets_that_are_registered_at_once_are_masked_like_single_ones(secrets):
    masker = secrets_masker()
    masker.patterns, masker.replacer = set(), None
    adapter = getattr(masker, "secret_mask_adapter", None)

    mask(secrets)

    assert getattr(masker, "secret_mask_adapter", None) is adapter
    for secret in secrets - {"airflow"}:
        for text in (secret, json.dumps(secret), repr(secret)):
            assert secret.strip() not in masker.redact(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 2.5},
        {"batch_size": True},
        {"batch_size": "5"},
        {"max_concurrency": float("inf")},
        {"retest_attempts": 1.0},
        {"retest_delay": float("nan")},
        {"retest_delay": float("inf")},
        {"retest_delay": True},
        {"each_host": "False"},
    ],
)
def test_a_number_of_the_operator_is_refused_when_the_dag_is_parsed(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        DrsTestConnectionsOperator(task_id="test", jobs=[], **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"poke_interval": float("nan")},
        {"poke_interval": float("inf")},
        {"timeout": float("nan")},
        {"target_statuses": []},
        {"target_statuses": "CONFIGURATON"},
        {"target_statuses": ["CONFIGURATION", None]},
    ],
)
def test_what_no_sensor_can_wait_for_is_refused_when_the_dag_is_parsed(wrong):
    with pytest.raises((ValueError, OverflowError, AirflowException)):
        DrsJobStatusSensor(task_id="wait", job_ids="x", **wrong)


def test_one_target_status_is_a_list_of_one(service):
    sensor = DrsJobStatusSensor(task_id="wait", job_ids=job_id(1), target_statuses="CONFIGURATION")

    assert sensor.target_statuses == ["CONFIGURATION"]
    assert sensor.poke({}).is_done


@pytest.mark.parametrize("native", [True, False])
def test_a_secret_that_stands_in_the_dag_where_job_ids_belong_is_masked_and_warned_of(console, native):
    task = rendered(DrsJobStatusSensor, native, job_ids=[f"https://drs:{CANARY}@192.0.2.1"])

    assert CANARY not in stored(task.job_ids)
    assert "A secret stands in this DAG as text" in console()


def test_job_ids_without_a_secret_give_no_warning(console):
    rendered(DrsJobStatusSensor, job_ids=["{{ it('" + job_id(1) + "') }}", job_id(2)])

    assert "A secret stands in this DAG as text" not in console()
