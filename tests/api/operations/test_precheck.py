"""``batchCheckJobs``: a check is requested once, and whether DRS has accepted it is known or said to be unknown."""

from __future__ import annotations

import pytest
from calls import PROJECT, client, times_sent
from samples import job_id
from wire import Reply, Request, Service

from airflow_provider_drs.api.operations.precheck import MODES, PRECHECK

ONE, TWO, STRANGER = job_id(1), job_id(2), job_id(9)
LOST = Reply({}, headers={"Content-Length": "99", "Connection": "close"})


def accepted(job, **members):
    return {"id": job, "precheck_id": job, "status": "success", **members}


def all_accepted(request: Request) -> Reply:
    results = [accepted(entry["job_id"]) for entry in request.entries]
    return Reply({"results": results, "count": len(results)})


def requests_of(answer, job_ids=(ONE, TWO), mode="forStartJob", **settings):
    """Return what is known of each job, and the job ids of each call."""
    with Service(answer if callable(answer) else lambda request: answer) as service, client(service, **settings) as drs:
        requests = drs.request_prechecks(job_ids, mode)
    return requests, [[entry["job_id"] for entry in request.entries] for request in service.calls("batch-precheck")]


def results(*items, **members):
    return Reply({"results": list(items), "count": len(items), **members}, headers={"X-Request-Id": "r-1"})


@pytest.mark.parametrize("mode", MODES)
def test_a_check_is_requested_as_the_vendors_page_shows_it(mode):
    with Service(all_accepted) as service, client(service) as drs:
        drs.request_prechecks([ONE], mode)

    (request,) = service.requests
    assert (request.method, request.path) == ("POST", f"/v3/{PROJECT}/jobs/batch-precheck")
    assert request.json == {"jobs": [{"job_id": ONE, "precheck_mode": mode}]}


def test_25_jobs_take_three_calls_and_a_job_named_twice_is_checked_once():
    jobs = [job_id(number) for number in range(25)]

    requests, calls = requests_of(all_accepted, [*jobs, jobs[0]])

    assert [len(call) for call in calls] == [10, 10, 5]
    assert {job: request.accepted for job, request in requests.items()} == dict.fromkeys(jobs, True)


@pytest.mark.parametrize(
    ("item", "code", "text"),
    [
        ({"status": "failed", "error_code": "DRS.M00304", "error_msg": "wrong status"}, "DRS.M00304", "wrong status"),
        ({"status": "failed", "error_msg": "no"}, None, "no"),
        ({"status": "failed"}, None, "DRS gave no reason"),
    ],
)
def test_a_job_that_drs_refuses_has_code_and_text_and_the_others_are_accepted(item, code, text):
    requests, _ = requests_of(results({"id": ONE, **item}, accepted(TWO)))

    assert (requests[ONE].accepted, requests[ONE].code, requests[ONE].text) == (False, code, text)
    assert requests[ONE].request_id == "r-1"
    assert requests[TWO].accepted is True


def test_a_refused_job_has_the_hint_for_its_code():
    refusal = {"id": ONE, "status": "failed", "error_code": "DRS.M05004", "error_msg": "gone"}
    requests, _ = requests_of(results(refusal, accepted(TWO)))

    assert requests[ONE].hint == "The job was deleted or released: create it again."


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (accepted(ONE, error_code="DRS.M00304", error_msg="no"), "contradicts itself: status success, no"),
        (accepted(ONE, error_msg="no"), "contradicts itself: status success, no"),
        (accepted(ONE, fail_reason="no"), "contradicts itself: status success, fail_reason"),
        (accepted(ONE, precheck_id=TWO), "contradicts itself: status success, precheck_id"),
        (accepted(ONE, status="SUCCESS"), "unknown status 'SUCCESS'"),
        (accepted(ONE, status=True), "unknown status True"),
        ({"id": ONE}, "unknown status None"),
    ],
)
def test_of_an_odd_result_it_is_not_known_whether_drs_has_accepted_it(item, text):
    requests, _ = requests_of(results(item, accepted(TWO)))

    assert requests[ONE].accepted is None
    assert text in (requests[ONE].text or "")
    assert requests[TWO].accepted is True


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (results(accepted(ONE), accepted(TWO), accepted(STRANGER)), f"speaks of {STRANGER}"),
        (results(accepted(ONE), accepted(TWO), {"status": "success"}), "names no job"),
        (results(accepted(ONE), accepted(TWO), None), "names no job"),
        (results(accepted(ONE), accepted(TWO), count=7), "counts 7"),
    ],
)
def test_of_an_odd_answer_it_is_not_known_whether_drs_has_accepted_any_job(reply, text):
    requests, _ = requests_of(reply)

    assert [request.accepted for request in requests.values()] == [None, None]
    assert all(text in (request.text or "") for request in requests.values())


