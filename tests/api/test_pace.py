"""The rate limiter: unlimited until the first refusal, then below the limit, and unlimited after a quiet hour."""

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
    """A pacer with a virtual clock that only sleeping advances; ``asleep`` is called in the middle of each sleep."""

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


def test_while_the_limit_is_unknown_eight_calls_start_at_once_and_then_one_every_10_ms(script):
    starts = script.starts(108)

    assert starts[:8] == [0.0] * 8
    assert starts[-1] == pytest.approx(1.0, abs=0.02)
    assert all(later - earlier == pytest.approx(0.01) for earlier, later in pairwise(starts[20:]))


def test_calls_20_ms_apart_never_wait(script):
    for _ in range(300):
        script.pacer.take_turn()
        script.now += 0.02

    assert script.naps == []


def test_after_a_refusal_the_rate_stays_below_the_number_of_calls_admitted_in_the_second_before(script):
    turns = [script.pacer.take_turn() for _ in range(8)]
    script.now = 0.2
    pauses = [script.pacer.refused(turn, throttled(), LONG) for turn in turns[:2]]

    assert pauses[0] == pauses[1], "the second call was running when the first was refused, so it changes nothing"
    assert script.gaps(5) == [pytest.approx(1 / (6 * 0.95))] * 4, "two of the eight were refused"


def test_calls_that_wait_for_their_turns_keep_to_the_estimate_that_late_refusals_improve(script):
    turns = [script.pacer.take_turn() for _ in range(8)]
    script.now = 0.2
    script.pacer.refused(turns[0], throttled(), LONG)
    first = script.pacer.take_turn()[1]

    def refuse_others():
        script.asleep = lambda: None
        for turn in turns[1:4]:
            script.pacer.refused(turn, throttled(), LONG)

    script.asleep = refuse_others
    second = script.pacer.take_turn()[1]

    assert second - first == pytest.approx(1 / (4 * 0.95)), "four of the eight were refused"


def test_late_refusals_shorten_no_pause_that_the_service_names(script):
    turns = [script.pacer.take_turn() for _ in range(8)]
    script.now = 0.2
    script.pacer.refused(turns[0], throttled(retry_after=5), LONG)
    script.pacer.refused(turns[1], throttled(), LONG)

    assert script.pacer.take_turn()[1] >= 5.2


def test_calls_that_started_long_before_the_refusal_do_not_count_as_admitted(script):
    script.starts(8)
    script.now = 5.0
    script.starts(3)
    script.is_refused()

    assert script.gaps(3) == [pytest.approx(1 / (3 * 0.95))] * 2


def test_if_the_service_admitted_no_call_the_rate_is_one_call_a_second(script):
    script.is_refused()

    assert script.gaps(3) == [pytest.approx(1 / 0.95)] * 2


def test_the_rate_stays_below_a_limit_that_the_refusal_names(script):
    pause = script.is_refused(window=(200, 300))

    assert 300 < pause <= 300.1
    assert script.gaps(3) == [pytest.approx(300 / (200 * 0.95))] * 2


def test_no_call_starts_during_the_pause_of_the_first_refusal(script):
    pause = script.is_refused(retry_after=30)

    assert 30 < pause <= 30.1
    assert script.starts(1) == [pytest.approx(pause)]


def test_a_refusal_delays_a_call_that_already_waits_for_its_turn(script):
    first = script.pacer.take_turn()
    script.starts(9)

    def refused_once() -> None:
        script.asleep = lambda: None
        script.pacer.refused(first, throttled(retry_after=30), LONG)

    script.asleep = refused_once

    assert script.starts(1)[0] >= 30


def test_one_further_refusal_adds_a_twentieth_to_the_interval_and_causes_no_pause(script):
    script.is_refused(window=(10, 10))
    (slow,) = script.gaps(2)
    turn = script.pacer.take_turn()
    script.now = turn[1] + 0.1
    script.pacer.refused(turn, throttled(), LONG)

    assert slow == pytest.approx(10 / (10 * 0.95))
    assert script.starts(1) == [pytest.approx(turn[1] + slow)]
    assert script.gaps(3) == [pytest.approx(slow * 1.05)] * 2


def test_frequent_refusals_add_a_quarter_to_the_interval_and_make_all_calls_pause(script):
    script.is_refused(window=(100, 1))
    (fast,) = script.gaps(2)
    pauses = [script.is_refused(retry_after=20) for _ in range(3)]

    resumed = script.starts(1)[0]
    assert resumed == pytest.approx(script.now)
    assert resumed >= pauses[-1]
    assert script.gaps(3) == [pytest.approx(fast * 1.05 * 1.05 * 1.25)] * 2


def test_pauses_double_until_a_call_is_admitted_if_the_refusals_name_no_time(script):
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


def test_an_interval_at_the_limit_of_the_caller_does_not_grow_by_itself(script):
    turn = script.pacer.take_turn()
    script.pacer.refused(turn, throttled(window=(1, 86_400)), 50)
    script.now += 600

    assert script.gaps(3) == [pytest.approx(50)] * 2


