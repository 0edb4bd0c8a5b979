"""Where the documents leave something open, a scenario chooses how the emulator answers."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from drs_calls import Drs, entry, job_id

from airflow_provider_drs.emulator.choices import Choices
from airflow_provider_drs.emulator.errors import RefusedError
from airflow_provider_drs.emulator.scenario import ScenarioError, load_world
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

ONE, TWO, ABSENT = map(job_id, (1, 2, 3))


def refuse_the_second(end: Any) -> None:
    if end["id"] == TWO:
        raise RefusedError("DRS.KE0002", "Access denied")


@pytest.fixture
def drs() -> Iterator[Drs]:
    world = World(any_job=False, ready_after_polls=0)
    world.add_job(ONE, "CONFIGURATION")
    world.add_job(TWO, "CONFIGURATION")
    with Emulator(world, probe=refuse_the_second) as emulator:
        yield Drs(emulator)


def choose(drs: Drs, **choices: Any) -> None:
    drs.emulator.world.choices = Choices(**choices)


def test_results_come_in_another_order(drs: Drs) -> None:
    choose(drs, results="reversed")

    assert [result["id"] for result in drs.connect(entry(id=ONE), entry(id=TWO))] == [TWO, ONE]


def test_an_unknown_job_is_left_out_and_counted(drs: Drs) -> None:
    choose(drs, unknown_job="left out", count="asked")
    answer = drs.post("batch-status", json={"jobs": [ONE, ABSENT]})

    assert answer.json() == {"results": [{"id": ONE, "status": "CONFIGURATION"}], "count": 2}
    assert drs.post("batch-detail", json={"jobs": [ABSENT]}).json() == {"results": [], "count": 1}


@pytest.mark.parametrize(
    ("choice", "members"), [("refused results", {"results", "count"}), ("refused", {"error_code"})]
)
def test_a_failed_test_fails_its_call(drs: Drs, choice: str, members: set[str]) -> None:
    choose(drs, failed_test=choice)
    answer = drs.post("batch-connection", json={"jobs": [entry(id=ONE), entry(id=TWO)]})

    assert answer.status_code == 400
    assert members <= answer.json().keys()


def test_a_passed_test_has_another_word_and_stores_its_endpoint(drs: Drs) -> None:
    choose(drs, passed_word="true", test_stores=True)

    assert [result["status"] for result in drs.connect(entry(id=ONE), entry(id=TWO))] == ["true", "failed"]
    assert drs.emulator.world.job(ONE).stored["source"]["db_user"] == "reader"
    assert drs.emulator.world.job(TWO).stored == {}


def test_an_unknown_member_is_ignored_and_any_other_breach_is_not(drs: Drs) -> None:
    choose(drs, unknown_members="ignored")

    assert drs.post("batch-status", json={"jobs": [ONE], "unknown": 1}).status_code == 200
    assert drs.post("batch-status", json={"jobs": [], "unknown": 1}).status_code == 400


@pytest.mark.parametrize(("there", "status"), [(True, 200), (False, 404)])
def test_there_is_a_v5_or_none(drs: Drs, there: bool, status: int) -> None:
    choose(drs, v5=there)
    world = drs.emulator.world
    world.add_job(ABSENT, "CONFIGURATION", db_use_type="sync")
    url = f"{drs.emulator.url}/v5/{world.project_id}/jobs?job_type=migration&limit=1"
    answer = requests.get(url, headers={"X-Auth-Token": world.token}, timeout=30)

    assert answer.status_code == status
    if there:
        assert answer.json() == {"total_count": 2, "jobs": [{"id": ONE, "status": "CONFIGURATION"}]}


def test_details_have_passwords_and_the_list_has_actions(drs: Drs) -> None:
    choose(drs, stored_secrets=True, actions=True)
    drs.emulator.world.change_stored(ONE, "source", db_user="reader", db_password="right")

    assert drs.details(ONE)[0]["source_endpoint"]["db_password"] == "******"
    jobs = drs.post("", json={"db_use_type": "migration"}).json()["jobs"]
    assert jobs[0]["job_action"]["available_actions"] == ["MODIFY_DB_CONFIG", "PRE_CHECK"]


def test_headers_tell_the_rate_and_the_codes_have_another_prefix(drs: Drs) -> None:
    choose(drs, rate_headers=True, code_prefix="APIG.")
    url = f"{drs.emulator.url}/v5/{drs.emulator.world.project_id}/jobs?job_type=migration"
    answer = requests.get(url, headers={"X-Auth-Token": drs.emulator.world.token}, timeout=30)

    assert answer.json()["error_code"] == "APIG.0101"
    assert answer.headers["X-RateLimit-Limit"] == "200"


def test_a_call_is_denied_and_v3_announces_its_end(drs: Drs) -> None:
    choose(drs, denied=("batch-detail",), removal_header=True)

    assert drs.post("batch-detail", json={"jobs": [ONE]}).json()["error_code"] == "APIGW.0302"
    assert drs.post("batch-status", json={"jobs": [ONE]}).headers["Deprecation"] == "true"


def test_a_running_precheck_has_a_rate(drs: Drs) -> None:
    choose(drs, rate_while_running=True, passed_word="true")
    world = drs.emulator.world
    for side in ("source", "target"):
        world.remember_test(ONE, side, passed=True)
        world.change_stored(ONE, side, db_user="reader")
    world.change(ONE, precheck={"stops_at": 50})
    requested = drs.precheck(ONE)

    assert drs.checked(ONE)[0]["total_passed_rate"] == "0%"
    # neither choice is about any other call
    assert "total_passed_rate" not in drs.details(ONE)[0]
    assert requested[0]["status"] == "success"


def test_the_clock_is_ahead() -> None:
    with Emulator(World(choices=Choices(clock_ahead=3600))) as ahead, Emulator() as right:
        dates = [requests.get(emulator.url, timeout=30).headers["Date"] for emulator in (right, ahead)]

    seconds = (parsedate_to_datetime(dates[1]) - parsedate_to_datetime(dates[0])).total_seconds()
    assert 3590 < seconds < 3660


def test_a_scenario_chooses_and_a_choice_that_there_is_not_is_a_mistake() -> None:
    assert load_world({"choices": {"v5": True}}).choices == Choices(v5=True)
    with pytest.raises(ScenarioError, match=r"choices.results"):
        load_world({"choices": {"results": "sorted"}})
