"""Each fault can be ordered, and a DAG author sees with it what the real service's would do."""

from __future__ import annotations

import pytest
from samples import endpoint, job_id
from virtual_time import VirtualTime

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.model.report import Report
from airflow_provider_drs.emulator.scenario import ScenarioError, load_world
from airflow_provider_drs.emulator.server import Emulator


def rehearsed(*faults: dict[str, object]) -> tuple[Report, int, list[float]]:
    """Test two endpoints, in one call, and return the report, the calls that were let in, and the waits."""
    scenario = {"ready_after_polls": 0, "faults": list(faults)}
    virtual = VirtualTime()
    with Emulator(load_world(scenario), probe=lambda entry: None) as emulator:
        auth, pacer = TokenAuth(emulator.world.token), virtual.pacer()
        with DrsClient(emulator.url, emulator.world.project_id, auth, read_timeout=0.5, pacer=pacer) as client:
            report = run_tests(client, parse_endpoints([endpoint(1), endpoint(2)]))
        return report, len(emulator.world.calls), virtual.waits


def passed(report: Report) -> list[bool]:
    return [verdict.passed for verdict in report.endpoints]


def test_without_an_order_nothing_is_wrong():
    report, calls, waits = rehearsed()

    assert (passed(report), calls, waits) == ([True, True], 1, [])


def test_a_throttled_call_is_waited_out_as_long_as_it_says():
    report, calls, waits = rehearsed({"kind": "throttled", "retry_after": 7})

    assert (passed(report), calls) == ([True, True], 1)
    assert waits[0] == pytest.approx(7, abs=0.5)


def test_a_throttled_call_without_a_time_names_the_limit_in_its_text():
    report, _, waits = rehearsed({"kind": "throttled"})

    assert passed(report) == [True, True]
    assert waits[0] == pytest.approx(1, abs=0.3)


def test_a_service_that_is_unavailable_is_asked_once_because_it_may_have_logged_in():
    report, _, waits = rehearsed({"kind": "unavailable", "status": 502, "times": 3})

    assert passed(report) == [False, False]
    assert [verdict.attempts for verdict in report.endpoints] == [1, 1]
    assert waits == []


def test_a_stale_token_fails_every_endpoint_at_once():
    report, calls, waits = rehearsed({"kind": "stale_token"})

    assert (passed(report), calls, waits) == ([False, False], 0, [])
    assert {verdict.code for verdict in report.endpoints} == {"DRS.M00100"}


def test_an_answer_that_comes_too_late_is_not_asked_for_again():
    report, _, waits = rehearsed({"kind": "slow", "seconds": 1})

    assert (passed(report), waits) == ([False, False], [])
    assert "no whole answer within 0.5 s" in str(report.endpoints[0].text)


def test_an_answer_that_is_cut_off_is_not_asked_for_again():
    report, calls, waits = rehearsed({"kind": "cut_off"})

    assert (passed(report), calls, waits) == ([False, False], 1, [])
    assert "broke off" in str(report.endpoints[0].text)


def test_a_short_list_fails_the_endpoint_that_is_missing():
    report, _, _ = rehearsed({"kind": "short"})

    assert passed(report) == [True, False]


def test_a_fault_can_wait_for_its_call_and_choose_its_operation():
    scenario = {
        "ready_after_polls": 0,
        "faults": [{"kind": "unavailable", "operation": "batch-status", "after": 1, "times": 1}],
    }
    with Emulator(load_world(scenario), probe=lambda entry: None) as emulator:
        auth, time = TokenAuth(emulator.world.token), VirtualTime()
        with DrsClient(emulator.url, emulator.world.project_id, auth, pacer=time.pacer()) as client:
            client.test_connections(parse_endpoints([endpoint(1)]))
            client.job_statuses([job_id(1)])
            before = len(time.waits)
            client.job_statuses([job_id(1)])
            after = len(time.waits)

    assert (before, after) == (0, 1)


def test_a_fault_that_cannot_be_is_told_among_the_mistakes_of_the_scenario():
    with pytest.raises(ScenarioError, match=r"faults\[0\].kind") as caught:
        load_world({"faults": [{"kind": "earthquake", "status": 200}]})

    assert "faults[0].status" in str(caught.value)
