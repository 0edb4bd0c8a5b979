"""The link from a task to the list of jobs in the DRS console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_drs._compat import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey

CONSOLE_KEY = "drs_console_url"
"""Key of the XCom that has the address."""


class DrsConsoleLink(BaseOperatorLink):
    """Opens the DRS console in the region of the Connection, if the console of this cloud is known."""

    name = "DRS console"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:
        """Return the address that the task has left, or an empty text.

        :param operator: not used; Airflow 2 has it without its rendered parameters.
        :param ti_key: the task instance.
        """
        # imported here: DAG files are parsed again and again, and need none of it
        from airflow.providers.common.compat.sdk import XCom

        return str(XCom.get_value(key=CONSOLE_KEY, ti_key=ti_key) or "")
