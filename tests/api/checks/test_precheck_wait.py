"""No result of an earlier run counts for the run that was requested, and no error of one job ends another's wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prechecks import JOB, alarm, failed, finished, read, red, running
from samples import job_id

from airflow_provider_drs.api.checks.precheck_wait import GIVEN_UP_AFTER, SHOWN_AFTER, PrecheckWait, watched
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsError,
    DrsPermissionError,
    DrsStoppedError,
    DrsUnavailableError,
)
from airflow_provider_drs.api.model.precheck import PrecheckRequest, PrecheckResult

OTHER = job_id(2)
PATIENCE = 600.0
GREEN, RED, RUNNING = read(finished()), read(red()), read(running())
NEVER_RUN = read({"precheck_id": JOB, "error_code": "X.1", "error_msg": "no pre-check"})
NOTHING_YET = read({"precheck_id": JOB, "process": "0%", "result": False})
BUSY = DrsUnavailableError("busy", code="DRS.M00004", http_status=500)
ACCEPTED = PrecheckRequest(JOB, True)
LOST = PrecheckRequest(JOB, None, text="the answer was lost")


def wait_for(before, request=ACCEPTED, requested_at=0.0):
    return PrecheckWait(**watched({JOB: request}, {JOB: before}), requested_at=requested_at)


def polls(wait, *answers, every=1.0, start=0.0):
    """Return the final result of the job, and the moment of the poll that brought it, or nothing."""
    for number, answer in enumerate(answers):
        now = start + number * every
        if wait.judge({JOB: answer}, now, PATIENCE, now).done:
            return wait.results[JOB], now
    return None


# --- which run a result is of ---


@pytest.mark.parametrize(
    "before", [GREEN, RED, NEVER_RUN, NOTHING_YET], ids=["green", "red", "never run", "nothing yet"]
)
def test_a_result_that_differs_from_the_one_before_the_request_is_new_at_once(before):
    new = read(finished(alarm("srcCollHasTtlIndex")))

    assert polls(wait_for(before), new) == (new, 0)


def test_the_old_result_is_not_taken_before_the_check_was_below_100_percent():
    assert polls(wait_for(GREEN), *[GREEN] * 29) is None


def test_a_result_like_the_old_one_is_new_when_it_follows_a_running_check_twice():
    assert polls(wait_for(GREEN), GREEN, RUNNING, GREEN, GREEN) == (GREEN, 3)


def test_one_late_answer_after_a_running_check_is_not_taken_for_the_result():
    assert polls(wait_for(GREEN), RUNNING, GREEN, RUNNING, GREEN, RED) == (RED, 4)


def test_a_result_like_the_old_one_counts_when_30_seconds_have_passed_since_the_request():
    assert polls(wait_for(GREEN), *[GREEN] * 40) == (GREEN, SHOWN_AFTER)
    assert polls(wait_for(RED), *[RED] * 40) == (RED, SHOWN_AFTER)


@pytest.mark.parametrize("before", [RUNNING, BUSY], ids=["a run under way", "not known"])
def test_if_a_run_was_under_way_or_nothing_is_known_no_result_counts_for_30_seconds(before):
    assert polls(wait_for(before), RUNNING, *[GREEN] * 40) == (GREEN, SHOWN_AFTER)


@pytest.mark.parametrize("code", ["DRS.M00004", "DRS.M01504", "DRS.M01503"])
def test_if_drs_was_too_busy_to_tell_the_old_result_it_is_not_taken_for_the_new_one(code):
    too_busy = read({"precheck_id": JOB, "error_code": code, "error_msg": "later"})

    assert polls(wait_for(too_busy), *[GREEN] * 29) is None
    assert polls(wait_for(too_busy), *[GREEN] * 40) == (GREEN, SHOWN_AFTER)


def test_a_poll_that_began_before_the_request_means_nothing():
    wait = wait_for(GREEN, requested_at=100.0)

    assert not wait.judge({JOB: RED}, 101, PATIENCE, 99.9).done
    assert wait.judge({JOB: RED}, 101, PATIENCE, 100).done


def test_what_counts_is_when_the_question_began_and_not_when_the_answer_came():
    wait = wait_for(GREEN)

    assert not wait.judge({JOB: GREEN}, SHOWN_AFTER + 60, PATIENCE, SHOWN_AFTER - 0.1).done


@given(
    st.lists(st.floats(0.5, 60), min_size=3, max_size=40),
    st.floats(0, SHOWN_AFTER - 0.01),
    st.floats(0, 600),
    st.lists(st.integers(0, 20), max_size=6),
    st.sampled_from([finished(), finished(alarm("a"))]),
    st.sampled_from([red(), red(failed("b")), finished(total_passed_rate="99%")]),
)
def test_whatever_the_timing_an_old_green_result_is_never_taken_for_the_new_one(
    pauses, shown, lasts, faulty, green, new
):
    """DRS shows the old result until ``shown``, then a run that ``lasts``, then the new result; some polls fail."""
    old, final = read(green), read(new)
    wait = wait_for(old)
    now, number = 0.0, 0
    while JOB not in wait.results:
        answer: PrecheckResult | DrsError
        if number in faulty:
            answer = BUSY
        elif now < shown:
            answer = old
        else:
            answer = read(running(f"{(now - shown) / (lasts + 1) * 99:.0f}%")) if now < shown + lasts else final
        wait.judge({JOB: answer}, now, PATIENCE, now)
        now += pauses[number % len(pauses)]
        number += 1

    assert wait.results[JOB] == final


@given(st.permutations([GREEN, RUNNING, RUNNING, RED]), st.floats(0.1, 7))
def test_in_whatever_order_its_answers_come_an_old_green_result_is_never_taken_for_the_new_one(answers, every):
    taken = polls(wait_for(GREEN), *answers, every=every)

    assert taken is not None
    assert taken[0] == RED


@given(st.lists(st.sampled_from([GREEN, RUNNING]), max_size=10), st.floats(0, 600))
def test_a_trigger_that_starts_again_takes_no_old_result_either(seen, later):
    watch = watched({JOB: ACCEPTED}, {JOB: GREEN})
    for answer in sorted(seen, key=lambda result: result is RUNNING):
        again = PrecheckWait(**watch, requested_at=0.0)
        assert not again.judge({JOB: answer}, 0, PATIENCE, 0).done
    last = PrecheckWait(**watch, requested_at=0.0)
    last.judge({JOB: RED}, later, PATIENCE, later)

    assert last.results == {JOB: RED}


# --- a request whose answer was lost ---


def test_a_job_that_was_refused_is_not_waited_for():
    assert watched({JOB: PrecheckRequest(JOB, False)}, {JOB: GREEN}) == {"before": {}, "uncertain": {}}


def test_after_a_lost_answer_a_run_that_shows_is_waited_for():
    running_for_long = [RUNNING] * 200

    assert polls(wait_for(GREEN, LOST), GREEN, *running_for_long, RED) == (RED, 201)
    assert polls(wait_for(GREEN, LOST), GREEN, RED) == (RED, 1)
    assert polls(wait_for(GREEN, LOST), GREEN, RUNNING, GREEN, GREEN) == (GREEN, 3)


@pytest.mark.parametrize("before", [GREEN, RED, NEVER_RUN, RUNNING, BUSY])
def test_after_a_lost_answer_it_is_not_known_whether_there_is_a_run_if_none_shows_for_60_seconds(before):
    answer = before if isinstance(before, PrecheckResult) else GREEN
    taken = polls(wait_for(before, LOST), *[answer] * 100)

    assert taken is not None
    result, moment = taken
    assert moment == GIVEN_UP_AFTER
    assert (result.affirmed, result.finished) == (False, True)
    assert result.text == "it is not known whether DRS runs the pre-check: the answer was lost"


# --- errors, and the end of the time ---


def test_an_error_that_passes_ends_no_wait_and_one_that_lasts_ends_that_of_its_job():
    wait = PrecheckWait({JOB: GREEN.digest, OTHER: "sha256:0"}, {}, 0)
    gone = DrsAnswerError("leaves it out")

    assert not wait.judge({JOB: RUNNING, OTHER: gone}, 0, 100, 0).done
    assert not wait.judge({JOB: RUNNING, OTHER: gone}, 99, 100, 99).done
    assert not wait.judge({JOB: RUNNING, OTHER: gone}, 100, 100, 100).done
    assert wait.job_ids == [JOB]
    assert wait.judge({JOB: RED}, 101, 100, 101).done
    assert wait.results[OTHER].text == "leaves it out"
    assert (wait.results[JOB], wait.errors) == (RED, [gone])


def test_what_no_waiting_heals_ends_the_wait_at_once_with_a_result_for_every_job():
    wait = PrecheckWait({JOB: GREEN.digest, OTHER: "sha256:0"}, {}, 0)
    refused = DrsPermissionError("no", code="DRS.M00103")

    assert wait.judge({JOB: refused, OTHER: refused}, 0, PATIENCE, 0).done
    assert {result.code for result in wait.results.values()} == {"DRS.M00103"}
    assert wait.errors == [refused]


def test_a_stopped_client_ends_the_wait_with_its_error():
    with pytest.raises(DrsStoppedError):
        wait_for(GREEN).judge({JOB: DrsStoppedError()}, 0, PATIENCE, 0)


def test_when_the_time_is_up_each_job_without_a_result_says_so_with_its_progress():
    wait = PrecheckWait({JOB: GREEN.digest, OTHER: "sha256:0"}, {}, 0)
    wait.judge({JOB: RUNNING, OTHER: read(red())}, 0, PATIENCE, 0)

    wait.expire(3600)

    late = wait.results[JOB]
    assert (late.text, late.process) == ("the pre-check has not finished within 3600 s", "35%")
    assert not late.affirmed
    assert wait.results[OTHER].digest == read(red()).digest
    assert wait.unanswered == {JOB}


def test_when_the_time_is_up_during_a_fault_the_result_says_what_it_was():
    wait = PrecheckWait({JOB: GREEN.digest}, {}, 0)
    wait.judge({JOB: BUSY}, 1, PATIENCE, 1)

    wait.expire(3)

    assert (
        wait.results[JOB].text
        == f"the pre-check has not finished within 3 s; DRS could not be asked at last: {BUSY.text}"
    )


def test_the_news_says_by_what_a_result_was_recognised_and_when_drs_cannot_be_asked():
    jobs = {job_id(number): GREEN.digest for number in range(5)}
    wait = PrecheckWait(jobs, {}, 0)
    news = [
        wait.judge(dict.fromkeys(jobs, GREEN), 0, PATIENCE, 0).news,
        wait.judge(dict.fromkeys(jobs, BUSY), 1, PATIENCE, 1).news,
        wait.judge(dict.fromkeys(jobs, BUSY), 2, PATIENCE, 2).news,
        wait.judge(dict.fromkeys(jobs, GREEN) | {job_id(0): RED}, 3, PATIENCE, 3).news,
        wait.judge(dict.fromkeys(jobs, GREEN), 31, PATIENCE, 31).news,
    ]

    assert news == [
        "",
        f"The wait goes on, although DRS could not be asked: {BUSY}",
        "",
        f"{job_id(0)}: the result is new, because it differs from the one before the request. "
        "1 of 5 pre-checks have their result.",
        f"{job_id(1)}, {job_id(2)}, {job_id(3)} and 1 more: the result counts as new, because 30 s have passed since "
        "the request. 5 of 5 pre-checks have their result.",
    ]


def test_after_a_fault_the_next_poll_comes_sooner_but_not_before_the_time_that_drs_names():
    wait = wait_for(GREEN)

    assert wait.pause(10) == 10
    wait.judge({JOB: BUSY}, 0, PATIENCE, 0)
    assert 1 <= wait.pause(10) <= 1.25
    wait.judge({JOB: DrsUnavailableError("busy", retry_after=50)}, 1, PATIENCE, 1)
    assert wait.pause(10) == 50
    wait.judge({JOB: RUNNING}, 2, PATIENCE, 2)
    assert wait.pause(10) == 10
