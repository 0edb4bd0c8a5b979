"""How a run is cut into calls, and that each verdict belongs to its endpoint."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import endpoint, job_id
from wire import Reply, Service, all_pass

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.batch import cut_into_calls, run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints


def client(service: Service) -> DrsClient:
    return DrsClient(service.url, "a-project", TokenAuth("a-token"))


def test_25_endpoints_of_25_jobs_take_three_calls():
    endpoints = parse_endpoints([endpoint(number) for number in range(25)])

    with Service() as service, client(service) as drs:
        report = run_tests(drs, endpoints)

    assert sorted(len(request.entries) for request in service.requests) == [8, 8, 9]
    assert report.passed
    assert [verdict.job_id for verdict in report.endpoints] == [job_id(number) for number in range(25)]


def test_source_and_target_of_one_job_take_two_calls_and_each_verdict_stands_on_its_side():
    def only_the_target_fails(request):
        (entry,) = request.entries
        if entry["end_point_type"] == "so":
            return all_pass(request)
        failed = {"id": entry["id"], "status": "failed", "error_code": "DRS.KE0002", "error_msg": "wrong password"}
        return Reply({"results": [failed], "count": 1})

    endpoints = parse_endpoints([endpoint(1), endpoint(1, end_point_type="ta")])

    with Service(only_the_target_fails) as service, client(service) as drs:
        report = run_tests(drs, endpoints)

    assert len(service.requests) == 2
    assert [(verdict.side, verdict.passed) for verdict in report.endpoints] == [("source", True), ("target", False)]
    assert (report.endpoints[1].code, report.endpoints[1].text) == ("DRS.KE0002", "wrong password")


def test_a_call_that_fails_takes_only_its_own_endpoints_with_it():
    def the_first_job_breaks_its_call(request):
        if job_id(0) in {entry["id"] for entry in request.entries}:
            return Reply({"error_code": "DRS.M00202", "error_msg": "no good"}, status=400)
        return all_pass(request)

    endpoints = parse_endpoints([endpoint(number) for number in range(4)])

    with Service(the_first_job_breaks_its_call) as service, client(service) as drs:
        report = run_tests(drs, endpoints, batch_size=2)

    assert len(report.failed) == 2
    assert {verdict.text for verdict in report.failed} == {"no good"}
    assert [error.code for error in report.errors] == ["DRS.M00202"]


@given(jobs=st.lists(st.integers(0, 30), max_size=80), batch_size=st.integers(1, 10))
def test_any_list_is_cut_into_as_few_calls_as_the_rules_allow(jobs, batch_size):
    endpoints = parse_endpoints([endpoint(number) for number in jobs]) if jobs else []

    calls = cut_into_calls(endpoints, batch_size)

    assert sorted(position for call in calls for position in call) == list(range(len(jobs)))
    assert all(0 < len(call) <= batch_size for call in calls)
    assert all(len({jobs[position] for position in call}) == len(call) for call in calls)
    most_of_one_job = max(Counter(jobs).values(), default=0)
    assert len(calls) == max(most_of_one_job, -(-len(jobs) // batch_size))


@pytest.mark.parametrize("max_concurrency", [1, 3])
def test_no_more_calls_are_under_way_at_once_than_allowed(max_concurrency):
    from threading import Lock

    lock, now, most = Lock(), [0], [0]

    def counted(request):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        reply = all_pass(request)
        with lock:
            now[0] -= 1
        return reply

    endpoints = parse_endpoints([endpoint(number) for number in range(12)])

    with Service(counted) as service, client(service) as drs:
        run_tests(drs, endpoints, batch_size=1, max_concurrency=max_concurrency)

    assert len(service.requests) == 12
    assert most[0] <= max_concurrency
