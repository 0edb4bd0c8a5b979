"""The link to the report that Airflow 3 has from the plugin, so that no task has to leave it."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow_provider_drs.links import DrsReportLink
from airflow_provider_drs.operators.approval import DrsApprovalOperator
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.operators.precheck import DrsPrecheckOperator
from airflow_provider_drs.operators.start import DrsStartJobsOperator
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor


class ReportLinkOfPlugin(DrsReportLink):
    """Opens the report of a task of this package; the API server makes the address, whatever became of the task."""

    operators: ClassVar[list[Any]] = [
        DrsTestConnectionsOperator,
        DrsPrecheckOperator,
        DrsApprovalOperator,
        DrsStartJobsOperator,
        DrsJobStatusSensor,
    ]
    """Airflow knows a task by name and module of its class, so a subclass is none of these."""

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address of the page, or an empty text for a task of somebody else.

        :param operator: the task as Airflow has stored it, with its links.
        :param ti_key: the task instance.
        """
        # Airflow takes a mapped task for ours when the name of its class is a part of one of our names, as that of
        # Airflow's own ApprovalOperator is; it hides a link without an address
        ours = any(link.name == self.name for link in operator.operator_extra_links)
        return super().get_link(operator, ti_key=ti_key) if ours else ""
