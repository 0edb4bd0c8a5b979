"""``batchStartJobs``: a start is sent once, and whether DRS has accepted it is known or said to be unknown."""

from __future__ import annotations

import pytest
from calls import FAILURES, PROJECT, client, times_sent
from samples import job_id
from virtual_time import VirtualTime
from wire import Reply, Request, Service

from airflow_provider_drs.api.errors import DrsStoppedError
from airflow_provider_drs.api.operations.job_start import JOB_START, start_each

ONE, TWO, STRANGER = job_id(1), job_id(2), job_id(9)
MANY = [job_id(number) for number in range(30)]
ORDER = "CS26010112345678"


def accepted(job, **members):
    return {"id": job, "status": "success", **members}


def refused(job, **members):
    return {"id": job, "status": "failed", "error_code": "DRS.M01501", "error_msg": "not checked", **members}


def answered(*items, **members) -> Reply:
    payload = {"results": list(items), "count": len(items), **members}
    return Reply(payload, 202, headers={"X-Request-Id": "r-1"})


def all_accepted(request: Request) -> Reply:
    return answered(*(accepted(entry["job_id"]) for entry in request.entries))


def starts_of(answer, job_ids=(ONE, TWO), start_time=None, **settings):
    """Return what is known of each job, and the job ids of each call."""
    with Service(answer if callable(answer) else lambda request: answer) as service, client(service, **settings) as drs:
        starts = drs.start_jobs(job_ids, start_time)
    return starts, [[entry["job_id"] for entry in request.entries] for request in service.calls("batch-starting")]


def outcomes(starts):
    return [start.accepted for start in starts.values()]


@pytest.mark.parametrize(("start_time", "members"), [(None, {}), ("1767312000000", {"start_time": "1767312000000"})])
def test_a_start_is_requested_as_the_vendors_page_shows_it_at_once_or_at_a_time(start_time, members):
    with Service(all_accepted) as service, client(service) as drs:
        drs.start_jobs([ONE], start_time)

    (request,) = service.requests
    assert (request.method, request.path) == ("POST", f"/v3/{PROJECT}/jobs/batch-starting")
    assert request.json == {"jobs": [{"job_id": ONE, **members}]}
    assert JOB_START.permission == "drs:migrationJob:action"


def test_25_jobs_take_three_calls_and_a_job_named_twice_is_started_once():
    jobs = MANY[:25]

    starts, calls = starts_of(all_accepted, [*jobs, jobs[0]])

    assert calls == [jobs[:10], jobs[10:20], jobs[20:]]
    assert {job: start.accepted for job, start in starts.items()} == dict.fromkeys(jobs, True)


def test_the_order_of_a_prepaid_job_is_kept():
    starts, _ = starts_of(answered(accepted(ONE, order_id=ORDER), accepted(TWO, order_id=None)))

    assert outcomes(starts) == [True, True]
    assert (starts[ONE].order_id, starts[TWO].order_id) == (ORDER, None)


def test_a_job_that_drs_refuses_has_code_text_hint_and_request_id_and_the_others_are_accepted():
    refusal = refused(ONE, error_code="DRS.M05004", error_msg="gone")
    starts, _ = starts_of(answered(refusal, accepted(TWO)))

    assert (starts[ONE].accepted, starts[ONE].code, starts[ONE].text) == (False, "DRS.M05004", "gone")
    assert starts[ONE].hint == "The job was deleted or released: create it again."
    assert starts[ONE].request_id == starts[TWO].request_id == "r-1"
    assert starts[TWO].accepted is True


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (accepted(ONE, error_code="DRS.M00304", error_msg="no"), "contradicts itself: status success, no"),
        (accepted(ONE, fail_reason="no"), "contradicts itself: status success, fail_reason"),
        (accepted(ONE, order_id=["x"]), "contradicts itself: status success, order_id"),
        (refused(ONE, order_id=ORDER), f"contradicts itself: status failed, order_id '{ORDER}'"),
        (accepted(ONE, status="SUCCESS"), "unknown status 'SUCCESS'"),
        (accepted(ONE, status=["success"]), "unknown status"),
        ({"id": ONE}, "unknown status None"),
    ],
)
def test_of_an_odd_result_it_is_not_known_whether_drs_starts_the_job(item, text):
    starts, _ = starts_of(answered(item, accepted(TWO)))

    assert starts[ONE].accepted is None
    assert text in (starts[ONE].text or "")
    assert starts[TWO].accepted is True


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (answered(accepted(ONE), accepted(TWO), accepted(STRANGER)), f"speaks of {STRANGER}"),
        (answered(accepted(ONE), accepted(TWO), {"id": ["x"], "status": "success"}), "names no job"),
        (answered(accepted(ONE), accepted(TWO), None), "names no job"),
        (answered(accepted(ONE), accepted(TWO), count=7), "counts 7"),
        (answered(accepted(ONE), accepted(TWO), error_code="DRS.M00304", error_msg="no"), "no"),
    ],
)
def test_of_an_odd_answer_it_is_not_known_whether_drs_starts_any_job(reply, text):
    starts, calls = starts_of(reply)

    assert outcomes(starts) == [None, None]
    assert all(text in (start.text or "") for start in starts.values())
    assert len(calls) == 1


