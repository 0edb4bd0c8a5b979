"""The table at the end of CI is green only if every expected suite has run, and has passed at least one test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TABLE = Path(__file__).parents[1] / ".ci" / "table"


@pytest.fixture
def table(tmp_path):
    def add_result(cell, tests=3, skipped=1, failures=0, errors=0):
        file = tmp_path / ".results" / f"{cell}.xml"
        file.parent.mkdir(parents=True, exist_ok=True)
        numbers = f'tests="{tests}" skipped="{skipped}" failures="{failures}" errors="{errors}"'
        file.write_text(f'<testsuites><testsuite {numbers} time="4.2" /></testsuites>')

    def show(*cells):
        shown = subprocess.run([sys.executable, TABLE, *cells], cwd=tmp_path, capture_output=True, text=True)
        return shown.returncode, shown.stdout

    show.add_result = add_result  # type: ignore[attr-defined]
    return show


def test_the_table_shows_each_suite_on_each_airflow(table):
    table.add_result("3.3.2/test")
    table.add_result("2.11.2/test", tests=7, skipped=0)
    status, shown = table("3.3.2/test", "2.11.2/test")

    assert status == 0
    assert [line.split() for line in shown.splitlines()[2:4]] == [
        ["2.11.2", "ok", "7/0/0", "4", "s"],
        ["3.3.2", "ok", "2/0/1", "4", "s"],
    ]


@pytest.mark.parametrize(
    "numbers",
    [{"failures": 1}, {"errors": 1}, {"tests": 0, "skipped": 0}, {"tests": 1, "skipped": 1}],
    ids=["a failure", "an error", "no test", "only skipped ones"],
)
def test_the_table_fails_for_a_suite_with_a_failure_or_without_a_passed_test(table, numbers):
    table.add_result("3.3.2/test")
    table.add_result("2.11.2/test", **numbers)

    assert table("3.3.2/test")[0] == 0
    assert table("3.3.2/test", "2.11.2/test")[0] == 1


def test_the_table_fails_for_a_suite_without_results(table):
    table.add_result("3.3.2/test")
    status, shown = table("3.3.2/test", "2.11.2/test")

    assert status == 1
    assert "MISSING" in shown
    assert "Not green: 2.11.2/test" in shown


def test_a_suite_that_may_fail_is_shown_and_does_not_fail_the_table(table):
    table.add_result("3.3.2/test")
    table.add_result("3.4.0b2/test", failures=2)
    status, shown = table("3.3.2/test", "3.4.0b2/test?")

    assert status == 0
    assert "FAILED 0/2/1" in shown
