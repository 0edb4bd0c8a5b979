"""What all threads of this process share of IAM's answers: tokens while they are good, and the ids of projects."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import Lock

from airflow_provider_drs.api.errors import DrsError, DrsStoppedError
from airflow_provider_drs.api.operations.iam_token import IAM_TOKEN, Token

EXPIRY_MARGIN = 300
"""Seconds before its end at which a token is replaced: longer than one request takes, unless the user allows more."""
RENEWAL_COOLDOWN = 60
"""Seconds between two renewals, and after a failed login: IAM locks a user after some wrong passwords."""
MAX_COOLDOWN = 600
"""Seconds after which a failed login is tried again at most; each failure in a row doubles the cooldown up to here."""

CHECK_INTERVAL = 0.5
"""Seconds between two checks of a thread that waits for the login of another."""

Fetch = Callable[[], Token]
Check = Callable[[], None]
"""Raises when the client that asks was stopped."""
Clock = Callable[[], float]


class SharedToken:
    """The token of one user for one project. The first thread that needs it fetches it, and the others wait for it.

    A login that may have reached IAM is not repeated by the next call that needs the token: its failure is raised
    again until the cooldown is over.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._text: str | None = None
        self._good_until = 0.0
        self._renewed_at = float("-inf")
        self._failure: DrsError | None = None
        self._failures = 0
        self._cooldown = 0.0
        self._next_login = float("-inf")

    def current(self, fetch: Fetch, clock: Clock, check: Check) -> str:
        """Return the token. Fetch it when there is none that stays good.

        :param fetch: logs in.
        :param clock: seconds; it decides when the token ends.
        :param check: is called while this thread waits for another.
        :raises DrsError: when the login fails, for all threads that wait for it; raised again without another login
            until the cooldown is over, unless IAM was certainly not asked.
        """
        with self._turn(check) as failure:
            return self._kept_or_fetched(fetch, clock, failure)

    def renewed(self, refused: str, fetch: Fetch, clock: Clock, check: Check) -> str | None:
        """Return a token in place of one that the service refused, or nothing within the cooldown of the last renewal.

        One new token is fetched for all threads whose token was refused.

        :param refused: text of the token that the service refused.
        :param fetch: logs in.
        :param clock: seconds; it decides when the token ends.
        :param check: is called while this thread waits for another.
        :raises DrsError: as :meth:`current` does.
        """
        with self._turn(check) as failure:
            if self._text == refused:
                now = clock()
                if now < self._renewed_at + RENEWAL_COOLDOWN:
                    return None
                self._renewed_at, self._text = now, None
            return self._kept_or_fetched(fetch, clock, failure)

    def _kept_or_fetched(self, fetch: Fetch, clock: Clock, failure: DrsError | None) -> str:
        now = clock()
        if self._text and now < self._good_until:
            return self._text
        if now < self._next_login:
            failure = self._failure
        if failure:
            raise copy.copy(failure)
        try:
            token = fetch()
        except DrsStoppedError:
            # it concerns only the client that was stopped
            raise
        except DrsError as error:
            self._failure, self._failures = error, self._failures + 1
            if not IAM_TOKEN.repeats(error):
                self._cooldown = min(max(2 * self._cooldown, RENEWAL_COOLDOWN), MAX_COOLDOWN)
                self._next_login = clock() + self._cooldown
            raise
        self._cooldown = 0.0
        # a token that ends too soon is used for a minute, too, because each call would fetch another
        self._text, self._good_until = token.text, now + max(token.lifetime - EXPIRY_MARGIN, RENEWAL_COOLDOWN)
        return token.text

    @contextmanager
    def _turn(self, check: Check) -> Iterator[DrsError | None]:
        """Wait for the lock; yield the failure of a login that ended meanwhile.

        The threads that waited share that failure: else each would wait for a login of its own, one after the other.
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
    """Return this process's token for a key, which must tell users, their passwords and projects apart."""
    with _lock:
        return _tokens.setdefault(key, SharedToken())


_projects: dict[Hashable, str] = {}


def known_project(key: Hashable, fetch: Callable[[], str]) -> str:
    """Return a project's id, asked for once in a process: it never changes.

    :param key: tells IAM, region and credential apart.
    """
    if key not in _projects:
        _projects[key] = fetch()
    return _projects[key]
