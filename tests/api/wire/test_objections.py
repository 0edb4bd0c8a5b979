"""One statement against a good answer, anywhere in it, and nothing passes; what states nothing changes nothing."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_answers import good, known, passed, ready, report

from airflow_provider_drs.api.texts import LEFT_OUT, MAX_TEXT
from airflow_provider_drs.api.wire.json_reading import MAX_NAME
from airflow_provider_drs.api.wire.objections import miscount
from airflow_provider_drs.api.wire.scrubber import HIDDEN

HARMLESS: list[tuple[str, Any]] = [
    ("az_code", "cn-north-4a"),
    ("country_code", 86),
    ("name", "Orders, old"),
    ("instance_name", "db-no-1"),
    ("job_name", "failover-rehearsal"),
    ("db_version", "MySQL 8.0.28"),
    ("version", "8.0.28"),
    ("create_time", "2026-01-01 10:00:00"),
    ("updated_at", "2026-01-01T10:00:00.000Z"),
    ("seen", "2026-01-01 10:00:00 +08:00"),
    ("timestamp", 1767225600000),
    ("elapsed", 0.25),
    ("timeout", 30),
    ("transferred", 12),
    ("preferred", "a"),
    ("referrer", ""),
    ("default_charset", "utf8"),
    ("is_default", True),
    ("override", True),
    ("interrupts", 3),
    ("failover", True),
    ("ssl_link", False),
    *((name, False) for name in ("is_deleted", "webhook", "bypass", "keepalive", "in_book", "logged", "dbokay_name")),
    *(
        (name, 0)
        for name in ("success_time", "valid_until", "validity", "broker", "smokes", "passive", "tokens", "goods")
    ),
    ("dbok", None),
    ("dbok", "ok"),
    ("tiktok", "x"),
    ("loginvalid", True),
    ("signinvalid", True),
    ("kafka_security_config", None),
    ("context_id", "abc"),
    ("message_id", "abc-1"),
    ("trace_id", "e3b0c442-98fc-1c14-9afb-f4c8996fb924"),
    ("url", "https://console.example.org/drs/errors?id=5"),
    ("links", {"self": "https://iam.example.org/v3/projects", "next": None, "previous": None}),
    ("extra", {"az_code": "cn-north-4a", "numbers": [1, 2, {"y": None}]}),
    ("region", "cn-north-4"),
    ("job_direction", "up"),
    ("ip", "192.0.2.10"),
    ("empty", ""),
    ("nothing", None),
    ("list", []),
    ("object", {}),
    ("code", 0),
    ("code", "200"),
    ("error_code", None),
    ("error_code", ""),
    ("error_code", "0"),
    ("error_msg", ""),
    ("error_message", None),
    ("errorCode", ""),
    ("errors", []),
    ("error", {}),
    ("failed_count", 0),
    ("success_count", 2),
    ("has_error", False),
    ("has_error", "false"),
    ("message", "success"),
    ("message", ""),
    ("is_success", True),
    ("success", None),
    ("state", "SUCCESS"),
    ("status_code", 200),
]
FLAGS = [
    "alarm_to_user", "billing_tag", "delegation_tokens", "enable_key_store", "enabled", "index_trans",
    "is_multi_az", "is_open_fast_clean", "is_set_dns", "is_skipped", "is_support_skip", "is_target_readonly",
    "is_utc", "migrate_user", "multi_write", "need_restart", "node_newFramework", "object_switch",
    "replace_definer", "set_private_key_password", "ssl_link", "struct_trans", "support_ip_v6", "sync_database",
]  # fmt: skip
NUMBERS = [
    "apply_bytes_rate", "apply_rows_rate", "charging_mode", "delay_time", "is_auto_renew", "node_num", "period_num",
    "period_type", "rpo_delay", "rto_delay", "safe_mode", "start_time", "volume_size",
]  # fmt: skip
VENDORS: list[tuple[str, Any]] = [
    *((name, value) for name in FLAGS for value in (False, "false", None)),
    *((name, value) for name in NUMBERS for value in (0, "0", 7, None)),
    ("total_passed_rate", "100"),
    ("description", ""),
    ("task_type", "FULL_INCR_TRANS"),
    ("job_direction", "non-dbs"),
    ("db_use_type", "migration"),
    ("conflict_policy", "ignore"),
    (
        "kafka_security_config",
        {"type": "SSL", "endpoint_algorithm": "", "enable_key_store": False, "key_password": None},
    ),
    ("customized_dns", {"is_set_dns": False, "set_dns_action": "keep", "dns_ip": ""}),
    (
        "inst_info",
        {"engine_type": "mysql", "inst_type": "high", "ip": "192.0.2.40", "start_time": "0", "status": "ACTIVE"},
    ),
    ("job_action", {"available_actions": ["MODIFY_DB_CONFIG", "PRE_CHECK"], "unavailable_actions": None}),
]
"""Members that the vendor's documents name in answers of v3, with ordinary values."""
AGAINST: list[tuple[str, Any]] = [
    ("x", "ask the owner"),
    ("x", HIDDEN),
    (HIDDEN, 1),
    (LEFT_OUT, 1),
    ("success_flag", 0),
    ("login_passed_flag", "PENDING"),
    ("message", 7),
    *((name, "DRS.KE0002") for name in ("error_code", "errorCode", "ErrorCode", "errCode", "ERR-CODE", "err", "x")),
    *((name, "access was denied") for name in ("error_msg", "error_message", "errorMsg", "errMsg", "externalMessage")),
    *((name, "x") for name in ("msg", "message", "detail", "description", "info", "note", "hint", "text", "remark")),
    *((name, ["x"]) for name in ("errors", "failures", "failed", "exceptions", "reasons", "warnings", "missing")),
    *((name, {"n": 1}) for name in ("error", "lastError", "fault", "failure", "problem")),
    *(
        (name, True)
        for name in ("failed", "error", "has_error", "timed_out", "denied", "unsuccessful", "not_connected")
    ),
    *((name, False) for name in ("ok", "passed", "isSuccess", "login_ok", "valid", "db_reachable", "connected")),
    *((name, 0) for name in ("ok", "passed", "is_passed", "success_count")),
    *((name, "false") for name in ("passed", "is_ok", "connected")),
    *((name, word) for name in ("result", "state", "outcome", "check_result") for word in ("FAILED", "NG", "PENDING")),
    ("success", [True, False]),
    ("errno", -1),
    ("err_no", 1045),
    ("ret_code", 1),
    ("retcode", 500),
    ("status_code", 502),
    ("http_code", 504),
    ("code", 1),
    ("code", "APIGW.0308"),
    ("failed_count", 1),
    ("connection", "down"),
    ("login", "denied"),
    ("x", "Access denied for user root"),
    ("x", "failed"),
    ("x", "time out"),
    ("x", "连接失败"),
    ("错误", "x"),
    ("isok", False),
    ("dbok", False),
    ("connok", 0),
    ("authok", "n"),
    ("sslok", "NG"),
    ("loginOk", "no"),
    ("dbokflag", "0"),
    ("loginpass", False),
    ("loginvalid", False),
    ("logInvalid", True),
    ("signInvalid", True),
    ("log_invalid", True),
    ("dbalive", 0.0),
    ("certvalid", "false"),
    ("ok_login", False),
    ("passed_checks", "off"),
    ("connectedSuccessfully", False),
    ("authorized", False),
    ("dbpassed", False),
    ("loginresult", "FAILED"),
    ("dbmessages", "2"),
    ("dbdetail", "x"),
    ("name", "the login failed"),
    ("name", "denied"),
    ("checks", [{"name": "login", "ok": False}]),
    ("hosts", [{"ip": "192.0.2.1", "result": {"passed": False}}]),
]
DEEPER: dict[str, Any] = {
    "itself": lambda member: member,
    "an object": lambda member: {"extra": member},
    "an object in a list": lambda member: {"items": [1, {"n": [member]}]},
    "objects": lambda member: {"a": {"b": {"c": {"d": member}}}},
}


