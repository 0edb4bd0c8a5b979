"""What all threads of this process share of IAM's answers: tokens while they are good, and the ids of projects."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import Lock, RLock

from airflow_provider_drs.api.errors import DrsCredentialError
from airflow_provider_drs.api.iam import Token

MARGIN = 300
"""Seconds before its end at which a token is replaced: longer than any call takes."""
QUIET = 60
"""Seconds between two renewals, and after a refused login: more of them would only help to lock the user."""

PATIENCE = 0.5
"""Seconds for which one waits for another's login before looking whether one was stopped oneself."""

Fetch = Callable[[], Token]
Check = Callable[[], None]
"""Raises when whoever asks was stopped."""


class SharedToken:
    """The token of one user for one project; whoever comes first fetches it, and the others wait for that."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._text: str | None = None
        self._good_until = 0.0
        self._renewed_at = float("-inf")
        self._refusal: DrsCredentialError | None = None
        self._refused_at = float("-inf")

    def current(self, fetch: Fetch, now: float, check: Check) -> str:
        """Return the token, after fetching it if there is none that will stay good.

        :param now: seconds of the clock by which the token is kept.
        :raises DrsCredentialError: when IAM refuses the login; said again without asking for a minute.
        """
        with self._turn(check):
            if self._text and now < self._good_until:
                return self._text
            if self._refusal and now < self._refused_at + QUIET:
                raise copy.copy(self._refusal)
            try:
                token = fetch()
            except DrsCredentialError as error:
                self._refusal, self._refused_at = error, now
                raise
            self._text, self._good_until = token.text, now + token.lifetime - MARGIN
            return token.text

    def renewed(self, refused: str, fetch: Fetch, now: float, check: Check) -> str | None:
        """Return a token in place of one that the service refused, or nothing if a new one would be of no use.

        However many threads had the same token refused, one new token is fetched.
        """
        with self._turn(check):
            if self._text == refused:
                if now < self._renewed_at + QUIET:
                    return None
                self._renewed_at, self._text = now, None
            return self.current(fetch, now, check)

    @contextmanager
    def _turn(self, check: Check) -> Iterator[None]:
        # another client may be logging in, and take its time
        while not self._lock.acquire(timeout=PATIENCE):
            check()
        try:
            yield
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
