"""Client-side rate limiter: unlimited until the first refusal, then paced below the observed or announced limit."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock

from airflow_provider_drs.api.errors import DrsThrottledError
from airflow_provider_drs.api.retry import backoff

BURST = 8
"""Number of calls that may start together while the service's limit is unknown."""
INITIAL_INTERVAL = 0.01
"""Seconds between further calls, so that few of them are running when the first refusal arrives."""
WINDOW = 1.0
"""Assumed length in seconds of the service's window when the refusal does not name it."""
SAFETY_FACTOR = 0.95
"""Fraction of a known limit that is used."""
MAX_REMEMBERED_STARTS = 10_000
"""Maximum number of remembered starts: more calls than any service admits within a window."""
SLOWDOWN_RARE, SLOWDOWN_OFTEN = 1.05, 1.25
"""Factors on the interval after a rare refusal and after frequent refusals."""
OFTEN = 3
"""Number of refusals within one window that counts as frequent."""
RECOVERY_INTERVAL = 60.0
"""Seconds without a refusal after which the interval shrinks; it stops at the first estimate."""
RECOVERY_FACTOR = 0.9
"""Factor by which it shrinks."""
FORGET_AFTER = 3600.0
"""Seconds without a refusal after which the limit is forgotten."""

_log = logging.getLogger(__name__)

Turn = tuple[int, float]
"""Number of the pacing epoch, which each refusal advances, and start of the call in clock seconds."""


class Pacer:
    """Decides when each call of a client may start; the client's threads share it.

    ==========================  ====================  ==============================  ===============================
    state                       interval              burst                           next state
    ==========================  ====================  ==============================  ===============================
    limit is unknown            ``INITIAL_INTERVAL``  ``BURST`` at once               first refusal: limit is known
    limit is known              first estimate        none                            refused: slower
    slower                      x 1.05, often x 1.25  none                            60 s without refusal: x 0.9
    an hour without a refusal   as at first           as at first                     limit is unknown
    ==========================  ====================  ==============================  ===============================

    After the first refusal, and after frequent refusals, no call starts before the refusal's pause is over.

    :param clock: returns seconds that never go back.
    :param sleep: waits for a number of seconds.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self._lock = Lock()
        self._next = clock()
        self._starts: list[float] = []
        self._pause_count = 0
        self._last_refusal: DrsThrottledError | None = None
        self._resume = 0.0
        self._forget()

    def _forget(self) -> None:
        self._gap = self._estimate = INITIAL_INTERVAL
        self._burst = BURST
        self._epoch = 0
        self._refusals_in_a_row = 0
        self._refused_at: list[float] = []
        self._limit_met_at: float | None = None
        self._last_refused_at = self._last_recovery = self.clock()

    def take_turn(self, deadline: float = float("inf")) -> Turn:
        """Wait until a call may start.

        :param deadline: in clock seconds; a call that would start later gets no turn.
        :return: the call's turn, for :meth:`refused`.
        :raises DrsThrottledError: when the call cannot start before the deadline.
        """
        while True:
            with self._lock:
                now, pause_count = self.clock(), self._pause_count
                self._recover(now)
                due = max(self._next, now)
                start = max(now, due - self._burst * self._gap)
                if self._epoch and start > deadline:
                    raise self._no_turn(start - now)
                self._next = due + self._gap
                if start <= now:
                    return self._start(now)
            self.sleep(start - now)
            with self._lock:
                if pause_count == self._pause_count:
                    return self._start(self.clock())
            # During the sleep a refusal made this turn void.

    def answered(self) -> None:
        """Note that the service admitted a call."""
        with self._lock:
            self._refusals_in_a_row = 0

    def refused(self, turn: Turn, error: DrsThrottledError, max_pause: float) -> float:
        """Slow all calls down after the service refused one.

        :param turn: the turn of the refused call.
        :param error: the refusal.
        :param max_pause: seconds; upper limit of the pause and of the interval between two calls.
        :return: seconds until the refused call may take its next turn.
        """
        epoch, started = turn
        with self._lock:
            now = self.clock()
            self._last_refusal = error
            with suppress(ValueError):  # an old start is forgotten
                self._starts.remove(started)
            if epoch < self._epoch:
                # The call started before the last refusal was known, so it only improves the first estimate.
                if self._limit_met_at is not None and epoch == 0 and self._epoch == 1:
                    self._gap = self._estimate = self._estimated()
                    self._void_turns(max(self._resume, self._starts[-1] + self._gap if self._starts else now))
                return max(0.0, self._resume - now)
            first = self._epoch == 0
            self._epoch += 1
            self._refusals_in_a_row += 1
            self._last_refused_at = self._last_recovery = now
            self._refused_at = [*(time for time in self._refused_at if now - time < WINDOW), now]
            often = len(self._refused_at) >= OFTEN
            if not first:
                interval = self._gap * (SLOWDOWN_OFTEN if often else SLOWDOWN_RARE)
            elif error.window:
                limit, seconds = error.window
                interval = self._estimate = max(self._gap, seconds / (limit * SAFETY_FACTOR))
            else:
                self._limit_met_at = now
                interval = self._estimate = self._estimated()
            self._burst = 0
            self._set_interval(min(interval, max(max_pause, INITIAL_INTERVAL)))
            self._estimate = min(self._estimate, self._gap)
            self._resume = now + min(self._pause(error), max_pause)
            if first or often:
                self._refused_at = []
                self._void_turns(self._resume)
            return self._resume - now

    def _void_turns(self, next_start: float) -> None:
        """Have all calls that wait for their turns take new ones."""
        self._next = next_start
        self._pause_count += 1

    def _recover(self, now: float) -> None:
        steps = int((now - self._last_recovery) // RECOVERY_INTERVAL)
        if self._epoch == 0 or steps < 1:
            return
        if now - self._last_refused_at >= FORGET_AFTER:
            _log.info("The service has refused no call for an hour: calls are no longer paced.")
            self._forget()
            return
        self._last_recovery += steps * RECOVERY_INTERVAL
        self._set_interval(max(self._estimate, self._gap * RECOVERY_FACTOR**steps))

    def _set_interval(self, interval: float) -> None:
        if interval != self._gap:
            _log.info("The service throttles: one call every %.3g s from now on.", interval)
        self._gap = interval

    def _start(self, now: float) -> Turn:
        if len(self._starts) >= MAX_REMEMBERED_STARTS:
            del self._starts[: MAX_REMEMBERED_STARTS // 2]
        self._starts.append(now)
        return self._epoch, now

    def _estimated(self) -> float:
        met = self._limit_met_at or 0.0
        admitted = sum(met - WINDOW <= start <= met for start in self._starts)
        return WINDOW / (max(admitted, 1) * SAFETY_FACTOR)

    def _pause(self, error: DrsThrottledError) -> float:
        named = error.window[1] if error.window and error.retry_after is None else error.retry_after
        if named is not None:
            return named + random.uniform(0.05, 0.1)  # noqa: S311 - no secret in it
        return backoff(self._refusals_in_a_row)

    def _no_turn(self, pause: float) -> DrsThrottledError:
        last = self._last_refusal
        error = DrsThrottledError(
            "the service throttles, and this call got no turn in the time allowed; it was not sent",
            code=last.code if last else None,
            request_id=last.request_id if last else None,
            hint="Ask for fewer calls at once (max_concurrency), or allow more time (max_retry_seconds).",
            retry_after=pause,
        )
        error.attempts = 0
        return error