def named(member: tuple[str, Any]) -> str:
    return json.dumps(member, ensure_ascii=False)


@pytest.mark.parametrize("member", HARMLESS + VENDORS, ids=named)
def test_a_member_that_states_nothing_changes_nothing_at_any_level(member):
    for deeper in DEEPER.values():
        inside = deeper(dict([member]))
        for made, outcome in ((good(**inside), passed), (ready(**inside), known)):
            made["results"][1] = {**inside, **made["results"][1]}
            assert outcome(made) == [True, True]


@pytest.mark.parametrize("member", AGAINST, ids=named)
def test_one_statement_against_a_good_answer_anywhere_and_it_is_not_believed(member):
    for deeper in DEEPER.values():
        inside = deeper(dict([member]))
        assert passed(good(**inside)) == [False, False]
        assert known(ready(**inside)) == [False, False]
        for made, outcome in ((good(), passed), (ready(), known)):
            made["results"][1] |= inside
            assert outcome(made) == [True, False]


@pytest.mark.parametrize("name", ["status", "success"])
@pytest.mark.parametrize("value", [False, 0, 1, "", "no", "FAILED", "Success!", "PENDING", [], {}, ["success"], "真"])
def test_a_result_passes_by_the_two_words_that_are_documented_and_no_other(name, value):
    answer = good()
    answer["results"][1][name] = value

    assert passed(answer) == [True, False]


TOO_LONG = {
    "blanks before the reason": {"error": " " * MAX_TEXT + "access was denied"},
    "line breaks before the reason": {"message": "\n" * 70_000 + "access was denied"},
    "one word that has no end": {"x": "x" * MAX_TEXT + "denied"},
    "a name that has no end": {"x" * MAX_NAME + "_error": "x"},
}


