"""Property-based: whatever DRS answers about pre-checks, each job has a verdict, and passes only if DRS affirms it."""

from __future__ import annotations

import json
from datetime import date

import pytest
from any_json import VALUES, a_list, an_object, written
from hypothesis import given, settings
from hypothesis import strategies as st
from prechecks import finished, item
from samples import job_id
from virtual_time import VirtualTime
from wire import Reply, Service

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.checks.precheck import judge_job, of_request
from airflow_provider_drs.api.checks.precheck_report import PrecheckReport
from airflow_provider_drs.api.checks.precheck_wait import PrecheckWait, watched
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.model.precheck import PrecheckRequest, result_from_dict, result_of_error
from airflow_provider_drs.api.texts import MAX_TEXT

JOBS = [job_id(1), job_id(2)]
TODAY = date(2026, 11, 27)
NAMED = st.sampled_from([written(job) for job in JOBS]) | VALUES
ITEM_MEMBERS = st.sampled_from(["failed_reason", "raw_error_msg", "data", "group", "failed_sub_jobs", "x", "error"])
ITEMS = st.builds(
    lambda name, result, more: an_object([("item", name), ("result", result), *more]),
    st.sampled_from([written(name) for name in "abc"]) | VALUES,
    st.sampled_from([written(word) for word in ("PASSED", "PASSED", "ALARM", "FAILED", "")]) | VALUES,
    st.lists(st.tuples(ITEM_MEMBERS, VALUES), max_size=2),
)
ENTRIES = st.builds(
    lambda job, process, rate, result, items, more: an_object(
        [
            *(("precheck_id", job), ("process", process), ("total_passed_rate", rate), ("result", result)),
            *(("precheck_result", items), *more),
        ]
    ),
    NAMED,
    st.just('"100%"') | VALUES,
    st.just('"100%"') | VALUES,
    st.just("true") | VALUES,
    st.lists(ITEMS | VALUES, max_size=3).map(a_list) | VALUES,
    st.lists(st.tuples(st.sampled_from(["error_code", "error_msg", "x", "status"]), VALUES), max_size=1),
)
BODIES = st.lists(ENTRIES | VALUES, max_size=3).map(lambda entries: an_object([("results", a_list(entries))])) | VALUES


@pytest.fixture(scope="module")
def service():
    with Service() as service:
        yield service


def client(service):
    return DrsClient(service.url, "p", TokenAuth("t"), max_attempts=1, pacer=VirtualTime().pacer())


def affirmed(job: str, body: bytes) -> bool:
    """Return whether an answer has one whole result about a job, whose items have all passed."""
    about = [
        entry for entry in json.loads(body)["results"] if isinstance(entry, dict) and entry.get("precheck_id") == job
    ]
    items = about[0]["precheck_result"] if len(about) == 1 else []
    return (
        len(about) == 1
        and about[0]["result"] is True
        and about[0]["process"].startswith("100")
        and about[0]["total_passed_rate"].startswith("100")
        and bool(items)
        and all(entry["result"] == "PASSED" for entry in items)
        and len({entry["item"] for entry in items}) == len(items)
    )


@settings(max_examples=100)
@given(body=BODIES)
def test_any_answer_leads_to_a_report_in_which_a_job_passes_only_if_drs_affirms_it(service, body):
    service.answer = lambda request: Reply(raw=body.encode())
    with client(service) as drs:
        results = drs.precheck_results(JOBS)
    wait = PrecheckWait(dict.fromkeys(JOBS), {}, 0)
    wait.judge(results, 0, 0, 0)
    wait.judge(results, 30, 0, 30)

    wait.expire(30)
    finals = wait.results
    assert list(results) == JOBS
    assert set(finals) == set(JOBS)
    for result in finals.values():
        again = result_from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
        assert again.digest == result.digest
    report = PrecheckReport(tuple(judge_job(finals[job], [], TODAY) for job in JOBS), list_all=True)
    content = report.to_dict()
    for job in content["jobs"]:
        assert affirmed(job["job_id"], body.encode()) if job["passed"] else job["text"]
        assert all(len(text) <= MAX_TEXT for text in job.values() if isinstance(text, str))
    del content["summary"]
    assert json.dumps(content, allow_nan=False, ensure_ascii=False).isprintable()
    assert str(report.failure()).replace("\n", "").isprintable()


@settings(max_examples=50)
@given(
    body=st.lists(
        st.builds(
            lambda job, status, more: an_object([("id", job), ("status", status), *more]),
            NAMED,
            st.sampled_from(['"success"', '"failed"']) | VALUES,
            st.lists(st.tuples(st.sampled_from(["precheck_id", "error_code", "error_msg", "x"]), VALUES), max_size=2),
        ),
        max_size=3,
    ).map(lambda entries: an_object([("results", a_list(entries))]))
    | VALUES
)
def test_any_answer_to_a_request_says_for_each_job_whether_it_was_accepted(service, body):
    service.answer = lambda request: Reply(raw=body.encode())
    with client(service) as drs:
        requests = drs.request_prechecks(JOBS, "forStartJob")

    looked_up = dict.fromkeys(JOBS, DrsError("no"))
    assert list(requests) == JOBS
    assert all(isinstance(request, PrecheckRequest) for request in requests.values())
    assert all(request.accepted or request.text for request in requests.values())
    assert json.dumps(watched(requests, looked_up), ensure_ascii=False).isprintable()
    assert all(of_request(request).text for request in requests.values())


def test_the_answers_above_can_pass(service):
    body = json.dumps({"results": [finished(item("a"), job=JOBS[0])]}).encode()
    service.answer = lambda request: Reply(raw=body)
    with client(service) as drs:
        results = drs.precheck_results(JOBS)

    assert affirmed(JOBS[0], body)
    passed, left_out = results.values()
    assert not isinstance(passed, DrsError)
    assert judge_job(passed, [], TODAY).passed
    assert isinstance(left_out, DrsError)
    assert not judge_job(result_of_error(JOBS[1], left_out), [], TODAY).passed
