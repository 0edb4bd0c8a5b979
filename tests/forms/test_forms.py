"""The installed Airflow, whichever it is, lists the same connection type with the same labels and fields."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
import requests
from airflow import __version__
from airflow_server import RUN, airflow_environment, api_server

from airflow_provider_drs.hooks.connection_form import EXTRA_FIELDS, HIDDEN, RELABELING

AIRFLOW_3 = __version__.startswith("3")
AIRFLOW_3_0 = __version__.startswith("3.0.")


def listed(command: str, home) -> list[dict[str, str]]:
    run = subprocess.run(
        [*RUN, "providers", command, "--output", "json"],
        env=airflow_environment(home),
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    rows: list[dict[str, str]] = json.loads(run.stdout[run.stdout.index("[{") :])
    return rows


def test_the_command_line_lists_the_hook(tmp_path):
    (row,) = [row for row in listed("hooks", tmp_path) if row["connection_type"] == "drs"]

    # the columns are named differently from one Airflow to the next
    assert {
        "airflow_provider_drs.hooks.drs.DrsHook",
        "drs_conn_id",
        "airflow-provider-drs",
        "Huawei Cloud DRS",
    } <= set(row.values())


@pytest.mark.skipif(AIRFLOW_3, reason="Airflow 3 tells it through its API, which the next test asks")
def test_the_providers_manager_lists_the_labels_and_fields():
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    widgets = {
        name.removeprefix("extra__drs__"): actual.field
        for name, actual in manager.connection_form_widgets.items()
        if actual.package_name == "airflow-provider-drs"
    }
    # Airflow 2 sorts them
    assert sorted(widgets) == sorted(EXTRA_FIELDS)
    for name, field in EXTRA_FIELDS.items():
        assert str(widgets[name].args[0]) == field.label
        assert widgets[name].kwargs["description"] == field.description
        assert widgets[name].kwargs["default"] == field.default
    behaviour = manager.field_behaviours["drs"]
    assert behaviour["relabeling"] == RELABELING
    assert behaviour["hidden_fields"] == HIDDEN


def listed_by_the_api(home) -> dict[str, Any]:
    with api_server(home) as url:
        token = requests.get(f"{url}/auth/token", timeout=30).json()["access_token"]
        answer = requests.get(
            f"{url}/ui/connections/hook_meta", headers={"Authorization": f"Bearer {token}"}, timeout=60
        )
    (form,) = [form for form in answer.json() if form["connection_type"] == "drs"]
    assert form["hook_name"] == "Huawei Cloud DRS"
    return dict(form)


@pytest.mark.skipif(not AIRFLOW_3_0, reason="other Airflows show the form whatever is installed beside them")
def test_airflow_3_0_has_a_form_without_fields_of_its_own_where_flask_appbuilder_is_absent(tmp_path):
    form = listed_by_the_api(tmp_path)

    assert (form["standard_fields"], form["extra_fields"]) == (None, None)


@pytest.mark.skipif(not AIRFLOW_3, reason="Airflow 2 has no such API; its providers manager is asked above")
@pytest.mark.skipif(AIRFLOW_3_0, reason="Airflow 3.0 lists none of its own accord; see the test before")
def test_the_api_of_the_form_lists_the_labels_and_fields(tmp_path):
    form = listed_by_the_api(tmp_path)

    usual = {name: actual for name, actual in form["standard_fields"].items() if actual}
    assert {name: actual["title"] for name, actual in usual.items() if not actual["hidden"]} == RELABELING
    assert [name for name, actual in usual.items() if actual["hidden"]] == ["url_schema"]
    assert HIDDEN == ["schema", "extra"]
    assert list(form["extra_fields"]) == list(EXTRA_FIELDS)
    for name, field in EXTRA_FIELDS.items():
        actual = form["extra_fields"][name]
        assert actual["schema"]["title"] == field.label
        assert actual["description"] == field.description
        assert actual["value"] == field.default
        assert actual["schema"].get("enum", []) == list(field.choices)
        assert actual["schema"]["type"] == [field.kind, "null"]
        assert (actual["schema"].get("format") == "password") == field.secret
