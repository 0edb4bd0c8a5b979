"""One token for all threads: fetched once, kept while it is good, replaced once when it is refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from airflow_provider_drs.api.auth import tokens
from airflow_provider_drs.api.auth.tokens import (
    EXPIRY_MARGIN,
    MAX_COOLDOWN,
    RENEWAL_COOLDOWN,
    SharedToken,
    shared_token,
)
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsConnectionLostError,
    DrsCredentialError,
    DrsStoppedError,
    DrsThrottledError,
    DrsTimeoutError,
    DrsUnavailableError,
    DrsUnreachableError,
)
from airflow_provider_drs.api.operations.iam_token import Token

LIFETIME = 86_400.0
GOOD = LIFETIME - EXPIRY_MARGIN


def goes_on() -> None:
    """Stand for a client that nobody stops."""


def at(seconds: float) -> Callable[[], float]:
    """Return a clock that stands still."""
    return lambda: seconds


class Clock:
    """Stands still until a test sets it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Iam:
    """Issues ``t1``, ``t2`` and so on, unless it has an error to raise."""

    def __init__(self) -> None:
        self.logins = 0
        self.error: Exception | None = None

    def __call__(self) -> Token:
        self.logins += 1
        if self.error:
            raise self.error
        return Token(f"t{self.logins}", LIFETIME)


@pytest.fixture
def iam() -> Iam:
    return Iam()


@pytest.fixture
def token() -> SharedToken:
    return SharedToken()


def test_a_token_is_fetched_once_and_kept_until_five_minutes_before_its_end(iam, token):
    kept = [token.current(iam, at(now), goes_on) for now in (0, 1, GOOD - 1, GOOD, GOOD + 1)]

    assert kept == ["t1", "t1", "t1", "t2", "t2"]
    assert iam.logins == 2


@pytest.mark.parametrize("lifetime", [60, 0, -3600])
def test_a_token_that_lives_for_less_than_the_margin_is_used_for_a_minute_before_the_next_is_fetched(token, lifetime):
    made = iter(("short", "next"))
    times = (0, 1, RENEWAL_COOLDOWN - 1, RENEWAL_COOLDOWN)
    used = [token.current(lambda: Token(next(made), lifetime), at(now), goes_on) for now in times]

    assert used == ["short", "short", "short", "next"]


def test_a_refused_token_is_replaced_once_however_many_had_it(iam, token):
    token.current(iam, at(0), goes_on)

    assert [token.renewed("t1", iam, at(now), goes_on) for now in (100, 100, 101)] == ["t2", "t2", "t2"]
    assert iam.logins == 2


def test_a_new_token_that_is_refused_as_well_is_not_replaced_for_a_minute(iam, token):
    token.current(iam, at(0), goes_on)
    token.renewed("t1", iam, at(100), goes_on)

    assert token.renewed("t2", iam, at(100 + RENEWAL_COOLDOWN - 1), goes_on) is None
    assert token.current(iam, at(100 + RENEWAL_COOLDOWN - 1), goes_on) == "t2"
    assert token.renewed("t2", iam, at(100 + RENEWAL_COOLDOWN), goes_on) == "t3"
    assert iam.logins == 3


def test_a_refused_login_is_told_again_without_asking_for_a_minute(iam, token):
    iam.error = DrsCredentialError("wrong password", code="401")
    told = []
    for now in (0, 1, RENEWAL_COOLDOWN - 1):
        with pytest.raises(DrsCredentialError, match="wrong password") as caught:
            token.current(iam, at(now), goes_on)
        told.append(caught.value)

    assert iam.logins == 1
    assert len(set(map(id, told))) == 3, "each caller may change its own, such as the attempts in it"
    iam.error = None
    assert token.current(iam, at(RENEWAL_COOLDOWN), goes_on) == "t2"


PERHAPS_DONE = (
    DrsUnavailableError("busy"),
    DrsTimeoutError("late"),
    DrsConnectionLostError("gone"),
    DrsAnswerError("odd"),
)
NOT_DONE = (DrsUnreachableError("refused"), DrsThrottledError("slow", http_status=429))


@pytest.mark.parametrize("error", PERHAPS_DONE, ids=lambda error: type(error).__name__)
def test_a_login_that_iam_may_have_seen_is_not_repeated_for_a_minute(iam, token, error):
    iam.error = error
    for now in (0, RENEWAL_COOLDOWN - 1):
        with pytest.raises(type(error)):
            token.current(iam, at(now), goes_on)
    assert iam.logins == 1
    iam.error = None

    assert token.current(iam, at(RENEWAL_COOLDOWN), goes_on) == "t2"


