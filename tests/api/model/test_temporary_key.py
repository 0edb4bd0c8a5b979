"""A temporary key is read in each of its spellings, and any other answer is refused without a word of it."""

from __future__ import annotations

import json
import math
import traceback
from contextlib import suppress

import pytest
from any_json import VALUES, objects
from hypothesis import given, settings
from hypothesis import strategies as st
from identities import DAY, NOW, key, written

from airflow_provider_drs.api.model.temporary_key import read_key
from airflow_provider_drs.api.model.values import UnreadableError
from airflow_provider_drs.api.wire.json_reading import read_secrets

SPELLINGS = [
    ("access", "secret", "securitytoken", "expires_at"),
    ("accessKeyId", "secretAccessKey", "securityToken", "expiration"),
    ("access_key_id", "secret_access_key", "security_token", "expiration"),
]


@pytest.mark.parametrize("names", SPELLINGS)
@pytest.mark.parametrize("wrapper", ["credential", "credentials", None])
def test_each_spelling_is_read_in_each_wrapper_and_without_one(names, wrapper):
    members = dict(zip(names, ("AK", "SK", "ST", written(NOW + DAY)), strict=True))

    got = read_key({wrapper: members} if wrapper else members, NOW)

    assert (got.access, got.secret, got.security_token, got.lifetime) == ("AK", "SK", "ST", DAY)


def test_of_two_wrappers_the_first_counts_as_in_the_vendors_sdk():
    assert read_key({"credentials": key(access="another"), "credential": key()}, NOW).access == "AK"


@pytest.mark.parametrize("missing", ["access", "secret", "securitytoken", "expires_at"])
@pytest.mark.parametrize("nothing", [None, ""])
def test_a_missing_part_is_named(missing, nothing):
    with pytest.raises(UnreadableError, match=f"{missing} is missing"):
        read_key({"credential": {**key(), missing: nothing}}, NOW)


@pytest.mark.parametrize("odd", [7, True, ["s3cr3t"], {"a": "s3cr3t"}])
def test_a_part_that_is_no_text_is_named_and_not_shown(odd):
    with pytest.raises(UnreadableError, match="secret is no text"):
        read_key({"credential": key(secret=odd)}, NOW)


@pytest.mark.parametrize("odd", ["two words", "a\nb", "k\u00e9y", "a\0b", " AK"])
@pytest.mark.parametrize("name", ["access", "secret", "securitytoken"])
def test_a_part_that_no_header_can_carry_is_refused(name, odd):
    with pytest.raises(UnreadableError, match="a character that no key has"):
        read_key(key(**{name: odd}), NOW)


def test_two_spellings_must_have_one_value():
    assert read_key(key(accessKeyId="AK", expiration=written(NOW + DAY)), NOW).access == "AK"
    with pytest.raises(UnreadableError, match="access is given twice, with different values"):
        read_key(key(accessKeyId="another"), NOW)


@pytest.mark.parametrize(
    ("text", "lifetime"),
    [
        ("2026-01-02T03:04:06.000000Z", 1),
        ("2026-01-02T03:04:06Z", 1),
        ("2026-01-02T11:04:06+08:00", 1),
        ("2026-01-02T11:04:06+0800", 1),
        ("2026-01-02 03:04:06", 1),
        ("2026-01-02T03:04:06.123456789Z", 1.123456),
        ("2026-01-02T03:05Z", 55),
        ("2025-01-02T03:04:05Z", -365 * DAY),
        ("9999-12-31T23:59:59Z", 251_634_977_754),
    ],
)
def test_a_moment_may_have_any_zone_and_precision(text, lifetime):
    assert read_key(key(expires_at=text), NOW).lifetime == pytest.approx(lifetime, abs=1e-5)


@pytest.mark.parametrize(
    "text",
    [
        *("soon", "now", "1767323045", "2026-01-02", "03:04:05", "P1D", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z"),
        *("2026-01-02T25:00:00Z", "2026-01-02T03:04:05 PST", "Fri, 02 Jan 2026 03:04:05 GMT", "0000-01-01T00:00:00Z"),
        *("2026-01-02T03:04:05Z/2026-01-03T03:04:05Z", "\u0662\u0660\u0662\u0666-01-02T03:04:05Z", "x" * 100_000),
    ],
)
def test_what_is_no_date_with_a_time_is_refused_and_not_shown(text):
    with pytest.raises(UnreadableError) as caught:
        read_key(key(expires_at=text), NOW)

    assert str(caught.value) == "expires_at is no date with a time"


ANY = st.one_of(
    VALUES,
    objects("access", "secret", "securitytoken", "expires_at"),
    objects("credential", "credentials"),
    objects("access", "accessKeyId", "secret", "secret_access_key").map(lambda inner: f'{{"credential": {inner}}}'),
)


@settings(max_examples=300)
@given(text=ANY)
def test_any_json_is_a_key_or_an_error_in_words(text):
    payload = read_secrets(text.encode())
    if payload is None:
        return
    try:
        got = read_key(payload, NOW)
    except UnreadableError as error:
        assert str(error).isascii()
        assert len(str(error)) < 100
    else:
        assert math.isfinite(got.lifetime)


@given(moment=st.text(max_size=30) | st.from_regex(r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?\Z"))
def test_any_text_is_a_moment_or_an_error_in_words(moment):
    with suppress(UnreadableError):
        assert math.isfinite(read_key(key(expires_at=moment), NOW).lifetime)


@pytest.mark.parametrize("change", [{"expires_at": "s3cr3t"}, {"access": "s3 cr3t"}, {"secret": ["s3cr3t"]}, {"x": 1}])
def test_no_frame_of_an_error_shows_a_part_of_the_key(change):
    given_key = {**key(), "access": "s3cr3t-ak", "secret": "s3cr3t-sk", "securitytoken": "s3cr3t-st", **change}
    payload = read_secrets(json.dumps({"credential": given_key, "accessKeyId": "s3cr3t"}).encode())
    assert payload is not None
    del given_key
    try:
        read_key(payload, NOW)
    except UnreadableError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        # the frame of this test shows what it has planted
        assert "s3" not in shown.partition("/airflow_provider_drs/api/model/temporary_key.py")[2]
    assert "s3cr3t" not in repr(payload)
