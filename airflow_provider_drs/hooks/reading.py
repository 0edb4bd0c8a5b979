"""Where Connections are read from Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_drs._compat import AirflowNotFoundException, BaseHook
from airflow_provider_drs.api.errors import DrsUnreachableError

if TYPE_CHECKING:
    from airflow.sdk import Connection

_HINT = "Create it, or look in the log for what a secrets backend or the API server says."


def read_connection(conn_id: str) -> Connection:
    """Return an Airflow Connection.

    :raises DrsUnreachableError: when Airflow has none, or cannot read it right now: a secrets backend that fails looks
        like a Connection that does not exist.
    """
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        why = "no source knows it, or one of them has failed"
    except Exception as error:
        # its text may quote what was read
        why = type(error).__name__
    raise DrsUnreachableError(f"connection {conn_id} cannot be read: {why}", hint=_HINT)
