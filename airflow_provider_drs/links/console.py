"""The link from a task to the list of jobs in the DRS console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_drs._compat import BaseOperatorLink
from airflow_provider_drs._version import AIRFLOW

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey

CONSOLE_KEY = "drs_console_url"
"""Key of the XCom that has the address."""


class DrsConsoleLink(BaseOperatorLink):
    """Opens the DRS console in the region of the Connection, if the console of this cloud is known."""

    name = "DRS console"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:
        """Return the address of the console, or an empty text.

        :param operator: names the Connection on Airflow 3, which asks the worker of the task. Airflow 2 asks its web
            server, which has no rendered parameters, so the task leaves the address for it.
        :param ti_key: the task instance.
        """
        # imported here: DAG files are parsed again and again, and need none of it
        if AIRFLOW < (3, 0):
            from airflow.providers.common.compat.sdk import XCom

            return str(XCom.get_value(key=CONSOLE_KEY, ti_key=ti_key) or "")
        from airflow_provider_drs.hooks.drs import DrsHook

        try:
            return DrsHook(operator.drs_conn_id).console_url()
        except Exception:  # a link must not end a task; what is wrong with the Connection is told by the task
            return ""
