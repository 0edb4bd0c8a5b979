"""The links from a task to its report and to the DRS console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from airflow.providers.common.compat.sdk import BaseOperatorLink

from airflow_provider_drs._compat import conf
from airflow_provider_drs._version import AIRFLOW

if TYPE_CHECKING:
    from airflow.sdk.types import RuntimeTaskInstanceProtocol, TaskInstanceKey

CONSOLE_KEY = "drs_console_url"
"""Key of the XCom that has the address."""


class DrsReportLink(BaseOperatorLink):
    """Opens the report of a task, whether the task has failed, waits or has ended well."""

    name = "DRS report"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:
        """Return the address of the page, relative to that of Airflow.

        :param operator: not used; the ids name the report.
        :param ti_key: the task instance.
        """
        # Airflow 2 asks its web server, which knows its path. Airflow 3 asks a worker, which may not know it, but all
        # pages of Airflow 3 name their root as the base of relative addresses.
        root = "" if AIRFLOW >= (3, 0) else urlsplit(conf.get("webserver", "base_url")).path.rstrip("/") + "/"
        return root + _page(ti_key)


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
        if told := getattr(operator, "_console_url", None):
            return str(told)
        from airflow_provider_drs.hooks.drs import DrsHook

        try:
            return DrsHook(operator.drs_conn_id).console_url()
        except Exception:  # a link must not end a task; what is wrong with the Connection is told by the task
            return ""


def logged_url(ti: RuntimeTaskInstanceProtocol) -> str | None:
    """Return the whole address of the page for a task's log, where Airflow 3 knows its own.

    The page of a failed task of Airflow 3 opens with the log, which has no operator links; that of Airflow 2 has them.

    :param ti: the task instance.
    """
    root = conf.get("api", "base_url", fallback=None) if AIRFLOW >= (3, 0) else None
    return f"{root.rstrip('/')}/{_page(ti)}" if root else None


def _page(ti: TaskInstanceKey | RuntimeTaskInstanceProtocol) -> str:
    dag, run, task = (quote(part, safe="") for part in (ti.dag_id, ti.run_id, ti.task_id))
    mapped = "" if ti.map_index is None or ti.map_index < 0 else f"/{ti.map_index}"
    return f"drs/report.html#/dags/{dag}/runs/{run}/tasks/{task}{mapped}"
