"""A waiver counts for the alarm that it names, until its last day; bad waivers make one error that names all of it."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from samples import job_id

import airflow_provider_drs
from airflow_provider_drs.api.checks.waivers import Waiver, blank_waiver, parse_waivers, waiver_for
from airflow_provider_drs.api.errors import DrsInputError

GUIDE = (Path(airflow_provider_drs.__file__).parent.parent / "docs" / "guides" / "precheck.md").read_text()
JOB, OTHER = job_id(1), job_id(2)
TODAY = date(2026, 11, 27)
GOOD = {"item": "srcCollHasTtlIndex", "reason": "agreed with the owner", "until": "2026-12-31"}
PARSED = Waiver("srcCollHasTtlIndex", "agreed with the owner", date(2026, 12, 31))


@pytest.mark.parametrize(
    "value",
    [
        [GOOD],
        GOOD,
        (GOOD,),
        json.dumps([GOOD]),
        json.dumps(GOOD),
        repr([GOOD]),
        [json.dumps(GOOD)],
        yaml.safe_load("- {item: srcCollHasTtlIndex, reason: agreed with the owner, until: 2026-12-31}"),
        [{**GOOD, "until": datetime(2026, 12, 31, 12)}],
        [{**GOOD, "by": ""}],
    ],
    ids=["list", "one", "tuple", "JSON", "JSON of one", "Python text", "list of texts", "YAML", "a moment", "blanks"],
)
def test_waivers_may_come_in_every_spelling_of_a_list(value):
    assert parse_waivers(value) == [PARSED]


def test_a_waiver_may_name_its_job_and_who_accepts_it():
    (waiver,) = parse_waivers([{**GOOD, "job_id": JOB, "by": "Ada"}])

    assert (waiver.job_id, waiver.by) == (JOB, "Ada")
    assert waiver.to_dict() == {"reason": "agreed with the owner", "until": "2026-12-31", "by": "Ada"}


@pytest.mark.parametrize("value", [None, [], "", "[]", "None"])
def test_no_waiver_is_no_mistake(value):
    assert parse_waivers(value) == []


def test_every_violation_of_every_waiver_is_in_one_error():
    with pytest.raises(DrsInputError) as caught:
        parse_waivers(
            [
                {"item": "a"},
                GOOD,
                {**GOOD, "until": "31.12.2026", "untill": "x"},
                {**GOOD, "item": 7, "job_id": "1", "by": ["Ada"]},
                "srcCollHasTtlIndex",
            ]
        )

    assert caught.value.violations == [
        "waivers[0]: reason is missing",
        "waivers[0]: until is missing",
        "waivers[2]: 'untill' is no member of a waiver",
        "waivers[2]: until must be a date such as 2026-12-31",
        "waivers[3]: item must be text, not int",
        "waivers[3]: job_id is not a DRS job id: 36 characters in groups of 8-4-4-4-12",
        "waivers[3]: by must be text, not list",
        "waivers[4]: must be an object with item, reason and until, not str",
    ]


@pytest.mark.parametrize("until", ["2026-02-30", "2026-1-1", "20261231", "2026-W53-4", "soon", 20261231, True])
def test_the_last_day_is_a_date(until):
    with pytest.raises(DrsInputError, match="until must be a date"):
        parse_waivers([{**GOOD, "until": until}])


def test_a_waiver_pasted_as_printed_asks_for_its_reason_and_date():
    with pytest.raises(DrsInputError) as caught:
        parse_waivers([blank_waiver(JOB, "a")])

    assert caught.value.violations == ["waivers[0]: reason is missing", "waivers[0]: until is missing"]


def test_a_line_break_in_a_reason_forges_no_line_of_a_log():
    (waiver,) = parse_waivers([{**GOOD, "reason": "fine\nERROR forged"}])

    assert waiver.reason == "fine ERROR forged"


def waiver(days=1, job=None, item="a"):
    return Waiver(item, "fine", TODAY + timedelta(days), job)


@pytest.mark.parametrize(
    ("waivers", "expected"),
    [
        ([], None),
        ([waiver(item="b")], None),
        ([waiver(job=OTHER)], None),
        ([waiver()], waiver()),
        ([waiver(0)], waiver(0)),
        ([waiver(-1)], waiver(-1)),
        ([waiver(-1), waiver(0)], waiver(0)),
        ([waiver(-1, JOB), waiver(0)], waiver(0)),
        ([waiver(5), waiver(1, JOB)], waiver(1, JOB)),
        ([waiver(-9), waiver(-2)], waiver(-2)),
    ],
)
@given(data=st.data())
def test_the_waiver_that_counts_comes_first_and_else_the_one_that_expired_last(waivers, expected, data):
    assert waiver_for(data.draw(st.permutations(waivers)), JOB, "a", TODAY) == expected


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_the_waivers_of_the_guide_can_be_used_as_they_are():
    (as_json,), (as_yaml,) = blocks("json"), blocks("yaml")

    (one,), (other,) = parse_waivers(as_json), parse_waivers(yaml.safe_load(as_yaml))
    assert (one.item, one.by, one.until) == ("srcCollHasTtlIndex", "Ada", date(2026, 12, 31))
    assert (other.item, other.job_id, other.until) == ("dstDbDiskSize", None, date(2026, 12, 31))


YAML = """
# reviewed like code
- item: srcCollHasTtlIndex
  reason: "The sessions: expire anyway"
  until: 2026-12-31
