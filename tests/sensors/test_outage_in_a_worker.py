"""A secrets backend that fails for a while ends no wait in a worker, and is an ordinary failure of the operator."""

from __future__ import annotations

import json
import time

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from bounded import outcome
from flaky_backend import Flaky
from samples import endpoint, job_id
from wire import Reply, Service, all_pass

from airflow_provider_drs._compat import AirflowFailException
from airflow_provider_drs.api.errors import DrsUnreachableError
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor

JOB = job_id(1)


@pytest.fixture
def vaulted(monkeypatch, airflow_db):
    """A service behind the Connection ``vaulted``, which only the backend knows."""
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", "flaky_backend.Flaky")
    with Service() as service:
        extra = {"project_id": "a-project"}
        Flaky.connections = {
            "vaulted": json.dumps({"conn_type": "drs", "host": service.url, "password": "t", "extra": extra}),
            "shop": json.dumps({"conn_type": "mysql", "host": "192.0.2.10", "login": "u", "password": "correct horse"}),
        }
        Flaky.down = False
        yield service
        # Airflow keeps the backend loaded for the tests to come
        Flaky.connections, Flaky.down, Flaky.failures = {}, False, 0


def sensor(**settings):
    return DrsJobStatusSensor(task_id="wait", job_ids=[JOB], drs_conn_id="vaulted", poke_interval=0.05, **settings)


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_a_failing_first_read_is_sat_out(vaulted, mode):
    Flaky.failures = 5

    result = sensor(mode=mode).poke({})

    assert (result.is_done, result.xcom_value) == (True, {JOB: "CONFIGURATION"})


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_a_failing_later_read_is_sat_out(vaulted, mode):
    statuses = ["CREATING", "CONFIGURATION"]
    vaulted.answer = lambda request: Reply({"results": [{"id": JOB, "status": statuses.pop(0)}], "count": 1})
    wait = sensor(mode=mode)

    assert not wait.poke({}).is_done
    Flaky.failures = 5
    assert wait.poke({}).is_done


def test_a_failing_first_read_of_a_deferrable_sensor_defers_it(vaulted):
    from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger

    Flaky.down = True

    with pytest.raises(TaskDeferred) as deferred:
        sensor(deferrable=True).execute({})

    assert isinstance(deferred.value.trigger, DrsJobStatusTrigger)


def test_with_silent_fail_a_deferrable_sensor_leaves_a_lasting_fault_to_the_triggerer(vaulted):
    def answer(request):
        time.sleep(0.3)
        return Reply({}, status=503)

    vaulted.answer = answer
    given = json.loads(Flaky.connections["vaulted"])
    given["extra"]["max_attempts"] = 1
    Flaky.connections["vaulted"] = json.dumps(given)

    with pytest.raises(TaskDeferred):
        sensor(deferrable=True, silent_fail=True, timeout=0.2).execute({})


def test_a_service_that_names_a_time_is_left_alone_until_then(vaulted):
    looks = []

    def answer(request):
        looks.append(time.monotonic())
        if len(looks) == 1:
            return Reply({}, status=503, headers={"Retry-After": "1"})
        return Reply({"results": [{"id": JOB, "status": "CONFIGURATION"}], "count": 1})

    vaulted.answer = answer
    given = json.loads(Flaky.connections["vaulted"])
    given["extra"]["max_attempts"] = 1
    Flaky.connections["vaulted"] = json.dumps(given)

    assert sensor().poke({}).is_done
    assert looks[1] - looks[0] >= 1


def test_an_outage_that_lasts_fails_the_wait_so_that_a_retry_may_heal_it(vaulted):
    Flaky.down = True

    error = outcome(lambda: sensor(timeout=0.2).poke({}))

    assert isinstance(error, DrsUnreachableError)
    assert "connection vaulted cannot be read" in str(error)


def test_a_retry_sits_out_a_fault_however_long_the_try_before_has_met_one(vaulted):
    wait = sensor(timeout=0.5)
    Flaky.down = True
    with pytest.raises(DrsUnreachableError):
        wait.execute({})
    Flaky.down, Flaky.failures = False, 3

    assert wait.execute({}) == {JOB: "CONFIGURATION"}


def test_a_fault_is_looked_past_soon_however_long_the_pause_between_two_looks_is(vaulted):
    Flaky.failures = 1
    wait = DrsJobStatusSensor(task_id="wait", job_ids=[JOB], drs_conn_id="vaulted", poke_interval=3600, timeout=7200)

    assert outcome(lambda: wait.poke({})).is_done


@pytest.mark.parametrize("reads_before", [0, 1], ids=["the Connection of a database", "the Connection to DRS"])
def test_the_operator_fails_so_that_a_retry_heals_it(vaulted, reads_before):
    vaulted.answer = all_pass
    members = {key: endpoint(1)[key] for key in ("id", "net_type", "end_point_type")}
    test = DrsTestConnectionsOperator(task_id="t", drs_conn_id="vaulted", jobs=[{**members, "db_conn_id": "shop"}])
    Flaky.fails_after = reads_before
    Flaky.failures = 1

    with pytest.raises(DrsUnreachableError) as failed:
        test.execute({})

    assert not isinstance(failed.value, AirflowFailException)
    assert vaulted.requests == []
    assert test.execute({})["passed"]
