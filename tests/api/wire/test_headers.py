"""What headers say about time is bounded, and what cannot be read says nothing."""

from __future__ import annotations

import math
import time
from datetime import timezone
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_drs.api.wire.headers import LONGEST, comes_from_a_cache, http_date, retry_after


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("86401", LONGEST),
        ("9" * 400, LONGEST),
        ("-5", None),
        ("+5", None),
        ("1.5", None),
        ("1e9", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        ("inf", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST),
        ("Fri, 31 Dec 9999 23:59:59 -2359", LONGEST),
        ("Mon, 01 Jan 0001 00:00:00 -0000", None),
        ("Mon, 01 Jan 2026 00:00:00 +9999999999", None),
    ],
)
def test_a_pause_is_whole_seconds_or_a_date_and_never_longer_than_a_day(text, seconds):
    pause = retry_after({"Retry-After": text})

    assert pause == seconds or (seconds is None and pause in (0.0, LONGEST))


def test_a_date_without_a_zone_is_utc():
    date = formatdate(time.time() + 100, usegmt=True)

    assert retry_after({"Retry-After": date.removesuffix(" GMT")}) == pytest.approx(100, abs=5)
    moment = http_date(date.removesuffix(" GMT"))
    assert moment is not None
    assert moment.tzinfo == timezone.utc


@given(
    text=st.text(max_size=40)
    | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ [-+]?\w*", fullmatch=True)
)
def test_whatever_stands_there_it_is_a_bounded_number_or_nothing(text):
    pause = retry_after({"Retry-After": text})

    assert pause is None or (math.isfinite(pause) and 0 <= pause <= LONGEST)
    assert comes_from_a_cache({"Age": text}) in (True, False)
