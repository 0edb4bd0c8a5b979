"""The metadata of this provider, which Airflow reads through an entry point."""

from __future__ import annotations

from typing import Any

from airflow_provider_drs.hooks.connection_form import EXTRA_FIELDS, ui_field_behaviour


def get_provider_info() -> dict[str, Any]:
    """Return the provider's metadata in the form of Airflow's ``provider_info.schema.json``."""
    name = "Huawei Cloud DRS"
    return {
        # with any other name than the distribution's, Airflow loads no provider of the installation
        "package-name": "airflow-provider-drs",
        "name": name,
        "description": "Tests every source and target of a database migration with Huawei Cloud DRS before it starts.",
        "integrations": [
            {
                "integration-name": name,
                "external-doc-url": "https://support.huaweicloud.com/intl/en-us/drs/",
                "tags": ["service"],
            }
        ],
        "hooks": [{"integration-name": name, "python-modules": ["airflow_provider_drs.hooks.drs"]}],
        "operators": [
            {
                "integration-name": name,
                "python-modules": [
                    "airflow_provider_drs.operators.drs",
                    "airflow_provider_drs.operators.precheck",
                    "airflow_provider_drs.operators.approval",
                    "airflow_provider_drs.operators.start",
                ],
            }
        ],
        "sensors": [{"integration-name": name, "python-modules": ["airflow_provider_drs.sensors.drs"]}],
        "triggers": [
            {
                "integration-name": name,
                "python-modules": [
                    "airflow_provider_drs.triggers.drs",
                    "airflow_provider_drs.triggers.precheck",
                    "airflow_provider_drs.triggers.event",
                ],
            }
        ],
        # read since Airflow 3.2
        "cli": ["airflow_provider_drs.livecheck.commands.get_drs_commands"],
        "extra-links": [
            "airflow_provider_drs.links.DrsReportLink",
            "airflow_provider_drs.links.DrsConsoleLink",
        ],
        "connection-types": [
            {
                "connection-type": "drs",
                "hook-class-name": "airflow_provider_drs.hooks.drs.DrsHook",
                "hook-name": name,
                "ui-field-behaviour": ui_field_behaviour("hidden-fields"),
                "conn-fields": {name: field.metadata for name, field in EXTRA_FIELDS.items()},
            }
        ],
    }
