"""The retry policy for tasks of this package. Importing it needs Airflow 3.3 or newer; nothing else here does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_drs.api.codes import CODES, hint_for, is_not_ready
from airflow_provider_drs.api.errors import (
    DrsCredentialError,
    DrsEndpointsFailedError,
    DrsError,
    DrsInputError,
    DrsJobsFailedError,
    DrsJobsRefusedError,
    DrsJobStateError,
    DrsPermissionError,
    DrsThrottledError,
    DrsTlsError,
)

try:
    from airflow.sdk import RetryDecision, RetryPolicy
except ImportError:
    raise ImportError("DrsRetryPolicy needs Airflow 3.3 or newer: older versions have no retry policies") from None

if TYPE_CHECKING:
    from airflow.sdk import Context

LONGEST_DELAY = 86_400.0
"""Seconds; no delay that a service names lasts longer. Airflow has the same limit for its own delays."""

_NOT_READY = "A job is not in CONFIGURATION yet"
_NAMED = "The service asks to wait"
_PERMANENT = (
    (DrsInputError, "The input is wrong"),
    (DrsTlsError, "The service has no valid certificate"),
    (DrsCredentialError, "The credential was refused"),
    (DrsPermissionError, "The caller has no permission"),
    (DrsJobsRefusedError, "DRS does not know the jobs"),
    (DrsJobStateError, "A job can no longer get where it was waited for"),
    (DrsEndpointsFailedError, "Endpoints failed for a reason that stays, such as a refused login"),
    (DrsJobsFailedError, "Jobs failed for a reason that stays"),
    (DrsError, "The request was refused"),
)
"""What is wrong, in words of this package: a text of the service is not stored beside the task."""


@dataclass(frozen=True)
class DrsRetryPolicy(RetryPolicy):
    """Retry when the service says so, wait for jobs that are not ready, and fail at once on what stays wrong.

    A delay that the service names is the delay of the retry. A job that is not in ``CONFIGURATION`` yet costs no retry
    on Airflow 3.4 or newer: the task runs again after its ``retry_delay``. On Airflow 3.3 it costs one. A permanent
    error fails the task. Airflow decides about every other exception.

    :param reschedule_timeout: how long a try of the task waits for jobs that are not ready. After that, each further
        wait costs a retry. Without effect on Airflow 3.3.
    :raises ValueError: when the DAG is parsed, unless ``reschedule_timeout`` is longer than zero.
    """

    reschedule_timeout: timedelta = timedelta(hours=1)

    def __post_init__(self) -> None:
        """Refuse what Airflow would refuse only when the task has failed."""
        if not (isinstance(self.reschedule_timeout, timedelta) and self.reschedule_timeout > timedelta(0)):
            raise ValueError("reschedule_timeout must be a timedelta longer than 0")

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """Decide about an exception; its reason has no text of the exception.

        :param exception: why the task failed.
        :param try_number: not used, as the following.
        :param max_tries: not used.
        :param context: not used.
        """
        if not isinstance(exception, DrsError):
            return RetryDecision.default()
        if exception.not_ready or is_not_ready(exception.code):
            return self._when_ready()
        if not exception.retryable:
            return RetryDecision.fail(_reason(exception))
        if exception.retry_after is not None:
            # the order of the arguments makes 0 of what is no number
            delay = timedelta(seconds=max(0.0, min(exception.retry_after, LONGEST_DELAY)))
            return RetryDecision.retry(delay, f"{_NAMED} for {delay.total_seconds():g} s.")
        if isinstance(exception, DrsThrottledError):
            return RetryDecision.retry(reason=f"{_NAMED}, and does not say how long.")
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        """Return the policy as plain JSON."""
        return {"reschedule_timeout": self.reschedule_timeout.total_seconds()}

    @classmethod
    def deserialize(cls, data: Mapping[str, Any]) -> DrsRetryPolicy:
        """Return the policy that :meth:`serialize` took apart.

        :param data: its members.
        """
        return cls(timedelta(seconds=data["reschedule_timeout"]))

    def _when_ready(self) -> RetryDecision:
        reschedule: Any = getattr(RetryDecision, "reschedule", None)
        if reschedule is None:  # Airflow 3.3
            return RetryDecision.retry(reason=f"{_NOT_READY}; on this Airflow each wait for it costs a retry.")
        decision: RetryDecision = reschedule(reschedule_timeout=self.reschedule_timeout, reason=f"{_NOT_READY}.")
        return decision


def _reason(failure: DrsError) -> str:
    # a report that has failed knows which refused call is the reason
    error = failure.__cause__ if isinstance(failure.__cause__, DrsError) else failure
    words = next(words for kind, words in _PERMANENT if isinstance(error, kind))
    code = f" ({error.code})" if error.code in CODES else ""
    hint = hint_for(error.code) if code else None
    return f"{words}{code}. {hint or 'The log of the task has the whole error.'}"
