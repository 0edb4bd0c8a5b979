"""The installed Airflow, whichever it is, lists the same connection type with the same labels and fields."""

from __future__ import annotations

import json
import subprocess

import pytest
import requests
from airflow import __version__
from airflow_server import RUN, airflow_environment, api_server

from airflow_provider_drs.connection_form import EXTRA_FIELDS, HIDDEN, RELABELING

AIRFLOW_3 = __version__.startswith("3")


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
def test_the_command_line_lists_the_fields(tmp_path):
    fields = {row["field_name"] for row in listed("widgets", tmp_path) if "airflow_provider_drs" in str(row)}
    assert fields == set(EXTRA_FIELDS)
    (row,) = [row for row in listed("behaviours", tmp_path) if "drs" in str(row).lower() and "Endpoint" in str(row)]
    assert all(label in str(row) for label in RELABELING.values())


@pytest.mark.skipif(not AIRFLOW_3, reason="Airflow 2 has no such API; the test before asks its command line")
def test_the_api_of_the_form_lists_the_labels_and_fields(tmp_path):
    with api_server(tmp_path) as url:
        token = requests.get(f"{url}/auth/token", timeout=30).json()["access_token"]
        answer = requests.get(
            f"{url}/ui/connections/hook_meta", headers={"Authorization": f"Bearer {token}"}, timeout=60
        )
    (form,) = [form for form in answer.json() if form["connection_type"] == "drs"]

    assert form["hook_name"] == "Huawei Cloud DRS"
    usual = {name: told for name, told in form["standard_fields"].items() if told}
    assert {name: told["title"] for name, told in usual.items() if not told["hidden"]} == RELABELING
    assert [name for name, told in usual.items() if told["hidden"]] == ["url_schema"]
    assert HIDDEN == ["schema", "extra"]
    assert list(form["extra_fields"]) == list(EXTRA_FIELDS)
    for name, field in EXTRA_FIELDS.items():
        told = form["extra_fields"][name]
        assert told["schema"]["title"] == field.label
        assert told["description"] == field.description
        assert told["value"] == field.default
        assert told["schema"].get("enum", []) == list(field.choices)
        assert told["schema"]["type"] == [field.kind, "null"]
        assert (told["schema"].get("format") == "password") == field.secret
