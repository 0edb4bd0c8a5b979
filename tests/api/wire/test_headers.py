"""A pause from a header is bounded, and a header that cannot be parsed is ignored."""

from __future__ import annotations

import math
import time
from datetime import timezone
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_drs.api.wire.headers import MAX_RETRY_AFTER, comes_from_a_cache, http_date, retry_after


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("86401", MAX_RETRY_AFTER),
        ("9" * 400, MAX_RETRY_AFTER),
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
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER),
        ("Fri, 31 Dec 9999 23:59:59 -2359", MAX_RETRY_AFTER),
        ("Mon, 01 Jan 0001 00:00:00 -0000", None),
        ("Mon, 01 Jan 2026 00:00:00 +9999999999", None),
    ],
)
def test_retry_after_is_whole_seconds_or_a_date_and_at_most_a_day(text, seconds):
    pause = retry_after({"Retry-After": text})

    assert pause == seconds or (seconds is None and pause in (0.0, MAX_RETRY_AFTER))


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
def test_any_header_gives_a_bounded_pause_or_none(text):
    pause = retry_after({"Retry-After": text})

    assert pause is None or (math.isfinite(pause) and 0 <= pause <= MAX_RETRY_AFTER)
    assert comes_from_a_cache({"Age": text}) in (True, False)
