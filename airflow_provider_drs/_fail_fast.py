"""Translates errors of ``api`` into exceptions that Airflow acts on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_provider_drs._compat import AirflowFailException
from airflow_provider_drs.api.errors import DrsError

if TYPE_CHECKING:
    from airflow.sdk import Context

_log = logging.getLogger(__name__)


@contextmanager
def fail_fast_on_permanent_errors(context: Context | None = None) -> Iterator[None]:
    """Re-raise a retryable error as it is, and replace a permanent one, so that Airflow spends no retry on it.

    :param context: Airflow's, if the retry policy of the task may decide about a permanent error.
    :raises AirflowFailException: in place of an error that would occur again in a retry of the task.
    :raises DrsError: when the error is retryable, or a retry policy decides about it.
    """
    try:
        yield
    except DrsError as error:
        raised = raised_for(error, context)
        if raised is error:
            raise
        raise raised from error


def raised_for(error: DrsError, context: Context | None = None) -> Exception:
    """Return what a task raises for an error, so that Airflow spends no retry on a permanent one.

    :param error: the error.
    :param context: Airflow's, if the retry policy of the task may decide about a permanent error.
    """
    if error.retryable or (context is not None and _policy_decides(error, context)):
        return error
    return AirflowFailException(str(error))


def _policy_decides(error: DrsError, context: Context) -> bool:
    """Return whether the task has a retry policy that decides about an error, and does not leave it to Airflow.

    Airflow asks no policy about an AirflowFailException, and spends retries on any other error that a policy leaves to
    it. So the policy is asked here first.
    """
    ti = context.get("ti")
    policy = getattr(getattr(ti, "task", None), "retry_policy", None)
    if ti is None or policy is None:
        return False
    try:
        decision = policy.evaluate(exception=error, try_number=ti.try_number, max_tries=ti.max_tries, context=context)
        return bool(decision.action.value != "default")
    except Exception as failure:
        # Airflow would retry the task then
        _log.warning("The retry policy failed (%s), so it does not decide about this error.", type(failure).__name__)
        return False