"""


@pytest.mark.parametrize(
    "text", [YAML, "[{item: srcCollHasTtlIndex, reason: 'The sessions: expire anyway', until: 2026-12-31}]"]
)
def test_waivers_may_be_the_text_of_a_yaml_file(text):
    assert parse_waivers(text) == [Waiver("srcCollHasTtlIndex", "The sessions: expire anyway", date(2026, 12, 31))]


@pytest.mark.parametrize("job_id", [None, "", " "])
def test_an_empty_job_id_makes_no_waiver_one_for_every_job(job_id):
    with pytest.raises(DrsInputError, match="job_id is empty: leave it out where the waiver is for every job"):
        parse_waivers([{**GOOD, "job_id": job_id}])


@pytest.mark.parametrize("reason", ["\u200b", "\u00ad\u2060", "\u2800", "\0", "..."])
def test_a_reason_that_nobody_can_read_is_none(reason):
    with pytest.raises(DrsInputError, match="reason is missing"):
        parse_waivers([{**GOOD, "reason": reason}])


@pytest.mark.parametrize(
    "text",
    [
        "- {item: a, reason: b, until: 2020-01-01, until: 2099-12-31}",
        '[{"item": "a", "reason": "b", "until": "2020-01-01", "until": "2099-12-31"}]',
        "[{'item': 'a', 'reason': 'b', 'until': '2020-01-01', 'until': '2099-12-31'}]",
    ],
    ids=["YAML", "JSON", "Python"],
)
def test_a_member_that_stands_twice_is_an_error(text):
    with pytest.raises(DrsInputError, match="has a member twice"):
        parse_waivers(text)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "item": st.text("abc{}[]:#'\"-\\ \t", min_size=1).filter(str.strip),
                "reason": st.just("x"),
                "until": st.dates(),
            }
        )
    )
)
def test_yaml_json_and_python_text_say_the_same(entries):
    plain = [{**entry, "until": entry["until"].isoformat()} for entry in entries]
    expected = parse_waivers(plain)

    assert parse_waivers(yaml.safe_dump(entries)) == expected
    assert parse_waivers(json.dumps(plain)) == expected
    assert parse_waivers(json.dumps(plain, indent="\t")) == expected
    assert parse_waivers(repr(plain)) == expected


@pytest.mark.parametrize(
    ("text", "violation"),
    [
        ("- item: a\n  reason: [", "waivers: is text that is neither YAML nor JSON, as line 2 shows"),
        ("- until: 2026-13-45", "waivers: is text that is neither YAML nor JSON"),
        ("waivers.txt", "waivers[0]: must be an object with item, reason and until, not str"),
        ("item: a", "waivers[0]: reason is missing"),
        ("[{", "waivers: is text that is neither YAML nor JSON, as line 1 shows"),
    ],
)
def test_text_that_holds_no_waivers_is_one_error(text, violation):
    with pytest.raises(DrsInputError) as caught:
        parse_waivers(text)

    assert caught.value.violations[0] == violation


@pytest.mark.parametrize("text", ["# none yet", "[]", "---\n", ""])
def test_a_file_without_waivers_is_no_mistake(text):
    assert parse_waivers(text) == []
