"""A cache of IAM's answers for all threads of the process: tokens until they expire, and project ids."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import Lock

from airflow_provider_drs.api.errors import DrsError, DrsStoppedError
from airflow_provider_drs.api.operations.iam_token import IAM_TOKEN, Token

EXPIRY_MARGIN = 300
"""Seconds before its expiry at which a token is replaced: longer than a request with the default timeouts."""
RENEWAL_COOLDOWN = 60
"""Seconds between two renewals, and after a failed login. IAM locks a user after some wrong passwords."""
CHECK_INTERVAL = 0.5
"""Seconds between two checks for cancellation, in a thread that waits for the login of another."""

Fetch = Callable[[], Token]
Check = Callable[[], None]
"""Raises :class:`DrsStoppedError` when the calling client was stopped."""
Clock = Callable[[], float]


class SharedToken:
    """The token of one user for one project. The first thread that needs it fetches it, and the others wait for it.

    A failed login that may have reached IAM is not repeated for a minute. Until then, every call that needs the token
    raises the same error, unless the old token has not expired yet.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._text: str | None = None
        self._good_until = 0.0
        self._renewed_at = float("-inf")
        self._failure: DrsError | None = None
        self._failures = 0
        self._expires_at = 0.0
        self._next_login = float("-inf")

    def current(self, fetch: Fetch, clock: Clock, check: Check) -> str:
        """Return the token, and fetch a new one when the cached one expires soon.

        :param fetch: logs in and returns the token.
        :param clock: returns seconds; decides when the token expires.
        :param check: called while this thread waits for the login of another.
        :raises DrsError: when the login fails, in all threads that wait for it. A login that may have reached IAM
            fails with the same error until the cooldown is over.
        """
        with self._turn(check) as failure:
            return self._cached_or_fetched(fetch, clock, failure)

    def renewed(self, refused: str, fetch: Fetch, clock: Clock, check: Check) -> str | None:
        """Return a new token in place of a refused one, or ``None`` during the cooldown of the last renewal.

        One new token serves all threads whose token was refused.

        :param refused: text of the token that the service refused.
        :param fetch: logs in and returns the token.
        :param clock: returns seconds; decides when the token expires.
        :param check: called while this thread waits for the login of another.
        :raises DrsError: as :meth:`current` does.
        """
        with self._turn(check) as failure:
            if self._text == refused:
                now = clock()
                if now < self._renewed_at + RENEWAL_COOLDOWN:
                    return None
                self._renewed_at, self._text = now, None
            return self._cached_or_fetched(fetch, clock, failure)

    def _cached_or_fetched(self, fetch: Fetch, clock: Clock, failure: DrsError | None) -> str:
        now = clock()
        if self._text and now < self._good_until:
            return self._text
        if now < self._next_login:
            if self._text and now < self._expires_at:
                return self._text
            failure = self._failure
        if failure:
            raise copy.copy(failure)
        try:
            token = fetch()
        except DrsStoppedError:
            # the stop concerns one client, and other clients share this token
            raise
        except DrsError as error:
            self._failure, self._failures = error, self._failures + 1
            if IAM_TOKEN.may_be_done(error):
                self._next_login = clock() + RENEWAL_COOLDOWN
            if self._text and clock() < self._expires_at:
                return self._text
            raise
        # a token that expires too soon is still used for a minute: otherwise each call would log in
        self._text, self._good_until = token.text, now + max(token.lifetime - EXPIRY_MARGIN, RENEWAL_COOLDOWN)
        self._expires_at = now + token.lifetime
        return token.text

    @contextmanager
    def _turn(self, check: Check) -> Iterator[DrsError | None]:
        """Wait for the lock, and yield the error of a login that failed meanwhile.

        The waiting threads share that error: otherwise they would log in one after the other, and each would wait.
        """
        before = self._failures
        while not self._lock.acquire(timeout=CHECK_INTERVAL):
            check()
        try:
            yield self._failure if self._failures > before else None
        finally:
            self._lock.release()


_tokens: dict[Hashable, SharedToken] = {}
_lock = Lock()


def shared_token(key: Hashable) -> SharedToken:
    """Return the token that this process shares under a key.

    :param key: differs for each user, password and project.
    """
    with _lock:
        return _tokens.setdefault(key, SharedToken())


_projects: dict[Hashable, str] = {}


def known_project(key: Hashable, fetch: Callable[[], str]) -> str:
    """Return a project's id, fetched once in a process, because it never changes.

    :param key: differs for each IAM, region and credential.
    :param fetch: asks IAM for the id.
    :raises DrsError: when ``fetch`` fails.
    """
    if key not in _projects:
        _projects[key] = fetch()
    return _projects[key]
