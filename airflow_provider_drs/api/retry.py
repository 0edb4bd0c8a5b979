"""When a call is sent again, and after which pause."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception

from airflow_provider_drs.api.errors import DrsError, DrsServiceError
from airflow_provider_drs.api.operation import Operation

Result = TypeVar("Result")

MAX_RETRY_SECONDS = 600.0
"""Seconds in which one call may be sent again, unless the user sets others."""
LONGEST_BACKOFF = 60.0
"""Seconds between two attempts at most, but for a quarter more by chance."""


def backoff(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: 1, 2, 4 ... 60, each up to a quarter more."""
    # the exponent is bounded, because a float overflows after a thousand failures
    return float(min(LONGEST_BACKOFF, 2.0 ** min(failures - 1, 10)) * (1 + random.random() / 4))  # noqa: S311


def retried(
    attempt: Callable[[int], Result],
    operation: Operation,
    *,
    max_attempts: int,
    deadline: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Result:
    """Call ``attempt`` with 1, 2, 3 ... until it returns, or may not be repeated.

    :param operation: says after which errors it is repeated.
    :param max_attempts: 1 and more.
    :param deadline: by the clock; no attempt starts later.
    :raises DrsError: the last one; its ``attempts`` says how often the call was sent.
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
            raise

    return retrying(numbered)


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    named = error.retry_after if isinstance(error, DrsServiceError) else None
    return backoff(state.attempt_number) if named is None else named
