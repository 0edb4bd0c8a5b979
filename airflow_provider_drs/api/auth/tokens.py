"""What all threads of this process share of IAM's answers: tokens while they are good, and the ids of projects."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import Lock

from airflow_provider_drs.api.errors import DrsCredentialError, DrsError, DrsStoppedError
from airflow_provider_drs.api.operations.iam_token import Token

EXPIRY_MARGIN = 300
"""Seconds before its end at which a token is replaced: longer than one request takes, unless the user allows more."""
RENEWAL_COOLDOWN = 60
"""Seconds between two renewals, and after a refused login: more of them would only help to lock the user."""

PATIENCE = 0.5
"""Seconds for which one waits for another's login before looking whether one was stopped oneself."""

Fetch = Callable[[], Token]
Check = Callable[[], None]
"""Raises when whoever asks was stopped."""


class SharedToken:
    """The token of one user for one project; whoever comes first fetches it, and the others wait for that."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._text: str | None = None
        self._good_until = 0.0
        self._renewed_at = float("-inf")
        self._failure: DrsError | None = None
        self._failures = 0
        self._refused_until = float("-inf")

    def current(self, fetch: Fetch, now: float, check: Check) -> str:
        """Return the token, after fetching it if there is none that will stay good.

        :param now: seconds of the clock by which the token is kept.
        :raises DrsCredentialError: when IAM refuses the login; said again without asking for a minute.
        :raises DrsError: when the login fails in another way, for all who wait for it.
        """
        with self._turn(check) as failure:
            return self._kept_or_fetched(fetch, now, failure)

    def renewed(self, refused: str, fetch: Fetch, now: float, check: Check) -> str | None:
        """Return a token in place of one that the service refused, or nothing if a new one would be of no use.

        However many threads had the same token refused, one new token is fetched.
        """
        with self._turn(check) as failure:
            if self._text == refused:
                if now < self._renewed_at + RENEWAL_COOLDOWN:
                    return None
                self._renewed_at, self._text = now, None
            return self._kept_or_fetched(fetch, now, failure)

    def _kept_or_fetched(self, fetch: Fetch, now: float, failure: DrsError | None) -> str:
        if self._text and now < self._good_until:
            return self._text
        if now < self._refused_until:
            failure = self._failure
        if failure:
            raise copy.copy(failure)
        try:
            token = fetch()
        except DrsStoppedError:
            # of whoever fetched it, and of nobody else
            raise
        except DrsError as error:
            self._failure, self._failures = error, self._failures + 1
            if isinstance(error, DrsCredentialError):
                self._refused_until = now + RENEWAL_COOLDOWN
            raise
        # one that ends too soon is used for a while, too, since each call would fetch another
        self._text, self._good_until = token.text, now + max(token.lifetime - EXPIRY_MARGIN, RENEWAL_COOLDOWN)
        return token.text

    @contextmanager
    def _turn(self, check: Check) -> Iterator[DrsError | None]:
        """Wait for one's turn; yield how a login failed meanwhile, if one did.

        Whoever waited would have waited as long again for a login of their own, one after the other.
        """
        before = self._failures
        while not self._lock.acquire(timeout=PATIENCE):
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
