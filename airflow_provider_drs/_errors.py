"""Where errors of DRS become what Airflow acts on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow_provider_drs._compat import AirflowFailException
from airflow_provider_drs.api.errors import DrsError


@contextmanager
def fail_fast_on_permanent_errors() -> Iterator[None]:
    """Let a retryable error through as it is, and turn any other into one for which Airflow spends no retry.

    :raises AirflowFailException: in place of an error that the same task, run again, would meet again.
    """
    try:
        yield
    except DrsError as error:
        if error.retryable:
            raise
        raise AirflowFailException(str(error)) from error
