"""``batchCheckResults``: each job has the one result that DRS gave of it, whatever is odd about another."""

from __future__ import annotations

import json
from typing import Any

import pytest
from calls import PROJECT, client, times_sent
from hypothesis import given
from hypothesis import strategies as st
from prechecks import GREEN, JOB, alarm, failed, finished, item, read, read_all, red, running
from samples import job_id
from wire import Reply, Request, Service

from airflow_provider_drs.api.errors import DrsAnswerError, DrsUnavailableError
from airflow_provider_drs.api.model.precheck import PrecheckResult, result_from_dict
from airflow_provider_drs.api.texts import LEFT_OUT, MAX_TEXT

OTHER, STRANGER = job_id(2), job_id(9)


def all_finished(request: Request) -> Reply:
    results = [finished(job=job) for job in request.json["jobs"]]
    return Reply({"results": results, "count": len(results)})


# --- what is asked ---


def test_the_results_are_asked_for_as_the_vendors_page_shows_it():
    with Service(all_finished) as service, client(service) as drs:
        drs.precheck_results([JOB])

    (request,) = service.requests
    assert (request.method, request.path) == ("POST", f"/v3/{PROJECT}/jobs/batch-precheck-result")
    assert request.json == {"jobs": [JOB]}


def test_a_round_over_a_thousand_checks_takes_ten_calls():
    jobs = [job_id(number) for number in range(1000)]

    with Service(all_finished) as service, client(service) as drs:
        results = drs.precheck_results(jobs)

    assert len(service.requests) == 10
    assert list(results) == jobs
    assert all(isinstance(result, PrecheckResult) and result.affirmed for result in results.values())


# --- how a result is read ---


def test_a_running_check_has_its_progress_and_perhaps_items_without_a_result():
    items = [item("srcDbConnection"), item("dstDbConnection", ""), {"item": "dstDbDiskSize"}]
    result = read({**running("60%"), "precheck_result": items})

    assert (result.process, result.finished, result.affirmed, result.faults) == ("60%", False, False, ())
    assert [(one.item, one.result) for one in result.items] == [
        ("srcDbConnection", "PASSED"),
        ("dstDbConnection", ""),
        ("dstDbDiskSize", ""),
    ]


def test_a_finished_check_has_its_items_with_group_reason_and_the_texts_of_the_databases():
    entry = failed("srcDbBinlogIsOff", "BINLOG_OFF", raw_error_msg="log_bin is OFF", data='{"a": 1}', group="db_params")
    result = read(red(entry))

    assert (result.finished, result.allowed, result.rate, result.request_id) == (True, False, "66%", "r-1")
    last = result.items[-1]
    assert (last.item, last.group, last.result, last.reason) == (
        "srcDbBinlogIsOff",
        "db_params",
        "FAILED",
        "BINLOG_OFF",
    )
    assert last.text == 'log_bin is OFF {"a": 1}'


@pytest.mark.parametrize("whole", ["100%", "100.0%", "100.00%"])
def test_a_check_is_affirmed_that_is_whole_in_every_number_and_allows_the_start(whole):
    assert read(finished(process=whole, total_passed_rate=whole)).affirmed
    assert read(finished(alarm("srcCollHasTtlIndex"))).affirmed


NOT_AFFIRMED: dict[str, dict[str, Any]] = {
    "result is false": {"result": False},
    "result is absent": {"result": None},
    "result is empty": {"result": ""},
    "rate below": {"total_passed_rate": "99%"},
    "rate just below": {"total_passed_rate": "99.99%"},
    "rate absent": {"total_passed_rate": None},
    "rate empty": {"total_passed_rate": ""},
    "progress below": {"process": "99.9%"},
    "progress absent": {"process": None},
    "no items": {"precheck_result": []},
    "items absent": {"precheck_result": None},
    "an error code": {"error_code": "DRS.M00004"},
    "an error text": {"error_msg": "the check has failed"},
    "an unknown member that speaks of a failure": {"fail_msg": "broken"},
    "an item twice": {"precheck_result": [*GREEN, GREEN[0]]},
    "an item twice with two results": {"precheck_result": [*GREEN, item("srcDbConnection", "ALARM")]},
    "a failed item": {"precheck_result": [*GREEN, failed("srcDbBinlogIsOff")]},
}


