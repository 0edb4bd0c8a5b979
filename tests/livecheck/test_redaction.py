"""Whatever an answer holds, what is told of it is made of known words."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_drs.livecheck import words
from airflow_provider_drs.livecheck.redaction import Redactor

NAMES = st.sampled_from(["id", "status", "results", "count", "error_code", "item", "name", "create_time"]) | st.text()
TEXTS = st.sampled_from(["CONFIGURATION", "failed", "DRS.M00289", "100%", "2026-01-01 08:00:00", "12345"]) | st.text()
documents = st.recursive(
    TEXTS | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)
STAND_IN = re.compile(r"text|a text|member\d+|\d{8}-0000-4000-8000-0000000jb101|[0T:Z. -]*")


def leaves(value: Any, name: str = "") -> Any:
    """Yield each name, and each value with its name."""
    if isinstance(value, dict):
        for member, item in value.items():
            yield None, member
            yield from leaves(item, member)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, name)
    else:
        yield name, value


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return [shape(item) for item in value.values()]
    return [shape(item) for item in value] if isinstance(value, list) else type(value)


@given(documents)
def test_all_that_is_told_of_any_json_is_a_known_word_or_a_stand_in(document):
    for name, told in leaves(Redactor().body(document)):
        if name is None:
            assert STAND_IN.fullmatch(told) or words.member(told) == told
        elif isinstance(told, str):
            assert STAND_IN.fullmatch(told) or words.is_word(name, told)
        else:
            assert told in (True, False, None, 1, 0.5) or name in ("count", "total_record", "total_count")


@given(documents)
def test_the_shape_stays_and_a_second_time_changes_nothing(document):
    once = Redactor().body(document)

    assert shape(once) == shape(document)
    assert shape(Redactor().body(once)) == shape(once)


@given(st.text(min_size=1))
def test_a_name_is_told_only_if_it_is_made_of_words_of_the_contract(name):
    assert words.member(name) in (None, name)
    if not re.fullmatch(r"[A-Za-z_]{1,60}", name):
        assert words.member(name) is None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("error_code", "error_code"),
        ("errorCode", "errorCode"),
        ("node_newFramework", "node_newFramework"),
        ("jobStatus", "jobStatus"),
        ("alice", None),
        ("error_alice", None),
        ("error-code", None),
        ("", None),
        ("_", None),
    ],
)
def test_names_of_members(name, told):
    assert words.member(name) == told


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("status", "CONFIGURATION", "CONFIGURATION"),
        ("status", "Success", "Success"),
        ("status", "alice", "text"),
        ("name", "CONFIGURATION", "text"),
        ("error_code", "DRS.M00289", "DRS.M00289"),
        ("error_msg", "The job does not exist", "a text"),
        ("ip", "192.0.2.1", "text"),
        ("create_time", "1767225600000", "0000000000000"),
        ("create_time", "2026-01-01 08:00:00", "0000-00-00 00:00:00"),
        ("process", "50%", "50%"),
        ("db_port", 3306, 1),
        ("count", 3, 3),
        ("count", 10**9, 1),
        ("item", "srcCollHasTtlIndex", "srcCollHasTtlIndex"),
        ("item", "myItem", "text"),
        ("name", "TRUE", "TRUE"),
        ("name", "drs.m00289", "drs.m00289"),
        ("create_time", ["2026-01-01 08:00:00"] * 101, ["0000-00-00 00:00:00"] * 100),
    ],
)
def test_values_of_members(name, value, told):
    assert Redactor().body({name: value}) == {name: told}


def test_codes_regions_and_actions_are_told_in_their_known_form_only():
    told = [words.code(text) for text in ("DRS.M00289", "APIG.0101", "DRS.M00289alice", "alice.0101", "", None)]
    hosts = ["drs.cn-north-4.myhuaweicloud.com", "drs.example.com", "cn-north-4.example.com"]
    refusal = "drs:migrationJob:get drs:alice:get drs:migrationJob:alice drs:jobs:getalice"

    assert told == ["DRS.M00289", "APIG.0101", None, None, None, None]
    assert [words.region(host) for host in hosts] == ["cn-north-4", None, None]
    assert words.actions_in(refusal) == ["drs:migrationJob:get"]


def test_one_job_has_one_stand_in_and_another_job_another_one():
    one, two = (f"{number:08x}-2222-4333-8444-5555555jb101" for number in (1, 2))
    told = Redactor().body({"jobs": [one, two, one]})["jobs"]

    assert told[0] == told[2] != told[1]
    assert not {one, two} & set(told)


def test_a_value_of_the_caller_is_hidden_even_if_it_is_a_word():
    redactor = Redactor(["CONFIGURATION", "'quoted'"])
    told = redactor.told(redactor.body({"status": "CONFIGURATION", "results": [{"status": "CREATING"}]}))

    assert told == {"status": "***", "results": [{"status": "CREATING"}]}
    assert redactor.told({"seen": ["a 'quoted' one"]}) == {"seen": ["a *** one"]}


def test_only_limits_pauses_and_types_have_their_values_among_headers():
    told = Redactor().headers(
        {
            "Content-Type": "application/json; charset=alice",
            "X-RateLimit-Limit": "200",
            "X-RateLimit-Reset": "alice",
            "Retry-After": "5",
            "Server": "alice",
            "X-Alice": "1",
        }
    )

    assert told == {
        "content-type": "application/json",
        "x-ratelimit-limit": "200",
        "x-ratelimit-reset": "text",
        "retry-after": "5",
        "server": "text",
    }
    assert "alice" not in json.dumps(told)