@pytest.mark.parametrize(("items", "times"), [([accepted(TWO)], 0), ([accepted(ONE), accepted(ONE), accepted(TWO)], 2)])
def test_a_job_without_one_result_is_not_known_to_be_accepted(items, times):
    requests, _ = requests_of(results(*items))

    assert (requests[ONE].accepted, requests[TWO].accepted) == (None, True)
    assert f"{times} results for this job" in (requests[ONE].text or "")


# --- what is repeated ---


@pytest.mark.parametrize(("failure", "times"), [("throttled", 2), ("unavailable", 1), ("lost", 1)])
def test_a_request_that_drs_may_have_accepted_is_not_sent_again(failure, times):
    good = results(accepted(ONE), accepted(TWO))

    sent = times_sent(failure, good, lambda service: client(service).request_prechecks([ONE, TWO], "forStartJob"))

    assert sent == times


@pytest.mark.parametrize("reply", [LOST, Reply({"error_code": "DRS.M00004", "error_msg": "down"}, 503), Reply([])])
def test_after_a_lost_answer_it_is_not_known_whether_drs_has_accepted_the_jobs_of_that_call_alone(reply):
    jobs = [job_id(number) for number in range(20)]

    requests, calls = requests_of(
        lambda request: reply if request.entries[0]["job_id"] == jobs[0] else all_accepted(request), jobs
    )

    assert [request.accepted for request in requests.values()] == [None] * 10 + [True] * 10
    assert calls == [jobs[:10], jobs[10:]]


def test_the_other_jobs_of_a_call_that_is_refused_for_one_are_requested_again():
    def answer(request: Request) -> Reply:
        if any(entry["job_id"] == ONE for entry in request.entries):
            return Reply({"results": [{"id": ONE, "error_code": "DRS.M00289", "error_msg": "none"}], "count": 1}, 400)
        return all_accepted(request)

    requests, calls = requests_of(answer)

    assert (requests[ONE].accepted, requests[ONE].code, requests[ONE].text) == (False, "DRS.M00289", "none")
    assert requests[TWO].accepted is True
    assert calls == [[ONE, TWO], [TWO]]


def test_a_call_that_is_refused_without_a_name_is_split_until_the_bad_job_is_alone():
    jobs = [job_id(number) for number in range(10)]

    def answer(request: Request) -> Reply:
        if any(entry["job_id"] == jobs[3] for entry in request.entries):
            return Reply({"error_code": "DRS.M00202", "error_msg": "bad value"}, 400)
        return all_accepted(request)

    requests, calls = requests_of(answer, jobs)

    assert [job for job, request in requests.items() if request.accepted] == [job for job in jobs if job != jobs[3]]
    assert (requests[jobs[3]].accepted, requests[jobs[3]].text) == (False, "bad value")
    assert sum(call == [jobs[3]] for call in calls) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"error_code": "APIGW.0301", "error_msg": "bad token"}, status=401),
        Reply({"error_code": "DRS.M00103", "error_msg": "no permission"}, status=401),
        Reply({"error_code": "APIGW.0308", "error_msg": "slow"}, status=429),
    ],
    ids=["credential", "permission", "throttled"],
)
def test_after_a_refusal_that_every_call_would_get_no_further_call_is_made(reply):
    requests, calls = requests_of(reply, [job_id(number) for number in range(30)], max_attempts=1)

    assert len(calls) == 1
    assert {request.accepted for request in requests.values()} == {False}
    assert {request.text for request in requests.values()} == {reply.payload["error_msg"]}


def test_a_call_that_fails_when_the_time_for_retries_has_passed_is_the_last():
    _, calls = requests_of(LOST, [job_id(number) for number in range(30)], max_retry_seconds=0)

    assert len(calls) == 1


def test_nothing_listening_means_that_no_job_was_accepted():
    with Service() as service:
        pass
    with client(service, max_attempts=1) as drs:
        requests = drs.request_prechecks([ONE, TWO], "forStartJob")

    assert [request.accepted for request in requests.values()] == [False, False]
    assert PRECHECK.permission == "drs:migrationJob:action"