@pytest.mark.parametrize("name", NOT_AFFIRMED)
def test_a_check_is_not_affirmed_with(name):
    result = read({**finished(), **NOT_AFFIRMED[name]})

    assert not result.affirmed


ODD_JOBS: dict[str, dict[str, Any]] = {
    "result is a text": {"result": "true"},
    "result is a number": {"result": 1},
    "progress above 100": {"process": "101%"},
    "progress without a sign": {"process": "100"},
    "progress is a number": {"process": 100},
    "progress with a blank": {"process": "100 %"},
    "progress is a word": {"process": "done"},
    "rate is negative": {"total_passed_rate": "-1%"},
    "rate is a number": {"total_passed_rate": 1.0},
    "items are an object": {"precheck_result": {"item": "srcDbConnection"}},
    "items are a text": {"precheck_result": "PASSED"},
}


@pytest.mark.parametrize("name", ODD_JOBS)
def test_what_is_odd_about_one_job_is_an_error_of_that_job_alone(name):
    actual = read_all({**finished(), **ODD_JOBS[name]}, finished(job=OTHER))

    assert isinstance(actual[JOB], DrsAnswerError)
    assert JOB in str(actual[JOB])
    other = actual[OTHER]
    assert isinstance(other, PrecheckResult)
    assert other.affirmed


@pytest.mark.parametrize(
    ("entries", "text"),
    [([], "0 results for"), ([finished(), finished()], "2 results for"), ([finished(), red()], "2 results for")],
)
def test_a_job_without_one_result_has_an_error_and_the_others_have_theirs(entries, text):
    payload = {"results": [*entries, finished(job=OTHER)]}
    with Service(lambda request: Reply(payload)) as service, client(service) as drs:
        actual = drs.precheck_results([JOB, OTHER])

    assert isinstance(actual[JOB], DrsAnswerError)
    assert text in str(actual[JOB])
    assert isinstance(actual[OTHER], PrecheckResult)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"results": [finished(), finished(job=STRANGER)]}, f"speaks of {STRANGER}"),
        ({"results": [finished(), {"id": OTHER, "process": "100%"}]}, "names no job"),
        ({"results": [finished(), None]}, "names no job"),
        ({"results": [finished(), finished(job=JOB + "\n")]}, "was not asked about"),
        ({"results": [finished()], "count": 7}, "counts 7"),
    ],
)
def test_an_answer_that_is_odd_as_a_whole_is_believed_about_no_job(payload, text):
    with Service(lambda request: Reply(payload)) as service, client(service) as drs:
        actual = drs.precheck_results([JOB, OTHER])

    assert all(isinstance(error, DrsAnswerError) and text in str(error) for error in actual.values())


ODD_ITEMS: dict[str, dict[str, Any]] = {
    "empty": {"result": ""},
    "null": {"result": None},
    "another case": {"result": "passed"},
    "a blank": {"result": " PASSED"},
    "a line break": {"result": "PASSED\n"},
    "another word": {"result": "SUCCESS"},
    "a truth value": {"result": True},
    "a number": {"result": 1},
    "a list": {"result": ["PASSED"]},
    "an object": {"result": {"PASSED": True}},
    "an alarm in another case": {"result": "Alarm"},
    "passed beside a reason": {"result": "PASSED", "failed_reason": "SOMETHING_IS_WRONG"},
    "passed beside an error": {"result": "PASSED", "raw_error_msg": "access denied"},
    "passed beside a failed child": {"result": "PASSED", "failed_sub_jobs": [{"id": "1", "check_result": "FAILED"}]},
    "passed beside an unknown failure": {"result": "PASSED", "error": "E1"},
    "an alarm beside a failed child": {"result": "ALARM", "failed_sub_jobs": [{"id": "1", "check_result": "FAILED"}]},
    "an alarm beside an odd child": {"result": "ALARM", "failed_sub_jobs": "1"},
    "an alarm beside an unknown failure": {"result": "ALARM", "error": "E1"},
    "without a name": {"item": None, "result": "PASSED"},
    "with a blank name": {"item": " ", "result": "PASSED"},
    "with a name that is no text": {"item": 7, "result": "ALARM"},
}