@pytest.mark.parametrize("error", NOT_DONE, ids=lambda error: type(error).__name__)
def test_a_login_that_iam_has_certainly_not_seen_is_repeated_by_the_next_call(iam, token, error):
    iam.error = error
    with pytest.raises(type(error)):
        token.current(iam, at(0), goes_on)
    iam.error = None

    assert token.current(iam, at(0), goes_on) == "t2"


def test_the_minute_starts_when_the_login_has_failed(iam, token):
    clock = Clock()

    def slowly() -> Token:
        clock.now += 2 * RENEWAL_COOLDOWN
        raise DrsTimeoutError("late")

    with pytest.raises(DrsTimeoutError):
        token.current(slowly, clock, goes_on)
    with pytest.raises(DrsTimeoutError):
        token.current(iam, clock, goes_on)
    assert not iam.logins


def test_the_cooldown_doubles_with_each_failure_in_a_row_and_starts_anew_after_a_success(iam, token):
    iam.error = DrsUnavailableError("busy")
    clock = Clock()
    started, pauses = clock.now, []
    for _ in range(6):
        with pytest.raises(DrsUnavailableError):
            token.current(iam, clock, goes_on)
        failed = iam.logins
        while iam.logins == failed:
            clock.now += 1
            with pytest.raises(DrsUnavailableError):
                token.current(iam, clock, goes_on)
        pauses.append(clock.now - started)
        started = clock.now
    assert pauses == [60, 120, 240, 480, MAX_COOLDOWN, MAX_COOLDOWN]

    iam.error = None
    clock.now += MAX_COOLDOWN
    token.current(iam, clock, goes_on)
    clock.now += LIFETIME
    iam.error = DrsUnavailableError("busy")
    for _ in range(2):
        with pytest.raises(DrsUnavailableError):
            token.current(iam, clock, goes_on)
        clock.now += RENEWAL_COOLDOWN
    assert iam.logins == 10


def test_a_renewal_that_fails_leaves_no_old_token_behind(iam, token):
    token.current(iam, at(0), goes_on)
    iam.error = DrsUnavailableError("busy")
    with pytest.raises(DrsUnavailableError):
        token.renewed("t1", iam, at(100), goes_on)
    iam.error = None

    assert token.current(iam, at(100 + RENEWAL_COOLDOWN), goes_on) == "t3"


def test_threads_that_come_at_once_share_one_login(token):
    together = Barrier(8)
    logins: list[int] = []

    def slowly() -> Token:
        logins.append(1)
        Event().wait(0.05)
        return Token("t1", LIFETIME)

    def one(_: int) -> object:
        together.wait(30)
        return token.current(slowly, at(0), goes_on)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(8))) == {"t1"}
    assert len(logins) == 1


def test_the_same_key_gives_the_same_token_and_another_key_another(monkeypatch):
    monkeypatch.setattr(tokens, "_tokens", {})

    assert shared_token(("iam", "user", "a")) is shared_token(("iam", "user", "a"))
    assert shared_token(("iam", "user", "a")) is not shared_token(("iam", "user", "b"))


def test_threads_that_wait_for_a_login_share_its_failure(iam: Iam, token: SharedToken) -> None:
    under_way, second_waits, third_waits = Event(), Event(), Event()
    iam.error = DrsUnreachableError("busy")

    def slowly() -> Token:
        under_way.set()
        second_waits.wait(30)
        third_waits.wait(30)
        return iam()

    def first() -> None:
        token.current(slowly, at(0), goes_on)

    def second() -> None:
        under_way.wait(30)
        # what is called again and again while it waits
        token.current(iam, at(0), second_waits.set)

    def third() -> None:
        under_way.wait(30)
        token.renewed("t0", iam, at(0), third_waits.set)

    with ThreadPoolExecutor(3) as pool:
        for running in [pool.submit(wanted) for wanted in (first, second, third)]:
            with pytest.raises(DrsUnreachableError, match="busy"):
                running.result()
    assert iam.logins == 1


def test_a_login_that_was_stopped_fails_for_nobody_else(iam, token):
    under_way, waiting = Event(), Event()

    def stopped() -> Token:
        under_way.set()
        waiting.wait(30)
        raise DrsStoppedError

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(token.current, stopped, at(0), goes_on)
        under_way.wait(30)
        assert token.current(iam, at(0), waiting.set) == "t1"
        assert isinstance(running.exception(), DrsStoppedError)
