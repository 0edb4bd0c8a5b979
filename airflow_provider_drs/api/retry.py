"""Sends a call again, and decides after which pause; :mod:`~airflow_provider_drs.api.operation` decides whether."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.operation import Operation

Result = TypeVar("Result")

MAX_RETRY_SECONDS = 600.0
"""Default of the seconds in which one call may be sent again."""
LONGEST_BACKOFF = 60.0
"""Longest pause in seconds between two attempts, before jitter of up to a quarter is added."""


def backoff(failures: int) -> float:
    """Return the pause in seconds after a number of failures: 1, 2, 4 ... 60, plus jitter of up to a quarter.

    :param failures: number of failures in a row, at least 1.
    """
    # The exponent has a limit because a float overflows after a thousand failures.
    return float(min(LONGEST_BACKOFF, 2.0 ** min(failures - 1, 10)) * (1 + random.random() / 4))  # noqa: S311


def retried(
    attempt: Callable[[int], Result],
    operation: Operation,
    *,
    max_attempts: int,
    max_pause: float,
    deadline: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Result:
    """Call ``attempt`` until it succeeds or must not be repeated, and return its result.

    :param attempt: makes the call; its argument is the number of the attempt, from 1.
    :param operation: decides after which errors a call is repeated.
    :param max_attempts: maximum number of attempts, at least 1.
    :param max_pause: seconds; no pause that the service names lasts longer, and no error names a longer one.
    :param deadline: in clock seconds; no attempt starts later.
    :param clock: returns seconds that never go back.
    :param sleep: waits for a number of seconds.
    :raises DrsError: the error of the last attempt; its ``attempts`` counts how often the call was sent.
    """

    def ended(state: RetryCallState) -> bool:
        return state.attempt_number >= max_attempts or clock() + state.upcoming_sleep > deadline

    retrying = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, DrsError) and operation.repeats(error)),
        wait=_pause,
        stop=ended,
        sleep=sleep,
        reraise=True,
    )

    def numbered() -> Result:
        number = retrying.statistics["attempt_number"]
        try:
            return attempt(number)
        except DrsError as error:
            error.attempts += number - 1
            if error.retry_after is not None:
                error.retry_after = min(error.retry_after, max_pause)
            raise

    return retrying(numbered)


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    named = error.retry_after if isinstance(error, DrsError) else None
    return backoff(state.attempt_number) if named is None else named
