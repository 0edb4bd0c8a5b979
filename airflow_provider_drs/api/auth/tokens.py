"""A cache for all threads of the process: fetched credentials until they expire, and project ids."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Generic, TypeVar

from airflow_provider_drs.api.errors import DrsError, DrsStoppedError

RENEWAL_COOLDOWN = 60
"""Seconds between two renewals, and after a failed login. IAM locks a user after some wrong passwords."""
CHECK_INTERVAL = 0.5
"""Seconds between two checks for cancellation, in a thread that waits for the login of another."""

Credential = TypeVar("Credential")
Check = Callable[[], None]
"""Raises :class:`DrsStoppedError` when the calling client was stopped."""
Clock = Callable[[], float]


@dataclass(frozen=True)
class Fetched(Generic[Credential]):
    """A credential that has an end.

    :param credential: what authenticates calls.
    :param lifetime: seconds from now to its end.
    """

    credential: Credential = field(repr=False)
    lifetime: float


class SharedCredential(Generic[Credential]):
    """A credential that is fetched. The first thread that needs it fetches it, and the others wait for it.

    A fetch that failed and is remembered is not repeated for a minute. Until then, every call that needs the credential
    raises the same error, unless the old credential has not expired yet.

    :param margin: seconds before its expiry at which a credential is replaced.
    :param remembered: returns whether the error of a fetch is remembered.
    """

    def __init__(self, margin: float, remembered: Callable[[DrsError], bool]) -> None:
        self._margin = margin
        self._remembered = remembered
        self._lock = Lock()
        self._held: Credential | None = None
        self._good_until = 0.0
        self._renewed_at = float("-inf")
        self._failure: DrsError | None = None
        self._failures = 0
        self._expires_at = 0.0
        self._next_fetch = float("-inf")

    def current(self, fetch: Callable[[], Fetched[Credential]], clock: Clock, check: Check) -> Credential:
        """Return the credential, and fetch a new one when the cached one expires soon.

        :param fetch: returns a new credential.
        :param clock: returns seconds; decides when the credential expires.
        :param check: called while this thread waits for the fetch of another.
        :raises DrsError: when the fetch fails, in all threads that wait for it. An error that is remembered is raised
            again until the cooldown is over.
        """
        with self._turn(check) as failure:
            return self._cached_or_fetched(fetch, clock, failure)

    def renewed(
        self, refused: Credential, fetch: Callable[[], Fetched[Credential]], clock: Clock, check: Check
    ) -> Credential | None:
        """Return a new credential in place of a refused one, or ``None`` during the cooldown of the last renewal.

        One new credential serves all threads whose credential was refused.

        :param refused: the credential that the service refused.
        :param fetch: returns a new credential.
        :param clock: returns seconds; decides when the credential expires.
        :param check: called while this thread waits for the fetch of another.
        :raises DrsError: as :meth:`current` does.
        """
        with self._turn(check) as failure:
            if self._held == refused:
                now = clock()
                if now < self._renewed_at + RENEWAL_COOLDOWN:
                    return None
                self._renewed_at, self._held = now, None
            return self._cached_or_fetched(fetch, clock, failure)

    def _cached_or_fetched(
        self, fetch: Callable[[], Fetched[Credential]], clock: Clock, failure: DrsError | None
    ) -> Credential:
        now = clock()
        if self._held is not None and now < self._good_until:
            return self._held
        if now < self._next_fetch:
            if self._held is not None and now < self._expires_at:
                return self._held
            failure = self._failure
        if failure:
            raise copy.copy(failure)
        try:
            fetched = fetch()
        except DrsStoppedError:
            # the stop concerns one client, and other clients share this token
            raise
        except DrsError as error:
            self._failure, self._failures = error, self._failures + 1
            if self._remembered(error):
                self._next_fetch = clock() + RENEWAL_COOLDOWN
            if self._held is not None and clock() < self._expires_at:
                return self._held
            raise
        # a credential that expires too soon is still used for a minute: otherwise each call would fetch one
        self._good_until = now + max(fetched.lifetime - self._margin, RENEWAL_COOLDOWN)
        self._expires_at = now + fetched.lifetime
        self._held = fetched.credential
        return self._held

    @contextmanager
    def _turn(self, check: Check) -> Iterator[DrsError | None]:
        """Wait for the lock, and yield the error of a fetch that failed meanwhile.

        The waiting threads share that error: otherwise they would fetch one after the other, and each would wait.
        """
        before = self._failures
        while not self._lock.acquire(timeout=CHECK_INTERVAL):
            check()
        try:
            yield self._failure if self._failures > before else None
        finally:
            self._lock.release()


_shared: dict[Hashable, SharedCredential[Any]] = {}
_lock = Lock()


def shared_credential(key: Hashable, margin: float, remembered: Callable[[DrsError], bool]) -> SharedCredential[Any]:
    """Return the credential that this process shares under a key.

    :param key: differs for each user, password and project, and for each service that gives keys.
    :param margin: as for :class:`SharedCredential`, like the next.
    :param remembered: returns whether the error of a fetch is remembered.
    """
    with _lock:
        return _shared.setdefault(key, SharedCredential(margin, remembered))


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
