"""Property-based: any good answer with one statement against it, anywhere and in any spelling, passes for none."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from raw_answers import answer
from samples import endpoint, job_id

from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.operations import job_status
from airflow_provider_drs.api.operations.connection_test import judge
from airflow_provider_drs.api.operations.job_status import JOB_STATUS
from airflow_provider_drs.api.statuses import fetch_each
from airflow_provider_drs.api.wait import Wait

STRANGER = job_id(99)
Members = dict[str, Any]

# --- good answers ---

HARMLESS: list[tuple[str, Any]] = [
    ("db_type", "MySQL"),
    ("ip", "192.0.2.10:3306"),
    ("dbPort", "3306"),
    ("db_user", "***"),
    ("ssl_link", False),
    ("is_deleted", False),
    ("az_code", "cn-north-4a"),
    ("name", "Orders, old"),
    ("create_time", "2026-01-01 10:00:00"),
    ("elapsed", 0.25),
    ("trace_id", "e3b0c442-98fc-1c14-9afb-f4c8996fb924"),
    ("extra", {"az_code": "cn-north-4a", "numbers": [1, 2, {"y": None}]}),
    ("error_code", ""),
    ("errors", []),
    ("message", "success"),
    ("is_success", True),
]
BESIDE = st.lists(st.sampled_from(HARMLESS), max_size=2).map(dict)


def passed_item(job: str) -> st.SearchStrategy[Members]:
    return st.builds(
        lambda status, success, beside: {"id": job, "status": status, **success, **beside},
        st.sampled_from(["success", "SUCCESS", "true"]),
        st.sampled_from([{"success": True}, {}, {"success": None}]),
        BESIDE,
    )


def ready_item(job: str) -> st.SearchStrategy[Members]:
    return BESIDE.map(lambda beside: {"id": job, "status": "CONFIGURATION", **beside})


@st.composite
def good(draw: Any, item: Callable[[str], st.SearchStrategy[Members]]) -> Members:
    """An answer about one to ten jobs that is all good, its results in any order."""
    jobs = draw(st.permutations([job_id(number) for number in range(draw(st.integers(1, 10)))]))
    results = [draw(item(job)) for job in jobs]
    count = draw(st.sampled_from([{"count": len(results)}, {"count": None}, {}]))
    return {"results": results, **count, **draw(BESIDE)}


# --- what speaks against one ---

STYLES: list[Callable[[list[str]], str]] = [
    "_".join,
    "-".join,
    " ".join,
    ".".join,
    lambda words: "_".join(words).upper(),
    lambda words: "".join(word.capitalize() for word in words),
    lambda words: words[0] + "".join(word.capitalize() for word in words[1:]),
]


def spelled(*words: list[str]) -> st.SearchStrategy[str]:
    """Return a strategy of names of one word from each list, in any style; an empty word is left out."""
    chosen = st.tuples(*map(st.sampled_from, words)).map(lambda parts: [part for part in parts if part])
    return st.builds(lambda parts, style: style(parts), chosen, st.sampled_from(STYLES))


def run_together(*words: list[str]) -> st.SearchStrategy[str]:
    return st.tuples(*map(st.sampled_from, words)).map("".join)


FAILURES = ["error", "err", "errors", "fail", "failed", "failure", "fault", "exception", "reject", "refused", "denied"]
PARTS = [
    "",
    "code",
    "msg",
    "message",
    "messages",
    "reason",
    "desc",
    "detail",
    "info",
    "text",
    "cause",
    "no",
    "num",
    "key",
]
OF_WHAT = ["", "inner", "last", "db", "login", "connect", "source", "sub", "is", "has"]
SENTENCES = st.sampled_from([
    *("Access denied for user root", "login failed", "the connection timed out", "could not connect: refused"),
    *("连接失败", "数据库 无法 连接", "DRS.KE0002", "APIGW.0308: throttled", "ERROR 1045 (28000): no", "unreachable"),
])  # fmt: skip
PADDED = st.builds(
    lambda before, sentence: before + sentence,
    st.sampled_from([" ", "\t", "\n", "\0", "x", "-", "a b ", "\u200b", "1"]).flatmap(
        lambda filling: st.sampled_from([0, 1, 99, 499, 500, 1_999, 2_001, 70_000]).map(lambda times: filling * times)
    ),
    SENTENCES,
)
"""A sentence, sometimes after more than anybody reads of a text."""
GOOD_WORDS = ("1", "200", "active", "available", "connected", "healthy", "normal", "ok", "okay", "pass", "passed", "y")
NO_MATTER = (
    *GOOD_WORDS,
    "reachable",
    "success",
    "succeeded",
    "successful",
    "true",
    "valid",
    "yes",
    "0",
    "false",
    "none",
)
ANYTHING = st.text(min_size=1, max_size=30).filter(
    lambda text: text.strip() and text.strip().lower() not in (*NO_MATTER, "null")
)
SOMETHING = PADDED | ANYTHING | st.integers(min_value=2, max_value=10**18) | st.just(True) | st.just(-1)

ERRORS = st.tuples(
    spelled(OF_WHAT, FAILURES, PARTS) | run_together(OF_WHAT, FAILURES, PARTS),
    SOMETHING
    | st.lists(SOMETHING, min_size=1, max_size=2)
    | st.dictionaries(st.text(max_size=5), SOMETHING, min_size=1),
)
LONG_WORDS = ["message", "messages", "msg", "detail", "details", "description", "comment", "remark", "suggestion"]
MESSAGES = st.tuples(
    spelled(["", "db", "user", "result"], [*LONG_WORDS, "info", "note", "hint", "text", "desc"])
    | run_together(["", "db", "user", "result"], LONG_WORDS),
    PADDED | ANYTHING,
)
SPOKEN_OF = st.tuples(spelled(["", "extra", "x"], ["a", "value", "data", "item"]), PADDED)
# a short word is known by itself, or after "is": a book ends in ok
LONG_VERDICTS = ["passed", "connected", "reachable", "result", "state", "outcome", "available", "verified", "success"]
VERDICTS = st.tuples(
    spelled(["", "is", "db", "login", "check"], [*LONG_VERDICTS, "ok", "valid", "pass"])
    | run_together(["", "is", "db", "login", "check"], LONG_VERDICTS)
    | run_together(["", "is"], ["ok", "valid", "pass"]),
    st.sampled_from([False, "false", 0, -1, "no", "FAILED", "NG", "PENDING", "unknown", 2, "0", [False], [True, 0]]),
)
NOES = st.tuples(
    run_together(
        ["db", "conn", "login", "auth", "ssl", "source"], ["ok", "okay", "alive", "valid", "pass"], ["", "flag"]
    )
    | spelled(["ok", "success", "passed", "connected"], ["login", "check", "flag", "now"]),
    st.sampled_from([False, "false", "False", 0, 0.0, "0", "no", "No", "n", "NG", [False], [True, "no"]]),
)
CODES = st.tuples(
    spelled(["", "ret", "result", "status", "http", "sub", "api", "return"], ["code"]),
    st.sampled_from([1, 404, 500, -1, "1", "E1", "DRS.KE0002", "denied", [500]]),
)
STATEMENTS = st.one_of(ERRORS, MESSAGES, SPOKEN_OF, VERDICTS, NOES, CODES).map(lambda member: dict([member]))
DEEPER: list[Callable[[Members], Members]] = [
    lambda member: member,
    lambda member: {"extra": member},
    lambda member: {"items": [1, {"n": [member]}]},
    lambda member: {"a": {"b": [{"c": {"d": member}}]}},
]
STATED = st.builds(lambda member, deeper: deeper(member), STATEMENTS, st.sampled_from(DEEPER))

SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=9)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner))
STRANGE_ITEMS = JSON | st.builds(
    lambda job, status: {"id": job, "status": status, "success": True},
    st.just(STRANGER) | st.text(max_size=5) | st.lists(st.just(STRANGER), max_size=1) | st.none(),
    st.sampled_from(["success", "failed", "CONFIGURATION"]),
)
NOT_SUCCESS = st.sampled_from([False, "false", "true", 0, 1, "", "no", "FAILED", [], {}, [True], 1.0]) | JSON.filter(
    lambda value: value is not None and value is not True
)
NOT_STATUS = JSON.filter(lambda value: str(value).lower() not in ("success", "true")) | st.sampled_from([
    *("failed", "FALSE", "PENDING", "success!", "succes", " success", "success\n", "\u2028true\t", "success\0"),
    *(True, 1, ["success"], None, ""),
])  # fmt: skip
# of samples.endpoint
SENT: dict[str, Any] = {"net_type": "eip", "db_type": "mysql", "ip": "192.0.2.10", "db_port": 3306, "db_user": "drs"}
SENT |= {"end_point_type": "so", "host": "192.0.2.10", "port": 3306, "user_name": "drs", "job_id": None}
SOMETHING_ELSE = st.integers(min_value=1) | st.text(alphabet="abcdefgh-.2345678", min_size=1) | st.just(True)


@st.composite
def another_echo(draw: Any) -> Members:
    """A member of the request, in any style, with another value than was sent."""
    name = draw(st.sampled_from(sorted(SENT)))
    value = draw(SOMETHING_ELSE.filter(lambda value: str(value).strip(".") not in (str(SENT[name]), "0")))
    member = {draw(st.sampled_from(STYLES))(name.split("_")): value}
    nested: Members = draw(st.sampled_from([member, {"endpoint": member}, {"source_endpoint": member}]))
    return nested


COUNTS = spelled(["", "total", "success", "passed", "result"], ["count", "total", "counts"]) | spelled(
    ["total", "success", "job", "result"], ["num", "number"]
)
SECOND_STATUS = st.tuples(
    spelled(["job", "task", "current"], ["status", "state"]),
    st.sampled_from(["CREATING", "SUCCESS", "ACTIVE", "normal", "FAILED", True, 1, 200]),
).map(lambda member: dict([member]))
NOT_READY = {
    "success": st.sampled_from([False, "false", 0, "no"]),
    "status": st.sampled_from(["CONFIGURATION\n", "\tCONFIGURATION", "CONFIGURATION" + " " * 600, "", None, True, []]),
}


@dataclass(frozen=True)
class Spoilt:
    """An answer with one statement against it, and the jobs of which it may not be believed."""

    answer: Members
    jobs: list[str]


@st.composite
def spoilt(
    draw: Any,
    answers: st.SearchStrategy[Members],
    contradictions: st.SearchStrategy[Members],
    broken: dict[str, Any],
) -> Spoilt:
    made = draw(answers)
    results = made["results"]
    jobs = [item["id"] for item in results]
    item = draw(st.sampled_from(results))
    ways = ["beside", "in a result", "contradicted", "an item", "twice", "count", "another count"]
    way = draw(st.sampled_from([*ways, *broken]))
    if way == "beside":
        return Spoilt({**made, **draw(STATED)}, jobs)
    if way == "an item":
        results.insert(draw(st.integers(0, len(results))), draw(STRANGE_ITEMS))
        return Spoilt({**made, "count": None}, jobs)
    if way == "count":
        wrong = JSON.filter(lambda count: count is not None and (isinstance(count, bool) or count != len(results)))
        return Spoilt({**made, "count": draw(wrong | st.sampled_from([0, -1, len(results) + 1, 0.5]))}, jobs)
    if way == "twice":
        results.insert(draw(st.integers(0, len(results))), {**item, **draw(st.just({}) | STATED)})
        return Spoilt({**made, "count": draw(st.sampled_from([None, len(results), len(jobs)]))}, [item["id"]])
    if way == "another count":
        wrong = st.integers(-1, 200).filter(lambda count: count != len(results)) | st.booleans() | st.just("many")
        return Spoilt({**made, draw(COUNTS): draw(wrong)}, jobs)
    stated = {"in a result": STATED, "contradicted": contradictions}
    item |= draw(stated[way]) if way in stated else {way: draw(broken[way])}
    return Spoilt(made, [item["id"]])


def jobs_of(answer: Members) -> list[str]:
    """Return the jobs that were asked about: those of the answer but the stranger."""
    ids = [item.get("id") for item in answer["results"] if isinstance(item, dict)]
    return sorted({job for job in ids if isinstance(job, str) and job.endswith("jb101")} - {STRANGER})


def passing(made: Members) -> list[str]:
    """Return the jobs whose endpoints pass if this is the answer about them."""
    endpoints = parse_endpoints([endpoint(int(job[:8], 16)) for job in jobs_of(made)])
    try:
        verdicts = judge(endpoints, answer(made).payload)
    except DrsError:
        return []
    return [verdict.job_id for verdict in verdicts if verdict.passed]


def ends(made: Members, jobs: list[str]) -> bool:
    """Return whether a wait for jobs ends well if this is the answer whenever they are asked about."""
    actual = fetch_each(lambda ids: job_status.statuses(ids, answer(made, JOB_STATUS)), jobs_of(made))
    try:
        return Wait(jobs, ["CONFIGURATION"]).judge(actual, 0, math.inf).done
    except DrsError:
        return False


@settings(max_examples=60)
@given(made=good(passed_item))
def test_a_good_answer_passes(made):
    assert passing(made) == jobs_of(made)


@settings(max_examples=400)
@given(spoilt=spoilt(good(passed_item), another_echo(), {"success": NOT_SUCCESS, "status": NOT_STATUS}))
def test_one_statement_against_a_good_answer_and_whom_it_is_about_has_not_passed(spoilt):
    assert not set(passing(spoilt.answer)) & set(spoilt.jobs)


@settings(max_examples=60)
@given(made=good(ready_item))
def test_a_wait_ends_by_a_good_answer(made):
    assert ends(made, jobs_of(made))


@settings(max_examples=400)
@given(spoilt=spoilt(good(ready_item), SECOND_STATUS, NOT_READY))
def test_one_statement_against_a_good_answer_and_no_wait_ends_well_by_it(spoilt):
    assert not ends(spoilt.answer, spoilt.jobs)