@pytest.mark.parametrize("name", ODD_ITEMS)
def test_an_item_has_neither_passed_nor_an_alarm_that_is(name):
    odd = read(finished({"item": "srcDbBinlogIsOff", **ODD_ITEMS[name]})).items[-1]

    assert not odd.passed
    assert not odd.alarmed


@pytest.mark.parametrize("odd", [None, "PASSED", 7, [], ["PASSED"]])
def test_an_item_that_is_no_object_has_not_passed(odd):
    assert not read(finished(odd)).items[-1].passed


@pytest.mark.parametrize(
    "members",
    [
        {"failed_reason": "", "data": "", "raw_error_msg": None, "failed_sub_jobs": []},
        {"data": "{'db': ['a', 'b']}"},
        {"failed_sub_jobs": None, "is_skipped": False, "is_support_skip": True},
    ],
)
def test_an_item_has_passed_whatever_it_leaves_empty_or_lists(members):
    assert read(finished(item("srcDbBinlogIsOff", **members))).items[-1].passed


def test_a_job_that_drs_refuses_by_itself_has_a_result_that_says_so():
    entry = {"precheck_id": JOB, "error_code": "DRS.M05004", "error_msg": "gone"}
    result = read(entry)

    assert (result.finished, result.affirmed, result.code, result.text) == (True, False, "DRS.M05004", "gone")
    assert result.hint == "The job was deleted or released: create it again."


def test_a_job_for_whose_sake_a_call_is_refused_has_a_result_and_the_others_are_asked_for_again():
    def answer(request: Request) -> Reply:
        if JOB in request.json["jobs"]:
            return Reply({"error_code": "DRS.M00202", "error_msg": "no pre-check"}, 400)
        return all_finished(request)

    with Service(answer) as service, client(service) as drs:
        actual = drs.precheck_results([JOB, OTHER, job_id(3)])

    refused = actual[JOB]
    assert isinstance(refused, PrecheckResult)
    assert (refused.finished, refused.affirmed, refused.code, refused.text) == (
        True,
        False,
        "DRS.M00202",
        "no pre-check",
    )
    others = [actual[job] for job in (OTHER, job_id(3))]
    assert all(isinstance(result, PrecheckResult) and result.affirmed for result in others)


@pytest.mark.parametrize(("repeat", "times"), [(True, 2), (False, 1)])
def test_a_read_is_repeated_after_whatever_may_heal_unless_the_caller_polls(repeat, times):
    good = Reply({"results": [finished()], "count": 1})

    assert (
        times_sent("unavailable", good, lambda service: client(service).precheck_results([JOB], repeat=repeat)) == times
    )


def test_a_call_that_fails_as_a_whole_is_the_error_of_each_of_its_jobs():
    down = Reply({"error_code": "DRS.M00004", "error_msg": "down"}, 503)
    with Service(lambda request: down) as service, client(service) as drs:
        actual = drs.precheck_results([JOB, OTHER], repeat=False)

    assert all(isinstance(error, DrsUnavailableError) for error in actual.values())


# --- what a result is recognised by ---


@given(st.permutations([*GREEN, alarm("a"), failed("b"), item("c", "")]))
def test_the_digest_does_not_depend_on_the_order_of_the_items(items):
    first = read({**running("50%"), "precheck_result": [*GREEN, alarm("a"), failed("b"), item("c", "")]})

    assert read({**running("50%"), "precheck_result": items}).digest == first.digest


