"""What a call does not show is not told: a limit, a fault or a missing permission answers no question."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from checking import JOBS, Result, check, ends, refuses_the_targets, world
from samples import endpoint

from airflow_provider_drs.emulator.choices import Choices
from airflow_provider_drs.emulator.errors import RefusedError
from airflow_provider_drs.emulator.faults import Fault
from airflow_provider_drs.emulator.server import Emulator


@pytest.fixture
def emulated(monkeypatch, tmp_path) -> Callable[..., Result]:
    """Return a function that runs a check against an emulator."""

    def run(
        *faults: Fault, test: Any = None, probe: Any = refuses_the_targets, jobs: list[str] = JOBS, **choices: Any
    ) -> Result:
        service = world()
        service.choices = Choices(**choices)
        for fault in faults:
            service.faults.order(fault)
        with Emulator(service, probe=probe) as emulator:
            monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", emulator.connection_json)
            return check(tmp_path / "run", test=test or ends(), jobs=jobs)

    return run


@pytest.mark.parametrize("kind", ["missing permission", "throttled", "unavailable", "cut_off"])
def test_a_test_that_was_not_judged_shows_no_failed_login_and_no_wrong_state(emulated, kind):
    if kind == "missing permission":
        result = emulated(denied=("batch-connection",))
    else:
        result = emulated(Fault(kind, "batch-connection", times=9))

    assert result.check("connection test")["told"] == "0 of 3 endpoints passed"
    assert [result.seen(unknown) for unknown in ("test-failed-login", "test-wrong-state", "test-stores")] == [None] * 3


def test_a_denied_list_does_not_refuse_unknown_members(emulated):
    assert emulated(denied=("jobs",)).seen("unknown-members") is None


def test_a_denied_read_tells_nothing_of_unknown_jobs(emulated):
    assert emulated(denied=("batch-detail",)).seen("unknown-job").keys() == {"batchListJobStatus", "batchCheckResults"}


def test_details_that_cannot_be_read_do_not_show_that_nothing_is_stored(emulated):
    denied = emulated(denied=("batch-detail",), test_stores=True)

    assert denied.check("connection test")["told"] == "1 of 3 endpoints passed"
    assert denied.seen("test-stores") is None


def test_an_end_that_was_stored_before_its_test_shows_nothing(emulated):
    seen = emulated(test=[endpoint(1), endpoint(2)], test_stores=True).seen("test-stores")

    assert seen == {"passed_and_not_stored_before": 1, "stored_after": 1}


def test_a_denied_v5_is_neither_there_nor_not_there(emulated):
    assert emulated(denied=("v5-jobs",)).check("v5")["told"] == "HTTP 403"


def test_details_that_cannot_be_read_after_the_test_show_it_as_little(emulated):
    # three reads come before: of the named jobs, beside the absent one and of the tested jobs
    result = emulated(Fault("unavailable", "batch-detail", after=3, times=9), test_stores=True)

    assert result.seen("stored-secrets") is not None
    assert result.seen("test-stores") is None


TLS = {"ssl_link": True, "ssl_cert_key": "QQ==", "ssl_cert_name": "ca.pem", "ssl_cert_check_sum": "ab" * 32}


def test_the_checksums_of_all_calls_are_counted(emulated):
    result = emulated(test=[endpoint(2, **TLS), endpoint(2, end_point_type="ta", **TLS), endpoint(1)])

    assert result.seen("certificate-checksum") == {"sent": 2, "passed": 1}


def test_of_two_sources_of_a_job_each_must_pass(emulated):
    def refuses_the_second(end):
        if end["ip"] == "192.0.2.2":
            raise RefusedError("DRS.KE0002", "Access denied")

    result = emulated(test=[endpoint(2), endpoint(2, ip="192.0.2.2")], probe=refuses_the_second)

    assert result.check("connection test") == {
        "check": "connection test",
        "passed": False,
        "told": "1 of 2 endpoints passed",
    }


@pytest.mark.parametrize("failed_test", ["refused results", "refused"])
def test_a_call_that_is_refused_for_a_job_in_another_state_shows_no_failed_login(emulated, failed_test):
    result = emulated(test=[endpoint(2), endpoint(3)], probe=lambda end: None, failed_test=failed_test)

    assert result.check("connection test")["told"] == "0 of 2 endpoints passed"
    assert result.seen("test-failed-login") is None


def test_a_flat_refusal_is_told_where_all_jobs_of_the_call_have_one_state(emulated):
    result = emulated(test=[endpoint(3)], failed_test="refused")

    assert list(result.seen("test-wrong-state")) == ["FULL_TRANSFER_STARTED"]
    assert result.seen("test-unknown-job") is None


def test_a_job_whose_status_may_not_be_read_is_not_taken_for_an_unknown_one(emulated):
    result = emulated(denied=("batch-status",))

    assert result.check("jobs")["told"] == "0 of 3 have a known status"
    assert result.seen("test-unknown-job") is None


def test_a_key_that_is_refused_and_renewed_in_a_test_is_no_answer_to_it(monkeypatch, tmp_path):
    with Emulator(world(), probe=refuses_the_targets) as emulator:
        emulator.world.faults.order(Fault("stale_token", "batch-connection"))
        extra = {"auth_type": "agency", "metadata_endpoint": emulator.url, "project_id": emulator.world.project_id}
        connection = {"conn_type": "drs", "host": emulator.url, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))
        result = check(tmp_path / "run", test=ends())

    assert result.check("permission batchValidateConnections")["passed"] is True
    assert result.check("connection test")["told"] == "1 of 3 endpoints passed"
    assert result.seen("test-failed-login")["code"] == "DRS.KE0002"
