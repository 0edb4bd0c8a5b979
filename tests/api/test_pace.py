"""When calls start: freely until the first refusal, then below the limit, and freely again when it is long past."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_drs.api.errors import DrsThrottledError
from airflow_provider_drs.api.pace import MAX_REMEMBERED_STARTS, Pacer

LONG = 600.0
ROUNDING = 1e-6
HOUR = 3600.0


class Script:
    """A pacer in a time that stands still unless it sleeps; ``asleep`` is called in the middle of each sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []
        self.asleep: Callable[[], None] = lambda: None
        self.pacer = Pacer(lambda: self.now, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds / 2
        self.asleep()
        self.now += seconds / 2

    def starts(self, calls: int) -> list[float]:
        return [self.pacer.take_turn()[1] for _ in range(calls)]

    def gaps(self, calls: int) -> list[float]:
        return [later - earlier for earlier, later in pairwise(self.starts(calls))]

    def is_refused(self, retry_after: float | None = None, window: tuple[int, float] | None = None) -> float:
        """Take a turn, have the call refused, and return the pause."""
        turn = self.pacer.take_turn()
        return self.pacer.refused(turn, throttled(retry_after, window), LONG)


def throttled(retry_after: float | None = None, window: tuple[int, float] | None = None) -> DrsThrottledError:
    return DrsThrottledError("slow down", retry_after=retry_after, window=window, code="APIGW.0308", request_id="r-1")


@pytest.fixture
def script() -> Script:
    return Script()


def test_before_anything_is_known_eight_calls_start_at_once_and_then_one_every_10_ms(script):
    starts = script.starts(108)

    assert starts[:8] == [0.0] * 8
    assert starts[-1] == pytest.approx(1.0, abs=0.02)
    assert all(later - earlier == pytest.approx(0.01) for earlier, later in pairwise(starts[20:]))


def test_calls_that_come_one_by_one_never_wait(script):
    for _ in range(300):
        script.pacer.take_turn()
        script.now += 0.02

    assert script.naps == []


def test_after_a_refusal_calls_follow_each_other_below_the_number_let_in_during_the_second_before(script):
    turns = [script.pacer.take_turn() for _ in range(8)]
    script.now = 0.2
    pauses = [script.pacer.refused(turn, throttled(), LONG) for turn in turns[:2]]

    assert pauses[0] == pauses[1], "the second one was under way when the first was refused, so it is no news"
    assert script.gaps(5) == [pytest.approx(1 / (6 * 0.95))] * 4, "two of the eight were not let in"


def test_what_started_long_before_the_refusal_does_not_count(script):
    script.starts(8)
    script.now = 5.0
    script.starts(3)
    script.is_refused()

    assert script.gaps(3) == [pytest.approx(1 / (3 * 0.95))] * 2


def test_a_refused_call_whose_like_were_never_let_in_is_followed_once_a_second(script):
    script.is_refused()

    assert script.gaps(3) == [pytest.approx(1 / 0.95)] * 2


def test_a_limit_that_the_refusal_names_is_kept_from_below(script):
    pause = script.is_refused(window=(200, 300))

    assert 300 < pause <= 300.1
    assert script.gaps(3) == [pytest.approx(300 / (200 * 0.95))] * 2


def test_after_the_first_refusal_nobody_starts_before_the_service_is_ready_again(script):
    pause = script.is_refused(retry_after=30)

    assert 30 < pause <= 30.1
    assert script.starts(1) == [pytest.approx(pause)]


def test_a_turn_for_which_a_call_waits_is_void_when_all_are_told_to_pause_meanwhile(script):
    first = script.pacer.take_turn()
    script.starts(9)

    def refused_once() -> None:
        script.asleep = lambda: None
        script.pacer.refused(first, throttled(retry_after=30), LONG)

    script.asleep = refused_once

    assert script.starts(1)[0] >= 30


def test_a_lone_further_refusal_slows_all_down_by_a_twentieth_and_makes_nobody_pause(script):
    script.is_refused(window=(10, 10))
    (slow,) = script.gaps(2)
    turn = script.pacer.take_turn()
    script.now = turn[1] + 0.1
    script.pacer.refused(turn, throttled(), LONG)

    assert slow == pytest.approx(10 / (10 * 0.95))
    assert script.starts(1) == [pytest.approx(turn[1] + slow)]
    assert script.gaps(3) == [pytest.approx(slow * 1.05)] * 2


def test_frequent_refusals_slow_all_down_by_a_quarter_and_make_all_pause(script):
    script.is_refused(window=(100, 1))
    (fast,) = script.gaps(2)
    pauses = [script.is_refused(retry_after=20) for _ in range(3)]

    resumed = script.starts(1)[0]
    assert resumed == pytest.approx(script.now)
    assert resumed >= pauses[-1]
    assert script.gaps(3) == [pytest.approx(fast * 1.05 * 1.05 * 1.25)] * 2


def test_pauses_without_a_named_time_double_until_a_call_is_let_in(script):
    pauses = [script.is_refused() for _ in range(4)]
    script.pacer.take_turn()
    script.pacer.answered()
    pauses.append(script.is_refused())

    for pause, at_least in zip(pauses, [1, 2, 4, 8, 1], strict=True):
        assert at_least <= pause <= at_least * 1.25


def test_no_pause_and_no_interval_is_longer_than_the_caller_allows(script):
    turn = script.pacer.take_turn()

    assert script.pacer.refused(turn, throttled(retry_after=86_400, window=(1, 86_400)), 50) == 50
    assert script.gaps(3) == [pytest.approx(50)] * 2
    for _ in range(100):
        turn = script.pacer.take_turn()
        script.pacer.refused(turn, throttled(retry_after=86_400), 50)
    assert max(script.gaps(3)) <= 50.001


def test_an_interval_that_was_cut_to_what_the_caller_allows_does_not_grow_by_itself(script):
    turn = script.pacer.take_turn()
    script.pacer.refused(turn, throttled(window=(1, 86_400)), 50)
    script.now += 600

    assert script.gaps(3) == [pytest.approx(50)] * 2


def test_calls_never_follow_each_other_faster_than_at_first_even_if_the_caller_allows_no_pause(script):
    script.pacer.refused(script.pacer.take_turn(), throttled(), 0)

    assert script.gaps(3) == [pytest.approx(0.01)] * 2


def test_a_refusal_that_comes_late_does_not_undo_how_far_all_were_slowed_down_since(script):
    early = [script.pacer.take_turn() for _ in range(8)]
    script.pacer.refused(early[0], throttled(), LONG)
    script.is_refused()
    (slow,) = script.gaps(2)
    script.pacer.refused(early[1], throttled(), LONG)

    assert script.gaps(3) == [pytest.approx(slow)] * 2


def test_a_time_that_the_refusal_names_counts_for_the_pause_and_its_window_for_the_interval(script):
    pause = script.is_refused(retry_after=5, window=(10, 300))

    assert 5 < pause <= 5.1
    assert script.gaps(3) == [pytest.approx(300 / (10 * 0.95))] * 2


def test_who_would_start_after_its_deadline_gets_no_turn_and_an_error_that_says_it_was_not_sent(script):
    script.is_refused(retry_after=30)

    with pytest.raises(DrsThrottledError, match="not sent") as caught:
        script.pacer.take_turn(deadline=29)

    assert script.naps == [], "waiting would be of no use"
    assert (caught.value.attempts, caught.value.code, caught.value.request_id) == (0, "APIGW.0308", "r-1")
    assert caught.value.retry_after == pytest.approx(30, abs=0.1)


def test_a_call_without_a_turn_takes_none_from_the_others(script):
    script.is_refused(retry_after=30)
    for _ in range(50):
        with pytest.raises(DrsThrottledError):
            script.pacer.take_turn(deadline=29)

    assert script.starts(1) == [pytest.approx(30, abs=0.1)]


def test_each_minute_without_a_refusal_shrinks_the_interval_by_a_tenth_down_to_the_first_estimate(script):
    script.is_refused(window=(10, 10))
    (first,) = script.gaps(2)
    for _ in range(4):
        script.is_refused()
        script.now += 2
    (slow,) = script.gaps(2)
    after = []
    for _ in range(4):
        script.now += 60
        after.append(script.gaps(2)[0])

    assert slow == pytest.approx(first * 1.05**4)
    assert after == [pytest.approx(max(first, slow * 0.9**minutes)) for minutes in (1, 2, 3, 4)]
    assert after[-1] == pytest.approx(first)


def test_several_quiet_minutes_count_even_if_no_call_was_made_in_them(script):
    script.is_refused(window=(10, 10))
    (first,) = script.gaps(2)
    for _ in range(40):
        script.is_refused()
        script.now += 2
    (slow,) = script.gaps(2)
    script.now += 10 * 60

    assert script.gaps(2) == [pytest.approx(max(first, slow * 0.9**10))]


def test_an_hour_without_a_refusal_makes_it_as_if_there_never_was_one(script):
    script.is_refused(window=(10, 100))
    script.now += HOUR

    assert script.starts(8) == [script.now] * 8
    script.is_refused(window=(10, 10))
    assert script.gaps(2) == [pytest.approx(10 / (10 * 0.95))], "the next refusal counts as the first"


@pytest.mark.parametrize("seconds", [600.0, HOUR])
def test_a_client_that_lives_for_days_does_not_grind_to_a_halt_because_of_a_refusal_now_and_then(script, seconds):
    for _ in range(7 * 24):
        script.is_refused()
        script.pacer.answered()
        script.now += seconds

    assert max(script.gaps(5)) <= 1.06 / 0.95


def test_a_client_that_lives_for_days_does_not_remember_all_its_calls(script):
    for _ in range(3 * MAX_REMEMBERED_STARTS):
        script.pacer.take_turn()
        script.now += 0.1

    assert max(len(kept) for kept in vars(script.pacer).values() if isinstance(kept, list)) <= MAX_REMEMBERED_STARTS


def test_a_call_that_is_refused_when_its_start_is_forgotten_slows_down_like_any_other(script):
    turn = script.pacer.take_turn()
    for _ in range(2 * MAX_REMEMBERED_STARTS):
        script.pacer.take_turn()
        script.now += 0.1

    assert script.pacer.refused(turn, throttled(retry_after=5), LONG) == pytest.approx(5, abs=0.1)


def test_the_pace_is_logged_when_it_changes_and_only_then(script, caplog):
    caplog.set_level("INFO")
    script.is_refused(window=(10, 10))
    script.starts(5)
    script.is_refused()
    script.now += 60
    script.starts(5)
    script.now += HOUR
    script.starts(5)

    told = [float(every) for every in re.findall(r"one call every ([\d.]+) s", caplog.text)]
    assert told == [pytest.approx(1.05, abs=0.01), pytest.approx(1.11, abs=0.01), pytest.approx(1.05, abs=0.01)]
    assert "calls are no longer paced" in caplog.messages[-1]


SECONDS = st.none() | st.floats(0, 1e6)
STEPS = st.one_of(
    st.tuples(st.just("pass"), st.floats(0, 5000)),
    st.tuples(st.just("call"), st.floats(0, 1000)),
    st.tuples(st.just("answer"), st.just(None)),
    st.tuples(st.just("refuse"), st.tuples(SECONDS, st.none() | st.tuples(st.integers(1, 10**9), st.floats(1, 1e8)))),
)


@given(steps=st.lists(STEPS, max_size=60), longest=st.sampled_from([0.0, 1.0, 60.0, 600.0]))
def test_whatever_happens_no_turn_is_late_no_pause_negative_and_none_too_long(steps, longest):
    script = Script()
    turns = [script.pacer.take_turn()]
    for step, value in steps:
        if step == "pass":
            script.now += value
        elif step == "answer":
            script.pacer.answered()
        elif step == "refuse":
            assert 0 <= script.pacer.refused(turns[-1], throttled(*value), longest) <= longest + ROUNDING
        else:
            deadline = script.now + value
            try:
                turns.append(script.pacer.take_turn(deadline))
            except DrsThrottledError:
                continue
            # but for the queue of the first calls, in which nothing is known of a limit yet
            assert script.now <= deadline + 0.01 * len(turns)
    assert all(nap >= 0 for nap in script.naps)
