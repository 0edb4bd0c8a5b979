"""The plugin that has Airflow serve the report page, and link to it: static files, and no route that answers data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from airflow_provider_drs._version import AIRFLOW

PAGE = Path(__file__).parent / "page"
PREFIX = "/drs"
"""Where Airflow serves the files; the page's script knows it, too."""
NAME = "DRS report"

# An iframe of Airflow shows the page.
_TAB = {
    "name": NAME,
    "href": "drs/report.html#/dags/{DAG_ID}/runs/{RUN_ID}/tasks/{TASK_ID}/{MAP_INDEX}",
    "destination": "task_instance",
}
# A templated field marks our tasks, so that a subclass has the tab, too; the approval has none of its own.
_TABS = [
    {**_TAB, "url_route": "drs-report", "applies_to": {"task.template_fields": ["drs_conn_id"]}},
    {**_TAB, "url_route": "drs-approval", "applies_to": {"task_instance.operator_name": ["DrsApprovalOperator"]}},
]
# Before Airflow 3.4, a tab would be on the tasks of everybody.
_ENTRY = {"name": "DRS gates", "href": "drs/report.html", "destination": "nav", "url_route": "drs-gates"}


class DrsPlugin(AirflowPlugin):
    """The report page in Airflow.

    Every process of Airflow loads it, tasks too. A web framework is imported only where a web server asks for the page,
    and our operators only where Airflow asks for the links of the tasks that it has stored.
    """

    name = "drs"
    external_views = _TABS if AIRFLOW >= (3, 4) else [_ENTRY]

    @property
    def operator_extra_links(self) -> list[Any]:  # type: ignore[override]
        """The link of each task to its report; on Airflow 2 the tasks have it, whose web server computes it."""
        if AIRFLOW < (3, 0):
            return []
        from airflow_provider_drs.ui.links import ReportLinkOfPlugin

        return [ReportLinkOfPlugin()]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The page for the API server of Airflow 3."""
        from airflow_provider_drs.ui.files import PageFiles

        return [{"name": NAME, "app": PageFiles(directory=PAGE), "url_prefix": PREFIX}]

    @property
    def flask_blueprints(self) -> list[Any]:  # type: ignore[override]
        """The page for the web server of Airflow 2; Airflow 3 may have no Flask."""
        if AIRFLOW >= (3, 0):
            return []
        from flask import Blueprint

        page = Blueprint("drs", __name__, static_folder=PAGE, static_url_path=PREFIX)
        # Airflow 2 lets a browser keep files for hours, so it would mix old scripts with new ones after an upgrade
        page.get_send_file_max_age = lambda filename: 0
        return [page]
