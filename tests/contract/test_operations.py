"""Each call has one name, by which it is asked, answered by the emulator, and tested; both readings agree on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls import OPERATIONS
from starlette.routing import Route

from airflow_provider_drs.emulator import contract
from airflow_provider_drs.emulator.app import create_app
from airflow_provider_drs.emulator.operations import OPERATIONS as EMULATED
from airflow_provider_drs.emulator.state import World

TESTS = Path(__file__).parent.parent / "api" / "operations"
SPEC = contract.load().spec


def test_a_call_has_a_file_in_the_package_one_in_the_emulator_and_one_of_tests():
    assert {name: operation.name for name, operation in EMULATED.items()} == {
        name: operation.name for name, operation in OPERATIONS.items()
    }
    assert {file.stem for file in TESTS.glob("test_*.py")} == {f"test_{name}" for name in OPERATIONS}


def test_the_contract_has_these_calls_and_no_other():
    assert sorted(contract.calls()) == sorted(operation.name for operation in OPERATIONS.values())


@pytest.mark.parametrize("name", OPERATIONS)
def test_both_readings_agree_on_how_a_call_is_reached_and_what_a_good_answer_is(name):
    operation = OPERATIONS[name]
    path = operation.path.partition("?")[0]
    call = contract.calls()[operation.name]

    assert (call.method, call.path, call.of_iam) == (operation.method, path, operation.service == "IAM")
    responses = (SPEC / "paths" / path / operation.method.lower() / "responses").read_value()
    assert [int(status) for status in responses if status.startswith("2")] == [*operation.good_statuses]
    good = SPEC / "paths" / path / operation.method.lower() / "responses" / str(operation.good_statuses[0])
    if not operation.expected_key:
        assert list((good / "content").keys()) == ["text/plain"]
        return
    assert operation.expected_key in (good / "content" / "application/json" / "schema" / "required").read_value()


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_emulator_serves_a_call_where_the_package_asks_for_it(name):
    operation = OPERATIONS[name]
    path = operation.path.partition("?")[0]

    routes = [route for route in create_app(World()).routes if isinstance(route, Route) and route.path == path]
    assert [operation.method in (route.methods or ()) for route in routes] == [True]