@pytest.mark.parametrize("name", TOO_LONG)
def test_what_is_too_long_to_be_read_whole_speaks_against_the_answer(name):
    assert passed(good(**TOO_LONG[name])) == [False, False]
    assert known(ready(**TOO_LONG[name])) == [False, False]


BROKEN_RESULTS: dict[str, Any] = {
    "an item that is no object": lambda results: [*results, None],
    "a text": lambda results: [*results, "and all of them failed"],
    "a list": lambda results: [results],
    "an empty object": lambda results: [*results, {}],
    "an item without an id": lambda results: [*results, {"status": "success"}],
    "an id that is no text": lambda results: [*results, {**results[0], "id": [results[0]["id"]]}],
    "another job": lambda results: [*results, {**results[0], "id": "00000009-2222-4333-8444-5555555jb101"}],
    "no list": lambda results: {"0": results[0]},
}


@pytest.mark.parametrize("name", BROKEN_RESULTS)
def test_an_item_that_cannot_be_read_spoils_the_answer(name):
    for made, outcome in ((good(), passed), (ready(), known)):
        results = BROKEN_RESULTS[name](made["results"])
        assert outcome({"results": results, "count": len(results)}) == [False, False]


@pytest.mark.parametrize("again", [{}, {"status": "failed", "success": False}, {"status": "CREATING"}])
def test_a_job_that_stands_twice_is_not_believed(again):
    for made, outcome in ((good(), passed), (ready(), known)):
        results = [*made["results"], {**made["results"][1], **again}]
        assert outcome({"results": results, "count": 3})[1] is False


@pytest.mark.parametrize("count", [0, 1, 3, -2, 2.5, True, False, "2", "two", [2], {"n": 2}, 10**19])
def test_a_count_that_does_not_fit_spoils_the_answer(count):
    assert passed(good(count=count)) == [False, False]
    assert known(ready(count=count)) == [False, False]


COUNTS = [
    "total_count", "totalCount", "TOTAL-COUNT", "total", "count_of_results", "resultCount", "numberOfJobs",
    "total_record", "success_count", "successNum", "succeeded-total", "passed_count", "num_results", "totalCounts",
    "returned_count",
]  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_is_known_in_every_spelling(name):
    for count in (0, 1, 3, -2, "two", True, [2]):
        assert passed(good(**{name: count})) == [False, False]
        assert known(ready(**{name: count})) == [False, False]
    for fits in (2, None):
        assert passed(good(**{name: fits})) == [True, True]
        assert known(ready(**{name: fits})) == [True, True]


@pytest.mark.parametrize("name", ["account", "discount", "page", "cur_page", "per_page", "number", "num", "country"])
def test_a_number_that_counts_no_results_is_none_of_them(name):
    assert passed(good(**{name: 7})) == [True, True]
    assert known(ready(**{name: 7})) == [True, True]


@pytest.mark.parametrize("name", ["", "\n"])
@pytest.mark.parametrize("value", ["access was denied", ["access was denied"], [{"ok": False}], {"ok": False}])
def test_a_member_without_a_name_speaks_against_an_answer_like_any_other(name, value):
    assert passed(good(**{name: value})) == [False, False]
    assert known(ready(**{name: value})) == [False, False]


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner))


@st.composite
def spoilt(draw: Any) -> dict[str, Any]:
    """A good answer with anything at all in it, and one statement against it at any place."""
    answer = good(**draw(st.dictionaries(st.sampled_from(["a", "meta", "az_code"]), JSON, max_size=2)))
    places: list[dict[str, Any]] = [answer]
    for place in places:
        for value in place.values():
            places += [value] if isinstance(value, dict) else []
            places += [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    name, value = draw(st.sampled_from(AGAINST))
    position = draw(st.integers(0, len(places) - 1))
    places[position][name] = copy.deepcopy(value)
    return answer


@settings(max_examples=150)
@given(answer=spoilt())
def test_a_statement_against_a_good_answer_is_seen_whatever_else_is_in_it(answer):
    outcome = report(answer)

    assert not outcome.passed
    assert all(verdict.passed or 0 < len(verdict.text or "") <= MAX_TEXT for verdict in outcome.endpoints)


def test_the_path_to_what_spoke_against_is_shown_and_short():
    deep: Any = {"error": "x"}
    for number in range(15):
        deep = {f"member-{number}-" + "x" * 80: deep}

    assert "its member meta.hosts contradicts" in str(report(good(meta={"hosts": [{"ok": False}]})).endpoints[0].text)
    assert len(str(report(good(**deep)).endpoints[0].text)) <= MAX_TEXT


@pytest.mark.parametrize("count", [True, False, "1", 2])
def test_a_count_that_is_not_the_number_of_the_results_is_told(count):
    assert miscount({"results": [{}], "count": count}, 1, 1)
    assert miscount({"results": [{}], "count": 1}, 1, 1) is None
