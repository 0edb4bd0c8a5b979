"""A job has passed its pre-check only if DRS affirms all of it, and somebody accepts each alarm."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prechecks import GREEN, JOB, alarm, failed, finished, item, read, red, running
from samples import job_id

from airflow_provider_drs.api.checks.precheck import judge_job, of_request, remarks
from airflow_provider_drs.api.checks.waivers import Waiver
from airflow_provider_drs.api.model.precheck import PrecheckRequest

TODAY = date(2026, 11, 27)


def waiver(name="a", days=30, job=None):
    return Waiver(name, "agreed", TODAY + timedelta(days), job, "Ada")


def verdict(entry, *waivers, **settings):
    return judge_job(read(entry), waivers, TODAY, **settings)


def test_a_job_passes_whose_items_have_all_passed():
    assert verdict(finished()).passed
    assert verdict(finished()).text is None


def test_an_alarm_stops_its_job_unless_it_is_waived_or_every_alarm_may_pass():
    entry = finished(alarm("a"))

    assert not verdict(entry).passed
    assert not verdict(entry, waiver("b")).passed
    assert not verdict(entry, waiver(job=job_id(2))).passed
    assert verdict(entry, waiver()).passed
    assert verdict(entry, waiver(job=JOB)).passed
    assert verdict(entry, on_alarm="pass").passed


def test_each_alarm_needs_a_waiver_of_its_own():
    assert not verdict(finished(alarm("a"), alarm("b")), waiver("a")).passed
    assert verdict(finished(alarm("a"), alarm("b")), waiver("a"), waiver("b")).passed


def test_a_waiver_counts_on_its_last_day_and_no_day_longer():
    entry = finished(alarm("a"))

    assert verdict(entry, waiver(days=0)).passed
    expired = verdict(entry, waiver(days=-1))
    assert not expired.passed
    assert "The waiver for it expired on 2026-11-26." in expired.stopped_by[0].explanation


@pytest.mark.parametrize(
    "entry",
    [
        red(failed("a")),
        finished(failed("a")),
        finished(item("a", "")),
        finished(item("a", None)),
        finished(item("a", "UNKNOWN")),
        finished(item("a", "alarm")),
        finished(alarm("a"), alarm("a")),
        finished(alarm("a", failed_sub_jobs=[{"id": "1", "check_result": "FAILED"}])),
        finished(alarm("a"), result=False),
        finished(alarm("a"), total_passed_rate="99%"),
        finished(alarm("a"), process="99%"),
        finished(alarm("a"), error_code="DRS.M00004", error_msg="broken"),
        running(),
    ],
)
def test_neither_a_waiver_nor_letting_every_alarm_pass_helps_against_anything_but_an_alarm(entry):
    assert not verdict(entry, waiver(), waiver(job=JOB), on_alarm="pass").passed


RESULTS = ["PASSED", "ALARM", "FAILED", "", None, "passed", 7, ["PASSED"]]
PERCENTS = ["100%", "99%", "0%", None, ""]


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(RESULTS)), max_size=4),
    st.sampled_from([True, False, None]),
    st.sampled_from(PERCENTS),
    st.sampled_from(PERCENTS),
    st.sets(st.sampled_from(["a", "b", "c"])),
    st.sampled_from(["fail", "pass"]),
)
def test_whatever_drs_answers_a_job_passes_by_the_written_rule_alone(items, allowed, process, rate, waived, on_alarm):
    entry = {"precheck_id": JOB, "process": process, "total_passed_rate": rate, "result": allowed}
    entry["precheck_result"] = [item(name, result) for name, result in items]
    names = [name for name, _ in items]
    affirmed = allowed is True and process == rate == "100%" and bool(items) and len(set(names)) == len(names)
    accepted = all(
        result == "PASSED" or (result == "ALARM" and (name in waived or on_alarm == "pass")) for name, result in items
    )

    assert verdict(entry, *map(waiver, waived), on_alarm=on_alarm).passed == (affirmed and accepted)


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (red(failed("a", "A_IS_OFF"), alarm("b", "B_LOW")), "a FAILED [A_IS_OFF], b ALARM [B_LOW]"),
        (finished(item("a", "")), "a without a result"),
        (finished(failed("a")), "the result allows the start, although an item has failed; a FAILED [X_IS_WRONG]"),
        (finished(GREEN[0]), "the item srcDbConnection has 2 results"),
        (finished(precheck_result=[]), "the result holds no item"),
        (finished(result=False), "DRS does not allow the start"),
        (finished(result=None), "DRS does not say whether it allows the start"),
        (finished(total_passed_rate="98%"), "the rate of passed items is 98%"),
        (finished(total_passed_rate=None), "the rate of passed items is not in the answer"),
        (finished(error_code="X.1", error_msg="broken"), "broken"),
        (running(), "the pre-check has not finished: 35%"),
        ({"precheck_id": JOB}, "the pre-check has not finished: it has not begun"),
    ],
)
def test_a_job_that_has_not_passed_says_why(entry, text):
    assert verdict(entry).text == text


def test_a_job_whose_check_was_refused_has_code_text_and_hint_of_the_refusal():
    request = PrecheckRequest(JOB, False, "DRS.M00304", "wrong status", "wait for it", "r-1")
    refused = judge_job(of_request(request), [], TODAY, tested=False)

    assert (refused.passed, refused.text, refused.tested) == (False, "wrong status", False)
    assert (refused.result.code, refused.result.hint, refused.result.request_id) == ("DRS.M00304", "wait for it", "r-1")
    assert (refused.retryable, refused.not_ready) == (False, True)


def test_a_waiver_that_has_no_effect_is_told_with_the_reason():
    verdicts = [verdict(red(alarm("a"), failed("b")), waiver("a"))]
    waivers = [waiver("a"), waiver("b"), waiver("c"), waiver("d", -1), waiver("a", job=job_id(2))]

    assert remarks(verdicts, waivers, TODAY) == [
        "The waiver for b does not help: the item has failed, and only alarms are waived.",
        "The waiver for c was not needed: there was no such alarm.",
        "The waiver for d expired on 2026-11-26 and counts for nothing.",
        f"The waiver for a of {job_id(2)} was not needed: there was no such alarm.",
    ]
