"""What of reports is shown to a person, and when two of them count as the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.shown_reports import ShownReports

GREEN: dict[str, Any] = {
    "schema": 1,
    "kind": "connections",
    "passed": True,
    "failed": 0,
    "checked_at": "2026-11-26T12:00:00+00:00",
    "digest": f"sha256:{7:064x}",
    "summary": "| address | verdict |\n|---|---|\n| 203.0.113.10:3306 | passed |",
    "endpoints": [{"address": "203.0.113.10:3306", "passed": True, "seconds": 0.25, "text": None}],
}
RED = {**GREEN, "passed": False, "failed": 2, "kind": "precheck", "summary": "two failed"}


def test_one_report_is_shown_behind_the_introduction_and_before_its_fingerprint():
    shown = ShownReports(GREEN)

    assert shown.text("Wave 7.") == f"Wave 7.\n\n{GREEN['summary']}\n\n{shown.closing_line}"
    assert shown.text(None) == f"{GREEN['summary']}\n\n{shown.closing_line}"
    assert shown.closing_line.endswith(f"`{shown.fingerprint}`")


def test_several_reports_are_shown_in_their_order_and_each_verdict_is_named():
    shown = ShownReports([GREEN, RED])

    assert shown.text(None) == f"{GREEN['summary']}\n\ntwo failed\n\n{shown.closing_line}"
    assert shown.verdicts == "connections: passed; precheck: NOT passed, 2 failed"


@pytest.mark.parametrize(
    "contradiction", [{"passed": True, "failed": 1}, {"passed": False, "failed": 0}], ids=["count", "verdict"]
)
def test_a_green_that_the_report_itself_contradicts_is_not_called_passed(contradiction):
    assert "NOT passed" in ShownReports({**GREEN, **contradiction}).verdicts


@pytest.mark.parametrize(
    "spelling", [[GREEN], (GREEN,), json.dumps(GREEN), str(GREEN), [json.dumps(GREEN)], dict(reversed(GREEN.items()))]
)
def test_the_same_report_has_one_fingerprint_however_it_is_spelled(spelling):
    assert ShownReports(spelling).fingerprint == ShownReports(GREEN).fingerprint


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["checked_at", "endpoints", "a member of a later version"]), ANY_JSON)
def test_no_member_of_a_report_can_change_without_its_fingerprint(member, value):
    changed = {**GREEN, member: value}
    assume(json.dumps(changed, sort_keys=True) != json.dumps(GREEN, sort_keys=True))

    assert ShownReports(changed).fingerprint != ShownReports(GREEN).fingerprint


@pytest.mark.parametrize(
    "other",
    [
        {"passed": False, "failed": 1},
        {"summary": "| 203.0.113.99:3306 | passed |"},
        {"digest": f"sha256:{8:064x}"},
        {"checked_at": "2026-11-26T13:00:00+00:00"},
        {"endpoints": [{**GREEN["endpoints"][0], "address": "203.0.113.99:3306"}]},
    ],
)
def test_a_report_that_differs_in_one_member_has_another_fingerprint(other):
    assert ShownReports({**GREEN, **other}).fingerprint != ShownReports(GREEN).fingerprint
    assert (
        ShownReports([GREEN, {**GREEN, **other}]).fingerprint != ShownReports([{**GREEN, **other}, GREEN]).fingerprint
    )


@pytest.mark.parametrize("missing", [None, "", "None", []])
def test_a_report_that_is_missing_is_refused(missing):
    with pytest.raises(DrsInputError, match=r"report: is (missing|empty).*test\.output"):
        ShownReports(missing)


WRONG: dict[str, list[Any]] = {
    "schema": [None, "", 0, 2, "1", True],
    "kind": [None, "", 1, "p\nq", "<b>"],
    "passed": [None, "", 1, "true"],
    "failed": [None, "", -1, 2.5, True],
    "digest": [None, "", 7, "sha256:7", f"sha256:{7:064x}\n", f"md5:{7:064x}"],
    "summary": [None, "", " \n", ["passed"]],
}


@pytest.mark.parametrize("member", WRONG)
def test_what_is_not_a_report_of_ours_is_refused_by_the_member_that_is_wrong(member):
    wrong = [{**GREEN, member: value} for value in WRONG[member]]
    wrong.append({name: value for name, value in GREEN.items() if name != member})

    for report in wrong:
        with pytest.raises(DrsInputError, match=rf"report: {member} must be"):
            ShownReports(report)


def test_one_error_names_everything_that_is_wrong_with_several_reports():
    with pytest.raises(DrsInputError) as refusal:
        ShownReports([GREEN, "text", {**GREEN, "digest": None, "summary": None}, {**GREEN, "x": {1, 2}}])

    named = [violation.split(";")[0] for violation in refusal.value.violations]
    assert named == [
        "report[1]: is no report but of type str",
        "report[2]: digest must be sha256: and 64 hexadecimal digits",
        "report[2]: summary must be a text",
        "report[3]: must be plain JSON",
    ]
