"""Rendered parameters are read or refused, and only usable numbers are accepted."""

from __future__ import annotations

import contextlib
import json
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import ChainableUndefined, DebugUndefined, StrictUndefined, Undefined
from samples import endpoint, job_id

from airflow_provider_drs.api.endpoint import Endpoint, parse_endpoints
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.input_secrets import conceal
from airflow_provider_drs.api.model.inputs import (
    as_job_ids,
    as_target_statuses,
    is_given,
    is_seconds,
    is_whole,
    read_list,
)
from airflow_provider_drs.api.model.job_status import JobStatus

NOTHING = [None, "None", " None\n", "", "  ", *(kind(name="x") for kind in (Undefined, StrictUndefined))]
NOTHING += [ChainableUndefined(name="x"), DebugUndefined(name="x")]
nothing = st.integers(0, len(NOTHING) - 1).map(NOTHING.__getitem__)  # by position, because some cannot be hashed
CANARY = "s3cr3t-c4nary"


def violations(read: Any, value: object) -> list[str]:
    with pytest.raises(DrsInputError) as caught:
        read(value)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    # The frames of pytest hold the value.
    assert CANARY not in shown.partition("airflow_provider_drs/api")[2]
    return caught.value.violations


@pytest.mark.parametrize("value", NOTHING, ids=map(str, range(len(NOTHING))))
def test_a_value_that_a_template_does_not_have_counts_as_missing(value):
    assert not is_given(value)


@pytest.mark.parametrize("value", [0, False, [], {}, "0", "none", "None of it", b""])
def test_any_other_value_counts_as_present(value):
    assert is_given(value)


@given(
    nothing,
    st.sets(
        st.sampled_from(["id", "net_type", "db_type", "ip", "end_point_type", "db_user", "db_password"]), min_size=1
    ),
)
def test_each_missing_mandatory_member_is_a_violation(value, names):
    lines = violations(parse_endpoints, [{**endpoint(1), **dict.fromkeys(names, value)}])

    missing = {
        line.split(":")[0].removeprefix("jobs[0].") for line in lines if "is missing" in line or "mandatory" in line
    }
    assert missing == names


@given(nothing)
def test_a_missing_optional_member_is_not_sent_at_any_depth(value):
    optional = set(Endpoint.model_fields) - set(endpoint(1)) - {"kafka_security_config", "customized_dns"}
    nested = {"kafka_security_config": {"type": "PLAINTEXT", "trust_store_key": value, "delegation_tokens": value}}

    (read,) = parse_endpoints([{**endpoint(1), **dict.fromkeys(optional, value), **nested}])

    empty = {"db_name": "", "ssl_cert_password": ""} if isinstance(value, str) and value == "" else {}
    assert read.wire() == {**endpoint(1), "kafka_security_config": {"type": "PLAINTEXT"}, **empty}
    assert read.label is None


@pytest.mark.parametrize("value", NOTHING, ids=map(str, range(len(NOTHING))))
@pytest.mark.parametrize("read", [parse_endpoints, as_job_ids, as_target_statuses])
def test_a_missing_list_and_a_missing_item_are_violations(read, value):
    good = {parse_endpoints: endpoint(1), as_job_ids: job_id(1), as_target_statuses: "CREATING"}[read]

    (whole,) = violations(read, value)
    (item,) = violations(read, [good, value])

    assert whole.endswith(": is missing")
    assert item.endswith("[1]: is missing")


class Lazy:
    """Like Airflow's lazy sequences: iterable, and neither a list nor a tuple."""

    def __init__(self, *items: object) -> None:
        self._items = items

    def __iter__(self) -> Iterator[object]:
        return iter(self._items)


def spellings_of(items: list[Any]) -> list[object]:
    return [
        items,
        tuple(items),
        Lazy(*items),
        iter(items),
        json.dumps(items),
        f" {items} ",
        str(tuple(items)) if len(items) > 1 else str(items),
        [items],
        [[item] for item in items],
        Lazy(Lazy(*items)),
        [json.dumps(item) if isinstance(item, dict) else item for item in items],
        [str(item) for item in items],
        [json.dumps(items)],
    ]


