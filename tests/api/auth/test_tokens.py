"""All threads share one token: fetched once, cached until it expires, renewed once when the service refuses it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from airflow_provider_drs.api.auth import tokens
from airflow_provider_drs.api.auth.credentials import TOKEN_MARGIN
from airflow_provider_drs.api.auth.tokens import (
    RENEWAL_COOLDOWN,
    Fetched,
    SharedCredential,
    shared_credential,
)
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsConnectionLostError,
    DrsCredentialError,
    DrsInputError,
    DrsStoppedError,
    DrsThrottledError,
    DrsTimeoutError,
    DrsTlsError,
    DrsTransportError,
    DrsUnavailableError,
    DrsUnreachableError,
)
from airflow_provider_drs.api.operations.iam_token import IAM_TOKEN

LIFETIME = 86_400.0
GOOD = LIFETIME - TOKEN_MARGIN


def goes_on() -> None:
    """Stand for the check of a client that is not stopped."""


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

    def __call__(self) -> Fetched[str]:
        self.logins += 1
        if self.error:
            raise self.error
        return Fetched(f"t{self.logins}", LIFETIME)


@pytest.fixture
def iam() -> Iam:
    return Iam()


@pytest.fixture
def token() -> SharedCredential[str]:
    return SharedCredential(TOKEN_MARGIN, IAM_TOKEN.may_be_done)


def test_a_token_is_fetched_once_and_cached_until_five_minutes_before_it_expires(iam, token):
    kept = [token.current(iam, at(now), goes_on) for now in (0, 1, GOOD - 1, GOOD, GOOD + 1)]

    assert kept == ["t1", "t1", "t1", "t2", "t2"]
    assert iam.logins == 2


@pytest.mark.parametrize("lifetime", [60, 0, -3600])
def test_a_token_with_a_lifetime_below_the_margin_is_used_for_a_minute(token, lifetime):
    made = iter(("short", "next"))
    times = (0, 1, RENEWAL_COOLDOWN - 1, RENEWAL_COOLDOWN)
    used = [token.current(lambda: Fetched(next(made), lifetime), at(now), goes_on) for now in times]

    assert used == ["short", "short", "short", "next"]


def test_a_refused_token_is_renewed_once_for_all_its_users(iam, token):
    token.current(iam, at(0), goes_on)

    assert [token.renewed("t1", iam, at(now), goes_on) for now in (100, 100, 101)] == ["t2", "t2", "t2"]
    assert iam.logins == 2


def test_a_refused_new_token_is_not_renewed_for_a_minute(iam, token):
    token.current(iam, at(0), goes_on)
    token.renewed("t1", iam, at(100), goes_on)

    assert token.renewed("t2", iam, at(100 + RENEWAL_COOLDOWN - 1), goes_on) is None
    assert token.current(iam, at(100 + RENEWAL_COOLDOWN - 1), goes_on) == "t2"
    assert token.renewed("t2", iam, at(100 + RENEWAL_COOLDOWN), goes_on) == "t3"
    assert iam.logins == 3


def test_a_refused_login_raises_the_same_error_for_a_minute_without_another_login(iam, token):
    iam.error = DrsCredentialError("wrong password", code="401")
    errors = []
    for now in (0, 1, RENEWAL_COOLDOWN - 1):
        with pytest.raises(DrsCredentialError, match="wrong password") as caught:
            token.current(iam, at(now), goes_on)
        errors.append(caught.value)

    assert iam.logins == 1
    assert len(set(map(id, errors))) == 3, "each caller gets its own copy, because the client sets the attempts in it"
    iam.error = None
    assert token.current(iam, at(RENEWAL_COOLDOWN), goes_on) == "t2"


PERHAPS_DONE = (
    DrsUnavailableError("busy"),
    DrsTimeoutError("late"),
    DrsConnectionLostError("gone"),
    DrsAnswerError("odd"),
    DrsThrottledError("slow", http_status=503),
)
NOT_DONE = (
    DrsUnreachableError("refused"),
    DrsThrottledError("slow", http_status=429),
    DrsTlsError("no proof"),
    DrsTransportError("a proxy refuses"),
    DrsInputError(["HTTPS_PROXY: is not a URL"]),
)


@pytest.mark.parametrize("error", PERHAPS_DONE, ids=lambda error: type(error).__name__)
def test_a_login_that_may_have_reached_iam_is_not_repeated_for_a_minute(iam, token, error):
    iam.error = error
    for now in (0, RENEWAL_COOLDOWN - 1):
        with pytest.raises(type(error)):
            token.current(iam, at(now), goes_on)
    assert iam.logins == 1
    iam.error = None

    assert token.current(iam, at(RENEWAL_COOLDOWN), goes_on) == "t2"


@pytest.mark.parametrize("error", NOT_DONE, ids=lambda error: type(error).__name__)
def test_a_login_that_did_not_reach_iam_is_repeated_by_the_next_call(iam, token, error):
    iam.error = error
    with pytest.raises(type(error)):
        token.current(iam, at(0), goes_on)
    iam.error = None

    assert token.current(iam, at(0), goes_on) == "t2"


def test_the_cooldown_starts_when_the_login_fails(iam, token):
    clock = Clock()

    def slowly() -> Fetched[str]:
        clock.now += 2 * RENEWAL_COOLDOWN
        raise DrsTimeoutError("late")

    with pytest.raises(DrsTimeoutError):
        token.current(slowly, clock, goes_on)
    with pytest.raises(DrsTimeoutError):
        token.current(iam, clock, goes_on)
    assert not iam.logins


def test_during_the_cooldown_the_old_token_is_used_until_it_expires(iam, token):
    token.current(iam, at(0), goes_on)
    iam.error = DrsTimeoutError("late")

    assert [token.current(iam, at(GOOD + later), goes_on) for later in (0, 1)] == ["t1", "t1"]
    assert iam.logins == 2


def test_a_token_that_has_expired_is_not_used_during_the_cooldown(iam, token):
    token.current(iam, at(0), goes_on)
    iam.error = DrsTimeoutError("late")
    for now in (LIFETIME, LIFETIME + 1):
        with pytest.raises(DrsTimeoutError):
            token.current(iam, at(now), goes_on)

    assert iam.logins == 2


def test_a_failed_renewal_leaves_no_refused_token_in_the_cache(iam, token):
    token.current(iam, at(0), goes_on)
    iam.error = DrsUnavailableError("busy")
    with pytest.raises(DrsUnavailableError):
        token.renewed("t1", iam, at(100), goes_on)
    iam.error = None

    assert token.current(iam, at(100 + RENEWAL_COOLDOWN), goes_on) == "t3"


def test_concurrent_threads_share_one_login(token):
    together = Barrier(8)
    logins: list[int] = []

    def slowly() -> Fetched[str]:
        logins.append(1)
        Event().wait(0.05)
        return Fetched("t1", LIFETIME)

    def use_the_token(_: int) -> object:
        together.wait(30)
        return token.current(slowly, at(0), goes_on)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(use_the_token, range(8))) == {"t1"}
    assert len(logins) == 1


def test_equal_keys_share_a_token_and_different_keys_do_not(monkeypatch):
    monkeypatch.setattr(tokens, "_shared", {})

    assert shared_credential(("iam", "user", "a"), 300, bool) is shared_credential(("iam", "user", "a"), 300, bool)
    assert shared_credential(("iam", "user", "a"), 300, bool) is not shared_credential(("iam", "user", "b"), 300, bool)


def test_threads_that_wait_for_a_login_share_its_failure(iam: Iam, token: SharedCredential[str]) -> None:
    under_way, second_waits, third_waits = Event(), Event(), Event()
    iam.error = DrsUnreachableError("busy")

    def slowly() -> Fetched[str]:
        under_way.set()
        second_waits.wait(30)
        third_waits.wait(30)
        return iam()

    def first() -> None:
        token.current(slowly, at(0), goes_on)

    def second() -> None:
        under_way.wait(30)
        # SharedCredential calls its check while it waits, so the event shows that this thread waits
        token.current(iam, at(0), second_waits.set)

    def third() -> None:
        under_way.wait(30)
        token.renewed("t0", iam, at(0), third_waits.set)

    with ThreadPoolExecutor(3) as pool:
        for running in [pool.submit(function) for function in (first, second, third)]:
            with pytest.raises(DrsUnreachableError, match="busy"):
                running.result()
    assert iam.logins == 1


def test_a_stopped_login_fails_for_no_other_client(iam, token):
    under_way, waiting = Event(), Event()

    def stopped() -> Fetched[str]:
        under_way.set()
        waiting.wait(30)
        raise DrsStoppedError

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(token.current, stopped, at(0), goes_on)
        under_way.wait(30)
        assert token.current(iam, at(0), waiting.set) == "t1"
        assert isinstance(running.exception(), DrsStoppedError)
