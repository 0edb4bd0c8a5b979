"""The link from a task to the page with its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from airflow_provider_drs._compat import BaseOperatorLink, conf
from airflow_provider_drs._version import AIRFLOW

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey


class DrsReportLink(BaseOperatorLink):
    """Opens the report of a task, whether the task has failed, waits or has ended well."""

    name = "DRS report"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:
        """Return the address of the page, relative to that of Airflow.

        :param operator: not used; the ids name the report.
        :param ti_key: the task instance.
        """
        # Airflow 2 asks its web server, which knows the path it has. Airflow 3 asks a worker, which may not know it, and
        # its pages name their root as the base of all relative addresses.
        root = "" if AIRFLOW >= (3, 0) else urlsplit(conf.get("webserver", "base_url")).path.rstrip("/") + "/"
        dag, run, task = (quote(part, safe="") for part in (ti_key.dag_id, ti_key.run_id, ti_key.task_id))
        mapped = f"/{ti_key.map_index}" if ti_key.map_index >= 0 else ""
        return f"{root}drs/report.html#/dags/{dag}/runs/{run}/tasks/{task}{mapped}"