@given(st.integers(1, 4), st.integers(0, 12))
def test_a_list_is_read_in_every_spelling_and_at_every_depth(count, spelling):
    endpoints = [endpoint(number) for number in range(count)]
    ids = [job_id(number) for number in range(count)]

    assert [read.id for read in parse_endpoints(spellings_of(endpoints)[spelling])] == ids
    assert as_job_ids(spellings_of(ids)[spelling]) == ids


@pytest.mark.parametrize("read", [as_job_ids, as_target_statuses])
def test_one_text_is_a_list_of_one(read):
    text = job_id(1) if read is as_job_ids else "CONFIGURATION"

    assert read(text) == read({text}) == read([text]) == read(f"['{text}']") == read(f" {text}\n") == [text]


@pytest.mark.parametrize("read", [parse_endpoints, as_job_ids, as_target_statuses])
@pytest.mark.parametrize("empty", [[], (), {*()}, "[]", "()", [[]], Lazy()])
def test_an_empty_list_is_refused(read, empty):
    (violation,) = violations(read, empty)

    assert violation.endswith(": is empty, so there is nothing to do")


def test_an_empty_list_from_one_mapped_task_is_a_violation():
    assert violations(parse_endpoints, [[endpoint(1)], []]) == ["jobs[1]: is empty, so there is nothing to do"]


@pytest.mark.parametrize("text", ["LazySelectSequence([2 items])", "<generator object f at 0x7f00aa>"])
@pytest.mark.parametrize("read", [parse_endpoints, as_job_ids])
def test_the_text_of_a_lazy_list_is_refused_with_a_remedy(read, text):
    (violation,) = violations(read, text)

    assert "add | list" in violation


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{[]: 1}",
        f"[{{'db_password': '{CANARY}'",
        "[1, x]",
        "{'a': }",
        "[" + "9" * 5000 + "]",
        "['\\x00'",
    ],
)
@pytest.mark.parametrize("read", [parse_endpoints, as_job_ids, as_target_statuses])
def test_text_that_cannot_be_read_is_one_violation(read, text):
    (violation,) = violations(read, text)

    assert violation.split(":")[0].partition("[")[0] in ("jobs", "job_ids", "target_statuses")


def test_a_list_that_holds_itself_is_refused():
    endless: list[Any] = [endpoint(1)]
    endless.append(endless)

    assert "jobs[5]: is nested in more than 5 lists" in violations(parse_endpoints, endless)


@given(st.recursive(st.none() | st.integers() | st.text() | st.binary(), st.lists))
def test_any_value_is_read_or_refused(value):
    for read in (parse_endpoints, as_job_ids, as_target_statuses):
        with contextlib.suppress(DrsInputError):
            read(value)


def test_violations_come_in_the_order_of_the_input():
    lines = violations(parse_endpoints, [None, endpoint(2, net_type="wifi"), 5, "[1", endpoint(3)])

    assert [line.split(":")[0] for line in lines] == ["jobs[0]", "jobs[1].net_type", "jobs[2]", "jobs[3]"]


@pytest.mark.parametrize("status", list(JobStatus))
def test_every_listed_status_may_be_waited_for(status):
    assert as_target_statuses(status) == as_target_statuses([str(status)]) == [str(status)]


@pytest.mark.parametrize(
    ("status", "violation"),
    [
        ("CONFIGURATON", "target_statuses[0]: CONFIGURATON is not a status of a DRS job; is CONFIGURATION meant?"),
        ("configuration", "target_statuses[0]: configuration is not a status of a DRS job; is CONFIGURATION meant?"),
        ("READY", "target_statuses[0]: READY is not a status of a DRS job"),
        (f"https://u:{CANARY}@h", "target_statuses[0]: is not a status of a DRS job"),
        (7, "target_statuses[0]: must be text, not int"),
    ],
)
def test_an_unknown_target_status_is_refused_with_the_nearest_known_one(status, violation):
    assert violations(as_target_statuses, status) == [violation]


@given(st.text(st.characters(categories=["Lu"]), min_size=1) | st.integers() | st.binary())
def test_only_a_listed_status_can_be_a_target(status):
    if status not in {listed.value for listed in JobStatus} | {"PAUSEING"}:
        violations(as_target_statuses, [status])


@given(st.none() | st.booleans() | st.floats() | st.text() | st.integers(max_value=0) | st.integers(min_value=11))
def test_only_a_whole_number_within_the_limits_is_accepted(value):
    assert not is_whole(value, 1, 10)
    assert is_whole(1, 1, 10)
    assert is_whole(10, 1, 10)
    assert is_whole(10**9, 1)


