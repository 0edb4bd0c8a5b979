"""Translates errors of ``api`` into exceptions that Airflow acts on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow_provider_drs._compat import AirflowFailException
from airflow_provider_drs.api.errors import DrsError


@contextmanager
def fail_fast_on_permanent_errors() -> Iterator[None]:
    """Re-raise a retryable error as it is, and replace a permanent one, so that Airflow spends no retry on it.

    :raises AirflowFailException: in place of an error that would occur again in a retry of the task.
    :raises DrsError: when the error is retryable.
    """
    try:
        yield
    except DrsError as error:
        if error.retryable:
            raise
        raise AirflowFailException(str(error)) from error
