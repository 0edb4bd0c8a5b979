"""JSON is read strictly, and every log, database and channel can carry its texts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_answers import JOBS, answer, good, passed
from samples import job_id

from airflow_provider_drs.api.errors import DrsAnswerError, DrsError
from airflow_provider_drs.api.texts import MAX_TEXT, printable
from airflow_provider_drs.api.wire.json_reading import MAX_COMMAS, MAX_DEPTH, MAX_NAME, read_object
from airflow_provider_drs.api.wire.scrubber import HIDDEN, Scrubber

GOOD = json.dumps(good())
FIRST = f'{{"id": "{JOBS[0]}", "status": "success"'
TWO_WAYS = {
    "status twice": GOOD.replace('"status": "success"', '"status": "failed", "status": "success"', 1),
    "success twice": GOOD.replace('"success": true', '"success": false, "success": true', 1),
    "the same member twice": GOOD.replace('"success": true', '"success": true, "success": true', 1),
    "an escaped name twice": GOOD.replace('"success": true', '"success": true, "succes\\u0073": false', 1),
    "id twice": GOOD.replace('"id":', '"id": "x", "id":', 1),
    "results twice": GOOD[:-1] + ', "results": []}',
    "a nested member twice": GOOD[:-1] + ', "a": [{"b": {"c": 1, "c": 2}}]}',
    "two objects": GOOD + GOOD,
    "something after the object": GOOD + "x",
    "a comma too many": GOOD[:-1] + ",}",
    "NaN": GOOD[:-1] + ', "a": NaN}',
    "infinity": GOOD[:-1] + ', "a": -Infinity}',
    "a number beyond all": GOOD[:-1] + ', "a": 1e400}',
    "a number of a million digits": GOOD[:-1] + ', "a": ' + "9" * 1_000_000 + "}",
    "single quotes": GOOD.replace('"', "'"),
    "a comment": "/* */" + GOOD,
    "too deep": GOOD[:-1] + ', "a": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}",
    "far too deep": GOOD[:-1] + ', "a": ' + "[" * 500_000 + "]" * 500_000 + "}",
    "too many items": GOOD[:-1] + ', "a": [' + "0," * MAX_COMMAS + "0]}",
    "a control character in a text": GOOD.replace("success", "suc\x01cess", 1),
    "a list": f"[{GOOD}]",
    "a text": json.dumps(GOOD),
    "UTF-16": GOOD.encode("utf-16").decode("latin-1"),
    "an id and a line break": GOOD.replace(JOBS[0], JOBS[0] + "\\n"),
    "a tab and a status": GOOD.replace('"success",', '"\\tsuccess",', 1),
    "nothing": "",
}


@pytest.mark.parametrize("name", TWO_WAYS)
def test_a_body_that_parsers_read_differently_is_refused(name):
    body = TWO_WAYS[name].encode("latin-1")

    assert passed(body) == [False, False]
    with pytest.raises(DrsAnswerError):
        answer(body)


@pytest.mark.parametrize("body", [GOOD.encode(), b"\xef\xbb\xbf" + GOOD.encode(), b" \r\n" + GOOD.encode() + b"\n"])
def test_a_body_that_all_parsers_read_alike_is_accepted(body):
    assert passed(body) == [True, True]


@pytest.mark.parametrize("odd", ["", '"', "\\", '\\"', '"\\', '\\\\"'])
def test_the_commas_within_a_text_are_no_items(odd):
    text = odd + "," * (MAX_COMMAS + 1) + odd

    assert read_object(json.dumps({"a": odd, "b": text, "c": 1}).encode(), Scrubber([])) is not None
    assert read_object(json.dumps({"a": text, "b": [0] * (MAX_COMMAS + 1)}).encode(), Scrubber([])) is None


def test_a_cut_text_ends_with_an_ellipsis():
    read = read_object(
        json.dumps({"a": "x" * MAX_TEXT, "b": "x" * (MAX_TEXT + 1), "y" * 101: 1}).encode(), Scrubber([])
    )

    assert read == {"a": "x" * MAX_TEXT, "b": "x" * (MAX_TEXT - 1) + "…", "y" * (MAX_NAME - 1) + "…": 1}


@pytest.mark.parametrize(
    "item",
    [
        {"id": "a-password", "status": "CREATING"},
        {"id": job_id(1), "status": "a-password"},
        {"id": ["a-password"], "status": "CREATING"},
        {"id": job_id(1), "status": ["a-password"]},
    ],
)
def test_no_secret_stays_where_a_job_id_and_a_status_belong(item):
    read = read_object(json.dumps({"results": [item]}).encode(), Scrubber(["a-password"]))

    assert "a-password" not in texts(read)
    assert HIDDEN in texts(read)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**25), 10**25) | st.floats() | st.text(st.characters(), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=9), inner, max_size=3)
    ),
)


def texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for name, item in value.items() for text in (name, *texts(item))]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


@settings(max_examples=150)
@given(value=st.dictionaries(st.text(st.characters(), max_size=150), JSON | st.text(st.characters(), max_size=700)))
def test_every_text_is_one_short_line_that_can_be_stored(value):
    read = read_object(json.dumps(value).encode(), Scrubber(["a-password"]))

    for text in texts(read):
        assert text.isprintable()
        assert text.encode().decode() == text
        assert len(text) <= MAX_TEXT
    assert all(len(name) <= MAX_NAME for name in read or {})
    json.dumps(read, allow_nan=False)


@settings(max_examples=300)
@given(body=st.binary(max_size=80) | st.text(max_size=60).map(str.encode) | JSON.map(json.dumps).map(str.encode))
def test_any_bytes_give_an_object_or_none(body):
    assert isinstance(read_object(body, Scrubber([])), dict | None)


@pytest.mark.parametrize(
    "text",
    [
        "a\nb",
        "a\r\nb",
        "a\x1b[2Jb",
        "a\x00b",
        "a\ud800b",
        "a\u2028b",
        "a\u202eb",
        "a\x85b",
        "a\u200bb",
        "\ue000",
    ],
)
def test_a_text_of_the_service_becomes_one_printable_line(text):
    with pytest.raises(DrsError) as caught:
        answer({"error_code": text, "error_msg": text, "request_id": text}, status=400)

    error = caught.value
    for shown in (str(error), str(error.code), error.text, str(error.request_id), printable(text)):
        assert shown.isprintable()
        assert shown.encode().decode() == shown