@given(
    st.none()
    | st.booleans()
    | st.text()
    | st.sampled_from([float("nan"), float("inf"), -float("inf"), 10**400])
    | st.floats(max_value=0, exclude_max=True)
)
def test_only_a_finite_duration_is_a_number_of_seconds(value):
    assert not is_seconds(value)
    assert is_seconds(0)
    assert is_seconds(0.5)
    assert is_seconds(7 * 86_400)


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.binary(min_size=1) | st.text()
trees = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
SECRET_PLACES = [
    lambda value: {"db_password": value},
    lambda value: {"ssl_cert_key": value},
    lambda value: {"kafka_security_config": {"key_store_key": value}},
    lambda value: {"db_pasword": value},
    lambda value: {"password": {"for": [value]}},
    lambda value: {"kafka_security_config": {"keystore_key": value}},
    lambda value: {"customized_dns": {"token": value}},
    lambda value: {"kafka_security_config": [value]},
    lambda value: {"db_user": [value]},
]


def texts_of(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)
    elif isinstance(value, bytes):
        yield repr(value)[2:-1]
    elif isinstance(value, str) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        yield str(value)


@given(trees, st.sampled_from(SECRET_PLACES))
def test_every_value_in_a_secret_member_is_secret_and_only_texts_are_displayed(value, place):
    jobs = [{"id": job_id(1), **place(value)}]

    shown, secrets = conceal(jobs)

    long_ones = {text for text in texts_of(value) if len(text) >= 5 and is_given(text)}
    assert long_ones <= set(secrets)
    assert all(isinstance(leaf, str) for leaf in _leaves(shown))
    # The displayed input has the same violations.
    assert violations(parse_endpoints, jobs) == violations(parse_endpoints, shown)


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    elif value is not None:
        yield value


@pytest.mark.parametrize(
    ("member", "text", "password"),
    [
        ("ip", f"mysql://root:{CANARY}@db.example.org", CANARY),
        ("ip", f"root:{CANARY}@db.example.org:3306", CANARY),
        ("ip", f"mysql://root:{CANARY}/with@all@db.example.org", f"{CANARY}/with@all"),
        ("db_conn_id", "postgres://drs:p%40ss-w0rd@db", "p@ss-w0rd"),
        ("id", f"https://{CANARY}@drs.example.org/v3", CANARY),
        ("region", f"https://drs.example.org/?access_token={CANARY}&x=1", CANARY),
    ],
)
def test_the_credential_in_a_url_is_secret_in_every_member(member, text, password):
    secrets = conceal([{**endpoint(1), member: text}])[1]

    assert {text, password} <= set(secrets)


@pytest.mark.parametrize(
    "text", ["192.0.2.1", "h1:8635,h2:8635", "fe80::1", "drs@tenant", "https://wiki.example.org/a?id=7"]
)
def test_an_address_without_a_credential_is_no_secret(text):
    assert conceal({"label": text})[1] == []


def test_a_url_is_refused_as_an_address_and_as_a_connection_id():
    lines = violations(
        parse_endpoints, [endpoint(1, ip=f"mysql://u:{CANARY}@h"), {"db_conn_id": f"mysql://u:{CANARY}@h"}]
    )

    assert "jobs[0].ip: must be a host, or several joined by commas, without blanks, and no URL" in lines
    assert "jobs[1].db_conn_id: must be the id of a Connection, and no URL" in lines


def test_an_unknown_member_name_that_may_be_a_secret_is_not_repeated():
    lines = violations(parse_endpoints, [{**endpoint(1), CANARY: 1}])

    assert lines == ["jobs[0].?: is not a member that DRS knows"]


@given(st.dictionaries(st.sampled_from(sorted(Endpoint.model_fields)), trees, max_size=6))
def test_any_member_values_are_accepted_or_refused_with_one_error(members):
    try:
        parse_endpoints([{**endpoint(1), **members}])
    except DrsInputError as error:
        assert error.violations


def test_a_nested_object_may_be_text():
    (read,) = parse_endpoints([endpoint(1, kafka_security_config='{"type": "PLAINTEXT"}')])

    assert read.wire()["kafka_security_config"] == {"type": "PLAINTEXT"}
    assert read_list("x") == ["x"]