def test_the_interval_never_falls_below_the_initial_one_even_if_the_caller_allows_no_pause(script):
    script.pacer.refused(script.pacer.take_turn(), throttled(), 0)

    assert script.gaps(3) == [pytest.approx(0.01)] * 2


def test_a_late_refusal_does_not_shorten_the_interval(script):
    early = [script.pacer.take_turn() for _ in range(8)]
    script.pacer.refused(early[0], throttled(), LONG)
    script.is_refused()
    (slow,) = script.gaps(2)
    script.pacer.refused(early[1], throttled(), LONG)

    assert script.gaps(3) == [pytest.approx(slow)] * 2


def test_retry_after_sets_the_pause_and_the_window_sets_the_interval(script):
    pause = script.is_refused(retry_after=5, window=(10, 300))

    assert 5 < pause <= 5.1
    assert script.gaps(3) == [pytest.approx(300 / (10 * 0.95))] * 2


def test_a_call_that_cannot_start_before_its_deadline_fails_at_once_and_is_reported_as_not_sent(script):
    script.is_refused(retry_after=30)

    with pytest.raises(DrsThrottledError, match="not sent") as caught:
        script.pacer.take_turn(deadline=29)

    assert script.naps == [], "the call cannot start in time, so it does not wait"
    assert (caught.value.attempts, caught.value.code, caught.value.request_id) == (0, "APIGW.0308", "r-1")
    assert caught.value.retry_after == pytest.approx(30, abs=0.1)


def test_a_call_that_fails_at_its_deadline_delays_no_other_call(script):
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


def test_minutes_without_any_call_shrink_the_interval_too(script):
    script.is_refused(window=(10, 10))
    (first,) = script.gaps(2)
    for _ in range(40):
        script.is_refused()
        script.now += 2
    (slow,) = script.gaps(2)
    script.now += 10 * 60

    assert script.gaps(2) == [pytest.approx(max(first, slow * 0.9**10))]


def test_an_hour_without_a_refusal_restores_the_initial_state(script):
    script.is_refused(window=(10, 100))
    script.now += HOUR

    assert script.starts(8) == [script.now] * 8
    script.is_refused(window=(10, 10))
    assert script.gaps(2) == [pytest.approx(10 / (10 * 0.95))], "the next refusal counts as the first"


@pytest.mark.parametrize("seconds", [600.0, HOUR])
def test_rare_refusals_over_days_do_not_add_up_to_an_ever_longer_interval(script, seconds):
    for _ in range(7 * 24):
        script.is_refused()
        script.pacer.answered()
        script.now += seconds

    assert max(script.gaps(5)) <= 1.06 / 0.95


def test_the_number_of_remembered_calls_has_a_limit(script):
    for _ in range(3 * MAX_REMEMBERED_STARTS):
        script.pacer.take_turn()
        script.now += 0.1

    assert max(len(value) for value in vars(script.pacer).values() if isinstance(value, list)) <= MAX_REMEMBERED_STARTS


def test_the_refusal_of_a_call_with_a_forgotten_start_causes_a_pause_like_any_other(script):
    turn = script.pacer.take_turn()
    for _ in range(2 * MAX_REMEMBERED_STARTS):
        script.pacer.take_turn()
        script.now += 0.1

    assert script.pacer.refused(turn, throttled(retry_after=5), LONG) == pytest.approx(5, abs=0.1)


def test_each_change_of_the_interval_is_logged_once(script, caplog):
    caplog.set_level("INFO")
    script.is_refused(window=(10, 10))
    script.starts(5)
    script.is_refused()
    script.now += 60
    script.starts(5)
    script.now += HOUR
    script.starts(5)

    intervals = [float(every) for every in re.findall(r"one call every ([\d.]+) s", caplog.text)]
    assert intervals == [pytest.approx(1.05, abs=0.01), pytest.approx(1.11, abs=0.01), pytest.approx(1.05, abs=0.01)]
    assert "calls are no longer paced" in caplog.messages[-1]


SECONDS = st.none() | st.floats(0, 1e6)
STEPS = st.one_of(
    st.tuples(st.just("pass"), st.floats(0, 5000)),
    st.tuples(st.just("call"), st.floats(0, 1000)),
    st.tuples(st.just("answer"), st.just(None)),
    st.tuples(st.just("refuse"), st.tuples(SECONDS, st.none() | st.tuples(st.integers(1, 10**9), st.floats(1, 1e8)))),
)


@given(steps=st.lists(STEPS, max_size=60), longest=st.sampled_from([0.0, 1.0, 60.0, 600.0]))
def test_in_any_sequence_no_turn_is_late_and_no_pause_is_negative_or_too_long(steps, longest):
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
            # The queue of the first calls ignores the deadline, because the limit is unknown.
            assert script.now <= deadline + 0.01 * len(turns)
    assert all(nap >= 0 for nap in script.naps)
