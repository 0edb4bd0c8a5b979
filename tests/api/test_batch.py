"""How a run is cut into calls, and that each verdict belongs to its endpoint."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from itertools import pairwise
from threading import Barrier, BrokenBarrierError, Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import endpoint, job_id
from virtual_time import VirtualTime
from wire import Reply, Service, all_pass

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.batch import cut_into_calls, each_host_alone, run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.model.report import Report


def client(service: Service, time: VirtualTime | None = None, **settings: Any) -> DrsClient:
    return DrsClient(service.url, "a-project", TokenAuth("a-token"), pacer=(time or VirtualTime()).pacer(), **settings)


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


def test_a_day_that_one_answer_names_holds_the_others_up_for_no_longer_than_the_user_allows():
    def one_is_unavailable(request):
        if len(service.requests) == 1:
            return Reply({"error_msg": "tomorrow"}, status=503, headers={"Retry-After": "86400"})
        return all_pass(request)

    time = VirtualTime()
    with Service(one_is_unavailable) as service, client(service, time) as drs:
        report = run_tests(
            drs, parse_endpoints([endpoint(number) for number in range(5)]), batch_size=1, max_concurrency=1
        )

    assert [verdict.passed for verdict in report.endpoints].count(False) == 1
    assert 60 < sum(time.waits) <= 600


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
def test_as_many_calls_are_under_way_at_once_as_allowed_and_no_more(max_concurrency):
    all_that_may, one_more = Barrier(max_concurrency), Barrier(max_concurrency + 1)
    too_many = []

    def held(request):
        all_that_may.wait(60)
        with suppress(BrokenBarrierError):
            # the first that waits in vain breaks it, so this takes no longer for many calls than for one
            one_more.wait(0.5)
            too_many.append(request)
        return all_pass(request)

    endpoints = parse_endpoints([endpoint(number) for number in range(12)])

    with Service(held) as service, client(service) as drs:
        report = run_tests(drs, endpoints, batch_size=1, max_concurrency=max_concurrency)

    assert report.passed
    assert too_many == []


def test_only_what_failed_is_tested_again_after_the_delay_and_attempts_are_counted():
    tested: Counter[str] = Counter()

    def the_firewall_opens_at_the_third_try(request):
        (entry,) = request.entries
        tested[entry["id"]] += 1
        if entry["id"] == job_id(1) or tested[entry["id"]] == 3:
            return all_pass(request)
        return Reply({"results": [{"id": entry["id"], "status": "failed", "error_msg": "closed"}], "count": 1})

    time = VirtualTime()
    endpoints = parse_endpoints([endpoint(1), endpoint(2)])

    with Service(the_firewall_opens_at_the_third_try) as service, client(service, time) as drs:
        report = run_tests(drs, endpoints, batch_size=1, retest_attempts=5, retest_delay=40)

    assert report.passed
    assert [verdict.attempts for verdict in report.endpoints] == [1, 3]
    assert time.waits == [40, 40]


def test_nothing_is_tested_again_unless_asked_for():
    failed = Reply({"results": [{"id": job_id(1), "status": "failed"}], "count": 1})

    with Service(lambda request: failed) as service, client(service) as drs:
        report = run_tests(drs, parse_endpoints([endpoint(1)]))

    assert not report.passed
    assert len(service.requests) == 1


@pytest.mark.parametrize("code", ["APIGW.0301", "X.1"], ids=["of a known code", "of a code that nobody knows"])
def test_a_refused_credential_is_not_tried_again_by_a_retest(code):
    refused = Reply({"error_code": code, "error_msg": "no"}, status=401)

    with Service(lambda request: refused) as service, client(service) as drs:
        run_tests(drs, parse_endpoints([endpoint(1)]), retest_attempts=3)

    assert len(service.requests) == 1


def test_a_wrong_password_is_not_tried_again_by_a_retest_because_that_may_lock_the_account():
    denied = {"id": job_id(1), "status": "failed", "error_code": "DRS.KE0002", "error_msg": "wrong password"}

    with Service(lambda request: Reply({"results": [denied], "count": 1})) as service, client(service) as drs:
        report = run_tests(drs, parse_endpoints([endpoint(1)]), retest_attempts=3)

    assert len(service.requests) == 1
    assert [verdict.attempts for verdict in report.endpoints] == [1]


def test_every_host_can_be_tested_by_itself_with_a_verdict_of_its_own():
    def one_host_is_dead(request):
        (entry,) = request.entries
        status = "failed" if "h2" in entry["ip"] else "success"
        failed = {"error_msg": "dead"} if status == "failed" else {}
        return Reply({"results": [{"id": entry["id"], "status": status, **failed}], "count": 1})

    replica_set = parse_endpoints([endpoint(1, db_type="mongodb", db_port=0, ip="h1:1,h2:2,h3:3")])

    with Service(one_host_is_dead) as service, client(service) as drs:
        report = run_tests(drs, each_host_alone(replica_set))

    actual = [(verdict.address, verdict.passed) for verdict in report.endpoints]
    assert actual == [("h1:1", True), ("h2:2", False), ("h3:3", True)]


def test_a_host_that_is_named_twice_is_logged_in_to_once():
    (replica_set,) = parse_endpoints([endpoint(1, db_type="mongodb", ip="h1:1,h2:2,h1:1", db_port=0)])

    assert [alone.address for alone in each_host_alone([replica_set])] == ["h1:1", "h2:2"]


def test_a_report_after_a_retest_holds_the_errors_of_the_last_run_alone():
    busy = Reply({"error_code": "DRS.M00004", "error_msg": "busy"}, status=500)

    with (
        Service(lambda request: busy if len(service.requests) == 1 else all_pass(request)) as service,
        client(service) as drs,
    ):
        report = run_tests(drs, parse_endpoints([endpoint(1)]), retest_attempts=1)

    assert report.passed
    assert report.errors == ()


def test_a_call_that_is_refused_for_the_sake_of_its_jobs_tells_each_its_own_reason():
    reasons = {job_id(1): "no such job", job_id(2): "not yours"}
    items = [{"id": job, "error_code": "DRS.M00289", "error_msg": reason} for job, reason in reasons.items()]

    with (
        Service(lambda request: Reply({"results": items, "count": 2}, status=400)) as service,
        client(service) as drs,
    ):
        report = run_tests(drs, parse_endpoints([endpoint(1), endpoint(2)]))

    assert {verdict.job_id: verdict.text for verdict in report.endpoints} == {
        job: f"DRS.M00289: {reason}" for job, reason in reasons.items()
    }


AWAY = Reply({}, status=503)


def one_after_the_other(replies: list[Reply | None], **settings: Any) -> tuple[Report, list[float]]:
    """Test an endpoint for each reply, ``None`` for a good one; return the report, and the seconds between requests."""
    time = VirtualTime()
    came = []

    def next_one(request):
        came.append(time.clock())
        return replies[len(came) - 1] or all_pass(request)

    endpoints = parse_endpoints([endpoint(number) for number in range(len(replies))])
    with Service(next_one) as service, client(service, time, **settings) as drs:
        report = run_tests(drs, endpoints, batch_size=1, max_concurrency=1)
    return report, [later - earlier for earlier, later in pairwise(came)]


def assert_about(gaps: list[float], expected: list[float]) -> None:
    for gap, at_least in zip(gaps, expected, strict=True):
        # how long a call takes is real, and no matter
        assert at_least <= gap + 0.01
        assert gap <= at_least * 1.25 + 0.75


def test_calls_to_an_unavailable_service_follow_each_other_ever_later_until_one_gets_through():
    report, gaps = one_after_the_other([AWAY, AWAY, AWAY, AWAY, None, None])

    assert_about(gaps, [1, 2, 4, 8, 0])
    assert [verdict.passed for verdict in report.endpoints] == [False] * 4 + [True, True]


def test_after_a_call_that_got_through_the_pauses_begin_anew():
    _, gaps = one_after_the_other([AWAY, AWAY, AWAY, AWAY, None, None, AWAY, None])

    assert_about(gaps, [1, 2, 4, 8, 0, 0, 1])


def test_a_time_that_an_unavailable_service_names_is_waited_for_by_the_next_call():
    _, gaps = one_after_the_other([Reply({}, status=503, headers={"Retry-After": "20"}), None])

    assert 19.9 <= gaps[0] < 21


def test_jobs_that_are_busy_say_nothing_about_the_service():
    busy = Reply({"error_code": "DRS.M01504", "error_msg": "busy"}, status=400)
    _, gaps = one_after_the_other([busy, busy, None])

    assert_about(gaps, [0, 0])


def test_a_service_that_is_there_now_and_then_is_asked_for_every_endpoint():
    report, _ = one_after_the_other([AWAY, None] * 15, max_retry_seconds=10)

    assert [verdict.passed for verdict in report.endpoints] == [False, True] * 15
    assert {verdict.attempts for verdict in report.endpoints} == {1}


def test_a_call_that_is_refused_for_good_keeps_no_other_from_being_sent():
    report, _ = one_after_the_other([Reply({"error_code": "DRS.M00202", "error_msg": "no good"}, status=400), None])

    assert [verdict.passed for verdict in report.endpoints] == [False, True]


def test_a_call_that_has_used_up_its_limits_ends_no_run_in_which_others_get_through():
    others_go_on = Event()
    came: Counter[str] = Counter()

    def the_first_is_throttled(request):
        (entry,) = request.entries
        came[entry["id"]] += 1
        if entry["id"] == job_id(0):
            assert others_go_on.wait(20)
            return Reply({}, status=429)
        if len(came) == 4:
            others_go_on.set()
        return all_pass(request)

    endpoints = parse_endpoints([endpoint(number) for number in range(12)])
    with Service(the_first_is_throttled) as service, client(service, max_attempts=1) as drs:
        report = run_tests(drs, endpoints, batch_size=1, max_concurrency=2)

    assert [verdict.job_id for verdict in report.failed] == [job_id(0)]
    assert len(came) == 12