def test_the_digest_does_not_depend_on_texts_or_on_the_time_of_the_answer():
    assert read(red(failed("a", raw_error_msg="1"))).digest == read(red(failed("a", raw_error_msg="2"))).digest


@pytest.mark.parametrize(
    "other",
    [
        red(),
        finished(alarm("a")),
        finished(total_passed_rate="99%"),
        finished(result=None),
        running("99%"),
        finished(error_code="X.1"),
    ],
)
def test_the_digest_of_another_finding_is_another(other):
    assert read(other).digest != read(finished()).digest


def test_a_result_survives_the_way_through_json_without_the_texts_of_databases():
    result = read(red(failed("a", raw_error_msg="a-database-says-this")))
    text = json.dumps(result.to_dict())

    assert "a-database-says-this" not in text
    assert result_from_dict(json.loads(text)).digest == result.digest
    assert result_from_dict(json.loads(text)).faults == result.faults


# --- what may be large or secret ---


def test_a_hundred_thousand_names_of_objects_spoil_no_result_and_leave_a_short_text():
    names = json.dumps([f"database.table_{number}" for number in range(100_000)])
    entries = [finished(alarm("a", data=names)), finished(job=OTHER)]

    with Service(lambda request: Reply({"results": entries, "count": 2})) as service, client(service) as drs:
        actual = drs.precheck_results([JOB, OTHER])

    first, second = actual[JOB], actual[OTHER]
    assert isinstance(first, PrecheckResult)
    assert isinstance(second, PrecheckResult)
    assert first.items[-1].alarmed
    assert len(first.items[-1].text or "") <= MAX_TEXT
    assert second.affirmed


def test_a_hundred_jobs_with_eighty_items_each_are_read_from_one_answer():
    jobs = [job_id(number) for number in range(100)]
    items = [alarm(f"item{number}", data="x" * 300, raw_error_msg="y" * 300) for number in range(78)]
    results = [finished(*items, job=job) for job in jobs]

    with Service(lambda request: Reply({"results": results, "count": 100})) as service, client(service) as drs:
        actual = drs.precheck_results(jobs)

    assert all(isinstance(result, PrecheckResult) and len(result.items) == 80 for result in actual.values())


SECRET = "s3cr3t-canary"


@pytest.mark.parametrize(
    "text",
    [
        f"cannot log in as drs/{SECRET}@db",
        f"jdbc:mysql://drs:{SECRET}@db:3306/orders refused",
        f"password={SECRET}&ssl=true",
        f"{{'user': 'drs', 'password': '{SECRET}'}}",
        f'{{"db_password" : "{SECRET}"}}',
        f"GRANT ALL TO drs IDENTIFIED BY '{SECRET}'",
        "x" * 480 + f" IDENTIFIED BY '{SECRET}'",
    ],
)
@pytest.mark.parametrize("member", ["raw_error_msg", "data"])
def test_a_database_password_that_the_caller_knows_or_that_is_written_as_one_is_not_in_the_text(text, member):
    known = () if "drs/" not in text else [SECRET]
    shown = read(finished(alarm("a", **{member: text})), secrets=known).items[-1].text or ""

    assert SECRET not in shown
    assert SECRET[:8] not in shown
    assert shown


def test_a_secret_that_the_caller_knows_is_in_no_reason_and_in_no_text_of_a_failed_check():
    result = read(red(failed("a", SECRET), error_code="X.1", error_msg=f"refused {SECRET}"), secrets=[SECRET])

    assert SECRET not in repr(result)


@pytest.mark.parametrize(
    "text",
    [
        "Access denied for user 'drs'@'203.0.113.10' (using password: YES)",
        "password authentication failed for user drs",
        "syntax error, unexpected token: SELECT",
    ],
)
def test_a_text_about_a_login_that_holds_no_password_is_kept(text):
    assert read(finished(alarm("a", raw_error_msg=text)), secrets=[SECRET]).items[-1].text == text
    assert LEFT_OUT not in text
