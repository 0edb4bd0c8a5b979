"""When jobs are to start, as DAG authors write it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Undefined

from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.starts.times import check_future, parse_start_time

MOMENT = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
MILLISECONDS = 1_796_126_400_000


@pytest.mark.parametrize(
    "value",
    [
        MOMENT,
        MOMENT.astimezone(timezone(timedelta(hours=8))),
        "2026-12-01T12:00:00+00:00",
        "2026-12-01T20:00:00+08:00",
        "2026-12-01 12:00:00Z",
        str(MILLISECONDS),
        MILLISECONDS,
    ],
)
def test_a_time_may_be_written_in_several_ways(value):
    assert parse_start_time(value) == MILLISECONDS


@pytest.mark.parametrize("value", ["", " ", "\n", Undefined()])
def test_a_template_that_finds_no_time_starts_nothing_at_once(value):
    with pytest.raises(DrsInputError, match="start_time: must be a time with its offset"):
        parse_start_time(value)


@pytest.mark.parametrize("value", [None, "None"])
def test_no_time_is_at_once(value):
    assert parse_start_time(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "2026-12-01T12:00:00",
        MOMENT.replace(tzinfo=None),
        True,
        1.5,
        -1,
        [],
        "9" * 16,
        10**20,
        "0001-01-01T00:00+23:00",
    ],
)
def test_anything_else_is_refused_in_one_sentence(value):
    with pytest.raises(DrsInputError) as caught:
        parse_start_time(value)

    (violation,) = caught.value.violations
    assert violation.startswith("start_time: must be a time with its offset")


@given(st.text() | st.integers() | st.datetimes(timezones=st.timezones()) | st.none() | st.binary())
def test_nothing_else_is_ever_raised(value):
    try:
        milliseconds = parse_start_time(value)
    except DrsInputError:
        return
    assert milliseconds is None or milliseconds >= 0


def test_a_time_in_the_past_is_refused():
    check_future(MILLISECONDS, MOMENT)
    check_future(None, MOMENT)
    with pytest.raises(DrsInputError, match=r"start_time: is in the past: 2026-12-01T12:00:00\+00:00"):
        check_future(MILLISECONDS, MOMENT + timedelta(seconds=1))