def test_an_order_is_kept_although_the_answer_contradicts_itself():
    doubled = answered(accepted(ONE, order_id=ORDER), accepted(ONE), refused(TWO, order_id=ORDER))

    starts, _ = starts_of(doubled)

    assert outcomes(starts) == [None, None]
    assert "2 results for this job" in (starts[ONE].text or "")
    assert [start.order_id for start in starts.values()] == [ORDER, ORDER]


def test_a_job_that_the_answer_leaves_out_is_not_known_to_be_started():
    starts, _ = starts_of(answered(accepted(TWO)))

    assert outcomes(starts) == [None, True]


# --- what is repeated ---


@pytest.mark.parametrize(("failure", "times"), [("throttled", 2), ("unavailable", 1), ("lost", 1)])
def test_a_start_that_drs_may_have_accepted_is_not_sent_again(failure, times):
    good = answered(accepted(ONE), accepted(TWO))

    assert times_sent(failure, good, lambda service: client(service).start_jobs([ONE, TWO])) == times


def test_a_start_that_was_throttled_is_accepted_when_it_is_sent_again():
    replies = iter([FAILURES["throttled"], answered(accepted(ONE), accepted(TWO))])

    starts, calls = starts_of(lambda request: next(replies))

    assert outcomes(starts) == [True, True]
    assert calls == [[ONE, TWO]] * 2


def test_a_refused_connection_is_tried_again_and_means_that_no_job_was_started():
    time = VirtualTime()
    with Service() as service:
        pass
    with client(service, max_attempts=3, pacer=time.pacer()) as drs:
        starts = drs.start_jobs([ONE, TWO])

    assert outcomes(starts) == [False, False]
    assert len(time.waits) == 2


LOST = [FAILURES["lost"], FAILURES["unavailable"], Reply([], 202), Reply({"results": [], "count": 0})]


@pytest.mark.parametrize("reply", LOST, ids=["lost", "unavailable", "no object", "another good status"])
def test_after_a_lost_answer_the_jobs_of_that_call_are_unknown_and_no_other_is_started(reply):
    starts, calls = starts_of(
        lambda request: reply if request.entries[0]["job_id"] == MANY[0] else all_accepted(request), MANY
    )

    assert outcomes(starts) == [None] * 10 + [False] * 20
    assert calls == [MANY[:10]]
    assert {(start.text or "").split(":")[0] for start in list(starts.values())[10:]} == {
        "it was not sent, because the call for other jobs failed"
    }


def test_a_call_that_is_refused_with_http_400_is_not_split_and_the_next_call_follows():
    def answer(request: Request) -> Reply:
        if any(entry["job_id"] == MANY[3] for entry in request.entries):
            return Reply({"error_code": "DRS.M00202", "error_msg": "bad value"}, 400)
        return all_accepted(request)

    starts, calls = starts_of(answer, MANY)

    assert calls == [MANY[:10], MANY[10:20], MANY[20:]]
    assert outcomes(starts) == [False] * 10 + [True] * 20
    assert (starts[MANY[0]].code, starts[MANY[0]].text) == ("DRS.M00202", "bad value")


def test_of_the_jobs_that_a_refusal_does_not_name_it_is_not_known_whether_drs_starts_them():
    named = {"id": ONE, "error_code": "DRS.M00289", "error_msg": "none"}
    starts, calls = starts_of(Reply({"results": [named, accepted(TWO)], "count": 2}, 400))

    assert outcomes(starts) == [False, None]
    assert (starts[ONE].code, starts[ONE].text) == ("DRS.M00289", "none")
    assert calls == [[ONE, TWO]]


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
    starts, calls = starts_of(reply, MANY, max_attempts=1)

    assert len(calls) == 1
    assert set(outcomes(starts)) == {False}
    assert all(reply.payload["error_msg"] in (start.text or "") for start in starts.values())


@pytest.mark.parametrize(("attempts", "known"), [(0, False), (1, None)])
def test_a_start_that_was_interrupted_is_unknown_once_it_was_sent(attempts, known):
    def stopped(body):
        error = DrsStoppedError()
        error.attempts = attempts
        raise error

    starts = start_each(stopped, MANY[:11])

    assert outcomes(starts) == [known] * 10 + [False]
