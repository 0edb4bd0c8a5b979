"""When a call may go out: at once, until the service says that it was too many, and at its pace from then on."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock

from airflow_provider_drs.api.errors import DrsThrottledError

BURST = 8
"""Calls that may start together before anything is known of the service's limit."""
SPACING = 0.01
"""Seconds between the calls after those, so that few are under way when the first refusal comes back."""
WINDOW = 1.0
"""Seconds that a limit is taken to count over when the refusal does not tell."""
MARGIN = 0.95
"""Part of the limit that is used once it is known."""
KEPT = 10_000
"""Starts of calls that are remembered: more than any service lets in within a window."""
A_LITTLE_SLOWER, MUCH_SLOWER = 1.05, 1.25
"""Factors on the spacing when a call at this pace is refused now and then, and when it is refused often."""
OFTEN = 3
"""Refusals within one window that are no accident."""


class Pacer:
    """Lets the calls of one run start, shared by its threads.

    A refused call slows its siblings down: none starts before the service is ready again, and then they follow each
    other at the rate that was let in before, or that the refusal names, so that the limit is met once and not by each.

    :param clock: seconds that never go back.
    :param sleep: waits for so many seconds.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self._lock = Lock()
        self._gap = SPACING
        self._burst = BURST
        self._next = clock()
        self._era = 0
        self._pauses = 0
        self._refusals_in_a_row = 0
        self._let_in: list[float] = []
        self._refused_at: list[float] = []
        self._limit_met_at: float | None = None
        self._resume = 0.0

    def take_turn(self) -> tuple[int, float]:
        """Wait until a call may start.

        :return: the turn, which :meth:`refused` wants back.
        """
        while True:
            with self._lock:
                now, pauses = self.clock(), self._pauses
                due = max(self._next, now)
                start = max(now, due - self._burst * self._gap)
                self._next = due + self._gap
                if start <= now:
                    return self._let_in_at(now)
            self.sleep(start - now)
            with self._lock:
                if pauses == self._pauses:
                    return self._let_in_at(self.clock())
            # all have to pause since, so this turn is void

    def answered(self) -> None:
        """Note that a call was let in."""
        with self._lock:
            self._refusals_in_a_row = 0

    def refused(self, turn: tuple[int, float], error: DrsThrottledError) -> float:
        """Slow all calls down after one was refused.

        :return: seconds until the refused call may try again; then it has to take its turn.
        """
        era, started = turn
        with self._lock:
            now = self.clock()
            with suppress(ValueError):  # it was so long ago that its start is forgotten
                self._let_in.remove(started)
            if era < self._era:
                # sent before the sibling's refusal was known, so all it does is make the estimate better
                if self._limit_met_at is not None and era == 0 and self._era == 1:
                    self._gap = self._estimated()
                return max(0.0, self._resume - now)
            first = self._era == 0
            self._era += 1
            self._refusals_in_a_row += 1
            self._refused_at = [*(time for time in self._refused_at if now - time < WINDOW), now]
            often = len(self._refused_at) >= OFTEN
            if not first:
                self._gap *= MUCH_SLOWER if often else A_LITTLE_SLOWER
            elif error.window:
                limit, seconds = error.window
                self._gap = max(self._gap, seconds / (limit * MARGIN))
            else:
                self._limit_met_at = now
                self._gap = self._estimated()
            self._burst = 0
            self._resume = now + self._pause(error)
            if first or often:
                self._refused_at = []
                self._next = self._resume
                self._pauses += 1
            return self._resume - now

    def _let_in_at(self, now: float) -> tuple[int, float]:
        if len(self._let_in) >= KEPT:
            del self._let_in[: KEPT // 2]
        self._let_in.append(now)
        return self._era, now

    def _estimated(self) -> float:
        met = self._limit_met_at or 0.0
        let_in = sum(met - WINDOW <= start <= met for start in self._let_in)
        return WINDOW / (max(let_in, 1) * MARGIN)

    def _pause(self, error: DrsThrottledError) -> float:
        named = error.window[1] if error.window and error.retry_after is None else error.retry_after
        if named is not None:
            return named + random.uniform(0.05, 0.1)  # noqa: S311 - no secret in it
        return backoff(self._refusals_in_a_row)


def backoff(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: 1, 2, 4 ... 60, each up to a quarter more."""
    return float(min(60.0, 2.0 ** (failures - 1)) * (1 + random.random() / 4))  # noqa: S311 - no secret in it
