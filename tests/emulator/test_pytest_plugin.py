"""The fixture for the tests of DAGs: what a test can say with it, and what it costs those who do not use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from drs_calls import JOB, Drs, entry, job_id

from airflow_provider_drs.api.errors import DrsCredentialError
from airflow_provider_drs.emulator.faults import Fault
from airflow_provider_drs.emulator.rehearsal import Login
from airflow_provider_drs.hooks.drs import DrsHook

FAR_AWAY = {"ip": "203.0.113.10", "db_port": 3306, "db_type": "mysql"}


def test_all_goes_well_unless_the_test_says_otherwise_and_nothing_is_dialled(drs_emulator):
    drs = Drs(drs_emulator)

    assert drs.status(JOB) == ["CONFIGURATION"]
    assert drs.connect(entry(**FAR_AWAY)) == [{"id": JOB, "status": "success", "success": True}]


def test_the_default_connection_of_airflow_points_at_it(drs_emulator):
    assert json.loads(os.environ["AIRFLOW_CONN_DRS_DEFAULT"])["host"] == drs_emulator.url


def connection(monkeypatch, conn_id, **fields):
    monkeypatch.setenv(
        f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps({"conn_type": "drs", "password": "real", **fields})
    )


class ElsewhereError(Exception):
    """The real DRS was asked for."""


@pytest.fixture(autouse=True)
def a_backend_that_knows_the_real_service(monkeypatch):
    def get_connection(conn_id):
        raise ElsewhereError(conn_id)

    # Airflow asks it before the environment
    monkeypatch.setattr(
        "airflow.secrets.environment_variables.EnvironmentVariablesBackend.get_conn_value", get_connection
    )


@pytest.mark.parametrize(
    "fields",
    [
        None,
        {"host": "https://drs.cn-north-4.myhuaweicloud.com"},
        {"extra": {"region": "cn-north-4"}},
        {"host": "{url}", "port": 443},
        {"host": "{url}", "extra": {"region": "cn-north-4", "auth_type": "password"}},
        {"host": "{url}", "extra": '{"iam_endpoint": "https://iam.cn-north-4.myhuaweicloud.com"}'},
        {"host": "{url}@drs.cn-north-4.myhuaweicloud.com"},
        {"host": "{url}", "extra": "no object"},
    ],
)
@pytest.mark.parametrize("conn_id", ["drs_default", "drs_production"])
def test_whatever_knows_a_connection_to_drs_it_leads_to_the_emulator(drs_emulator, monkeypatch, fields, conn_id):
    if fields:
        host = str(fields.get("host", "")).replace("{url}", drs_emulator.url)
        connection(monkeypatch, conn_id, **{**fields, "host": host})

    with DrsHook(conn_id).get_conn() as client:
        assert (client.endpoint, client.project_id) == (drs_emulator.url, drs_emulator.world.project_id)
        client.check_access()


def test_a_connection_that_a_test_makes_of_the_emulators_own_is_kept(drs_emulator, monkeypatch):
    extra = {"project_id": drs_emulator.world.project_id, "auth_type": "password", "iam_endpoint": drs_emulator.url}
    accounts = drs_emulator.world.accounts
    connection(
        monkeypatch,
        "by_user",
        host=drs_emulator.url,
        login=accounts.user,
        password=accounts.password,
        extra={**extra, "domain_name": accounts.domain},
    )
    connection(monkeypatch, "stale", host=drs_emulator.url, extra={"project_id": drs_emulator.world.project_id})

    with DrsHook("by_user").get_conn() as client:
        client.check_access()
    with DrsHook("stale").get_conn() as client, pytest.raises(DrsCredentialError):
        client.check_access()

    assert len(accounts.issued) == 1


def test_a_database_refuses_in_the_words_of_the_test(drs_emulator):
    drs_emulator.databases.refuse("203.0.113.10", "Connection timed out")
    drs_emulator.databases.refuse("203.0.113.20:3307", "Access denied", code="DRS.KE0002")
    addresses = [("203.0.113.10", 3306), ("203.0.113.20", 3306), ("203.0.113.20", 3307), ("203.0.113.30", 3306)]
    entries = [entry(id=job_id(number), ip=ip, db_port=port) for number, (ip, port) in enumerate(addresses)]

    actual = [(item.get("error_code"), item.get("error_msg")) for item in Drs(drs_emulator).connect(*entries)]

    assert actual == [
        ("DRS.M01501", "Connection timed out"),
        (None, None),
        ("DRS.KE0002", "Access denied"),
        (None, None),
    ]


def test_a_database_may_refuse_a_few_times_only(drs_emulator):
    drs_emulator.databases.refuse("203.0.113.10", "Connection refused", times=2)

    results = [Drs(drs_emulator).connect(entry(**FAR_AWAY))[0]["success"] for _ in range(4)]

    assert results == [False, False, True, True]


def test_a_database_may_know_one_account_only(drs_emulator):
    drs_emulator.databases.admit_only("203.0.113.10", "reader", "right")
    drs = Drs(drs_emulator)

    (good,) = drs.connect(entry(**FAR_AWAY))
    (wrong_password,) = drs.connect(entry(**FAR_AWAY, db_password="wrong"))
    (wrong_user,) = drs.connect(entry(**FAR_AWAY, db_user="root"))

    assert good["success"]
    assert (wrong_password["error_code"], wrong_user["error_code"]) == ("DRS.KE0002", "DRS.KE0002")
    assert wrong_user["error_msg"] == "Access denied for user 'root'"


def test_one_good_host_of_several_is_enough_as_it_is_for_the_service(drs_emulator):
    drs_emulator.databases.refuse("10.0.0.6:8635", "Connection refused")
    replica_set = {"db_type": "mongodb", "db_port": 0, "db_name": "admin"}
    drs = Drs(drs_emulator)

    (two,) = drs.connect(entry(**replica_set, ip="10.0.0.6:8635,10.0.0.7:8635"))
    (one,) = drs.connect(entry(**replica_set, ip="10.0.0.6:8635"))

    assert (two["success"], one["success"]) == (True, False)
    assert [login.host for login in drs_emulator.databases.logins] == [
        "10.0.0.6:8635",
        "10.0.0.7:8635",
        "10.0.0.6:8635",
    ]


def test_it_tells_what_was_asked_and_keeps_no_password(drs_emulator):
    drs = Drs(drs_emulator)
    drs.status(JOB)
    drs.connect(entry(**FAR_AWAY, end_point_type="ta", db_password="s3cr3t-c4nary"))

    assert [(call.operation, call.job_ids) for call in drs_emulator.world.calls] == [
        ("batch-status", (JOB,)),
        ("batch-connection", (JOB,)),
    ]
    assert drs_emulator.databases.logins == [Login(JOB, "target", "203.0.113.10", 3306, "reader")]
    assert "s3cr3t-c4nary" not in repr(drs_emulator.databases.logins)


def test_jobs_and_faults_are_said_to_its_world(drs_emulator):
    drs_emulator.world.add_job(JOB, ready_after_polls=1)
    drs_emulator.world.faults.order(Fault("unavailable", status=502))
    drs = Drs(drs_emulator)

    assert requests.post(f"{drs_emulator.url}/v3/any/jobs/batch-status", timeout=30).status_code == 502
    assert [drs.status(JOB), drs.status(JOB)] == [["CREATING"], ["CONFIGURATION"]]


def test_who_does_not_use_it_loads_nothing_for_it():
    def modules_after(code: str) -> set[str]:
        command = [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"]
        return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())

    plugin = modules_after("import pytest, airflow_provider_drs.emulator.pytest_plugin")

    assert {name for name in plugin - modules_after("import pytest") if "_virtualenv" not in name} == {
        "airflow_provider_drs",
        "airflow_provider_drs.emulator",
        "airflow_provider_drs.emulator.pytest_plugin",
    }


def test_without_the_extra_one_sentence_says_what_to_install(tmp_path: Path):
    (tmp_path / "conftest.py").write_text("import sys\n\nsys.modules['uvicorn'] = None\n")
    (tmp_path / "test_dag.py").write_text("def test_gate(drs_emulator):\n    pass\n")

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--no-header", "-q"], cwd=tmp_path, capture_output=True, text=True
    )

    assert run.returncode == 1
    assert "The fixture drs_emulator needs uvicorn: pip install 'airflow-provider-drs[emulator]'" in run.stdout
    assert "Traceback" not in run.stdout
