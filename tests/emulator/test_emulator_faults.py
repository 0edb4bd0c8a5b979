"""Each fault can be ordered, and a DAG author sees with it what the real service's would do."""

from __future__ import annotations

import pytest
import requests
from drs_calls import JOB, Drs, cluster_end, cluster_job, entry, stored
from samples import endpoint, job_id
from virtual_time import VirtualTime

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.model.report import Report
from airflow_provider_drs.emulator.faults import Fault, operations
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


CALLS = {
    "batch-connection": {"jobs": [entry()]},
    "batch-detail": {"jobs": [JOB]},
    "batch-modification": {"jobs": [stored()]},
    "batch-precheck": {"jobs": [{"job_id": JOB, "precheck_mode": "forStartJob"}]},
    "batch-precheck-result": {"jobs": [JOB]},
    "batch-starting": {"jobs": [{"job_id": JOB}]},
    "batch-status": {"jobs": [JOB]},
    "cluster-batch-connection": {"jobs": [cluster_job(cluster_end())]},
    "jobs": {"db_use_type": "migration"},
}
PATHS = {"cluster-batch-connection": "/cluster/batch-connection", "jobs": ""}


def sent(emulator, operation):
    world = emulator.world
    return requests.request(
        "PUT" if operation == "batch-modification" else "POST",
        f"{emulator.url}/v3/{world.project_id}/jobs{PATHS.get(operation, f'/{operation}')}",
        json=CALLS[operation],
        headers={"X-Auth-Token": world.token},
        timeout=30,
    )


@pytest.mark.parametrize("operation", CALLS)
def test_every_call_can_meet_a_fault_of_its_own(operation):
    with Emulator(load_world({"ready_after_polls": 0}), probe=lambda entry: None) as emulator:
        emulator.world.faults.order(Fault("throttled", operation=operation))
        emulator.world.faults.order(Fault("unavailable", operation=operation, status=502))
        others = [sent(emulator, other).ok for other in CALLS if other != operation]
        mine = [sent(emulator, operation).status_code for _ in range(2)]
        last = sent(emulator, operation).ok

    assert (others, mine, last) == ([True] * (len(CALLS) - 1), [429, 502], True)


def test_the_names_of_the_calls_are_those_of_the_emulated_ones():
    assert operations() == {*CALLS, "v5-jobs", "tokens", "projects", "token", "securitykey", "credentials"}


@pytest.mark.parametrize(("kind", "done"), [("cut_off", True), ("lost_request", False)])
def test_an_answer_may_be_lost_after_a_store_was_done_or_before(kind, done):
    with Emulator(load_world({"ready_after_polls": 0}), probe=lambda entry: None) as emulator:
        Drs(emulator).connect(entry(), entry(end_point_type="ta"))
        emulator.world.faults.order(Fault(kind, operation="batch-modification"))
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            sent(emulator, "batch-modification")

        assert bool(emulator.world.job(JOB).stored) == done
        assert ("batch-modification" in [call.operation for call in emulator.world.calls]) == done
        assert sent(emulator, "batch-modification").json()["results"][0]["status"] == "success"


@pytest.mark.parametrize(("kind", "starts"), [("cut_off", 1), ("lost_request", 0)])
def test_an_answer_may_be_lost_after_a_start_was_accepted_or_before(kind, starts):
    scenario = {"jobs": [{"id": JOB, "status": "CONFIGURATION", "ready_after_polls": 2}]}
    with Emulator(load_world(scenario), probe=lambda entry: None) as emulator:
        emulator.world.finish_precheck(JOB)
        emulator.world.faults.order(Fault(kind, operation="batch-starting"))
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            sent(emulator, "batch-starting")

        assert emulator.world.job(JOB).starts == starts
        assert Drs(emulator).status(JOB) == ["CONFIGURATION"], "nothing shows yet whether it was accepted"
        statuses = [Drs(emulator).status(JOB)[0] for _ in range(2)]

    assert statuses == ["CONFIGURATION", "STARTJOBING" if starts else "CONFIGURATION"]


def test_a_fault_of_a_call_that_is_not_emulated_is_refused():
    with pytest.raises(
        ValueError, match=r"must be one of batch-connection, .*, jobs, projects, securitykey, token, tokens"
    ):
        Fault("throttled", operation="batch-creation")


def test_a_fault_that_cannot_be_is_told_among_the_mistakes_of_the_scenario():
    with pytest.raises(ScenarioError, match=r"faults\[0\].kind") as caught:
        load_world({"faults": [{"kind": "earthquake", "status": 200, "operation": "batch-creation"}]})

    assert "faults[0].status" in str(caught.value)
    assert "faults[0].operation: Value error, must be one of" in str(caught.value)
