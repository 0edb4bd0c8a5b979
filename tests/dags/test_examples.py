"""Every example DAG runs unchanged."""

from __future__ import annotations

import html
import json
import re
import socket
from pathlib import Path

import pytest
from airflow import __version__
from airflow_runs import load_dag, run_dag, run_loaded
from mail_server import mailbox
from samples import job_id

from airflow_provider_drs.emulator.scenario import load_world
from airflow_provider_drs.emulator.server import Emulator

EXAMPLES = Path(__file__).parents[2] / "example_dags"
NAMES = sorted(file.stem for file in EXAMPLES.glob("*.py"))
NOBODY_IS_ASKED = __version__.startswith(("2.", "3.0."))
NOTHING_IS_WATCHED = __version__.startswith("2.")
UNDEFINED = {
    name
    for name, undefined in {"approval_by_a_person": NOBODY_IS_ASKED, "started_by_its_job": NOTHING_IS_WATCHED}.items()
    if undefined
}
NEW_ORDERS = "203.0.113.20"


@pytest.fixture
def databases(monkeypatch, drs_emulator):
    """The Connections of the examples, and listeners at their addresses."""
    hosts = {"orders_old": "203.0.113.10", "orders_new": NEW_ORDERS, "billing_old": "203.0.113.30"}
    for name, host in {**hosts, "billing_new": "203.0.113.40"}.items():
        connection = {"conn_type": "mysql", "host": host, "login": "drs", "password": f"s3cr3t-c4nary-{name}"}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))
    return drs_emulator.databases


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_one_dag_of_the_same_name(name):
    if name in UNDEFINED:
        with pytest.raises(KeyError, match=name):
            load_dag(f"{name}.py")
    else:
        assert load_dag(f"{name}.py").dag_id == name


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_has_a_line_for_each_example(name):
    lines = (EXAMPLES / "README.md").read_text().splitlines()

    assert [line for line in lines if line.startswith(f"| [`{name}.py`]({name}.py) | ")] != []


@pytest.mark.usefixtures("airflow_db")
@pytest.mark.parametrize("name", NAMES)
def test_a_run_with_a_shut_gate_is_red(monkeypatch, databases, name):
    if name in UNDEFINED:
        pytest.skip("the example defines no DAG")
    databases.refuse(NEW_ORDERS, "Connection timed out")
    listed = {
        f"{job}_{age}": {
            "id": job_id(number),
            "end_point_type": side,
            "db_type": "mysql",
            "ip": NEW_ORDERS,
            "db_port": 3306,
            "db_user": "drs",
            "db_name": job,
        }
        for number, job in enumerate(("orders", "billing"), start=1)
        for age, side in (("old", "so"), ("new", "ta"))
    }
    monkeypatch.setenv("AIRFLOW_VAR_DRS_DATABASES", json.dumps(listed))
    dag = load_dag(f"{name}.py")
    for task in dag.tasks:
        if hasattr(task, "retest_delay"):
            task.retest_delay = 0
    run = run_loaded(dag, mark_success_pattern="approve")  # in dag.test() nobody can answer

    assert run.state == "failed"
    assert databases.logins != []


@pytest.mark.usefixtures("airflow_db")
def test_the_guide_knows_what_every_trigger_rule_does_behind_a_shut_gate(databases):
    databases.refuse("203.0.113.10", "Connection timed out")
    run = run_dag("trigger_rules.py")

    guide = (EXAMPLES.parent / "docs" / "guides" / "branching.md").read_text()
    rows = re.findall(r"^\| `(\w+)`(?: \(default\))? \| `?(\w+)`? \| `?(\w+)`? \| `?(\w+)`? \|$", guide, re.MULTILINE)
    documented = {
        f"{on}_{rule}": state
        for rule, *states in rows
        for on, state in zip(("fail", "skip", "report"), states, strict=True)
    }
    assert documented == {task: state.replace("success", "runs") for task, state in run.states.items() if "_" in task}


@pytest.mark.usefixtures("airflow_db")
@pytest.mark.parametrize("shut", [False, True])
def test_one_job_waits_tests_and_migrates(databases, drs_emulator, shut):
    drs_emulator.world.add_job(job_id(1), ready_after_polls=1)
    if shut:
        databases.refuse(NEW_ORDERS, "Access denied for user 'drs'", code="DRS.KE0002")
    dag = load_dag("one_job.py")
    dag.task_dict["wait_until_configurable"].poke_interval = 0.01
    run = run_loaded(dag)

    assert run.states == {
        "wait_until_configurable": "success",
        "test_connections": "failed" if shut else "success",
        "start_migration": "upstream_failed" if shut else "success",
    }
    assert [call.operation for call in drs_emulator.world.calls][:2] == ["batch-status", "batch-status"]
    assert {(login.job_id, login.side, login.host) for login in databases.logins} == {
        (job_id(1), "source", "203.0.113.10"),
        (job_id(1), "target", NEW_ORDERS),
    }


@pytest.mark.usefixtures("airflow_db")
@pytest.mark.parametrize("shut", [False, True])
def test_only_jobs_with_an_open_gate_migrate(databases, shut):
    if shut:
        databases.refuse(NEW_ORDERS, "Connection timed out")
    run = run_dag("many_jobs_from_a_file.py")

    assert run.states == {
        "jobs_in_the_file": "success",
        "migration.test_connections": ["failed" if shut else "success", "success"],
        "migration.start_migration": ["upstream_failed" if shut else "success", "success"],
    }
    assert run.xcoms["migration.start_migration"][1] == "The gate of billing is open."
    tested = [{item["job_id"] for item in report["endpoints"]} for report in run.xcoms["migration.test_connections"]]
    assert tested == [{job_id(1)}, {job_id(2)}]


@pytest.mark.usefixtures("airflow_db")
@pytest.mark.parametrize("shut", [False, True])
def test_each_job_of_a_file_has_a_whole_gate_and_a_shut_one_stops_no_other(databases, drs_emulator, shut):
    if shut:
        databases.refuse(NEW_ORDERS, "Connection timed out")
    run = run_dag("a_gate_for_each_job.py")

    # in dag.test() of Airflow 3.3 a failed map index ends the run before the last step of the other
    known = ("wait", "test_connections", "precheck")
    assert {step: run.states[f"migration.gate.{step}"] for step in known} == {
        "wait": ["success", "success"],
        "test_connections": ["failed" if shut else "success", "success"],
        "precheck": ["upstream_failed" if shut else "success", "success"],
    }
    assert shut or run.states["migration.gate.start"] == ["success", "success"]
    assert drs_emulator.world.job(job_id(1)).starts == (0 if shut else 1)


@pytest.mark.usefixtures("airflow_db")
@pytest.mark.parametrize("shut", [False, True])
def test_the_report_leads_to_the_migration_or_to_a_ticket_and_the_log_has_its_reason(databases, console, shut):
    if shut:
        databases.refuse(NEW_ORDERS, "Connection timed out")
    run = run_dag("report_opens_a_ticket.py")

    assert run.state == ("failed" if shut else "success")
    assert run.states == {
        "test_connections": "success",
        "decide": "success",
        "start_migration": "skipped" if shut else "success",
        "open_ticket": "success" if shut else "skipped",
        "fail_the_run": "failed" if shut else "skipped",
    }
    ticket = (
        "DRS cannot log in to:\n- new orders at 203.0.113.20:3306: Connection timed out\n  Check address and port, and "
        "that firewall and security group admit the address of the DRS instance."
    )
    assert run.xcoms["open_ticket"] == (ticket if shut else None)
    assert ("new orders (target): Connection timed out" in console()) is shut


@pytest.mark.usefixtures("airflow_db")
@pytest.mark.parametrize("shut", [False, True])
def test_a_shut_gate_sends_its_report_by_mail(monkeypatch, databases, shut):
    if shut:
        databases.refuse(NEW_ORDERS, "<b>Access</b> denied", code="DRS.KE0002")
    with mailbox() as (port, mails):
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": port}
        connection["extra"] = {"disable_ssl": True, "disable_tls": True}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))
        run = run_dag("report_by_mail.py")

    assert run.states == {
        "test_connections": "failed" if shut else "success",
        "start_migration": "upstream_failed" if shut else "success",
    }
    assert [mail["To"] for mail in mails] == (["migrations@example.com"] if shut else [])
    for mail in mails:
        assert mail["Subject"] == "The gate of report_by_mail is shut"
        body = mail.get_body(("html",))
        assert body is not None
        text = body.get_content()
        assert "| new orders (target) |" in text
        assert "DRS.KE0002" in text
        assert "<b>" not in text
        assert html.unescape(text).count(run.xcoms["test_connections"]["summary"]) == 1


@pytest.mark.usefixtures("airflow_db")
@pytest.mark.parametrize("attempts", [2, 61])
def test_failed_endpoints_are_tested_again_until_the_firewall_opens(databases, attempts):
    databases.refuse(NEW_ORDERS, "Connection timed out", times=attempts)
    dag = load_dag("retest_until_the_firewall_opens.py")
    dag.task_dict["test_connections"].retest_delay = 0
    run = run_loaded(dag)

    opened = attempts == 2
    assert run.states == {
        "test_connections": "success" if opened else "failed",
        "start_migration": "success" if opened else "upstream_failed",
    }
    tested = [(item["side"], item["attempts"]) for item in run.xcoms["test_connections"]["endpoints"]]
    assert tested == [("source", 1), ("target", 3 if opened else 61)]


@pytest.mark.skipif(NOBODY_IS_ASKED, reason="Airflow asks people from 3.1 on; before, the example defines no DAG")
@pytest.mark.usefixtures("airflow_db")
@pytest.mark.parametrize("shut", [False, True])
def test_a_shut_gate_asks_no_person_for_approval(databases, shut):
    if shut:
        databases.refuse(NEW_ORDERS, "Connection timed out")
    # dag.test() has no way to answer, so here the answer is always yes; test_approval.py tests real answers.
    run = run_loaded(load_dag("approval_by_a_person.py"), mark_success_pattern="approve")

    assert run.states == {
        "test_connections": "failed" if shut else "success",
        "approve": "upstream_failed" if shut else "success",
        "start_migration": "upstream_failed" if shut else "success",
    }


@pytest.mark.skipif(
    NOTHING_IS_WATCHED, reason="Airflow has asset watchers from 3.0 on; before, the example defines no DAG"
)
@pytest.mark.usefixtures("airflow_db")
def test_a_gate_that_its_job_starts_tests_the_job(databases):
    run = run_dag("started_by_its_job.py")

    assert run.states == {"test_connections": "success"}
    assert {login.job_id for login in databases.logins} == {job_id(1)}


@pytest.mark.usefixtures("airflow_db")
@pytest.mark.parametrize("shut", [False, True])
def test_connections_provide_all_members_of_the_databases(databases, shut):
    if shut:
        databases.admit_only(NEW_ORDERS, "drs", "another password")
    run = run_dag("credentials_from_connections.py")

    assert run.states == {"test_connections": "failed" if shut else "success"}
    report = run.xcoms["test_connections"]["endpoints"]
    assert [(item["label"], item["address"]) for item in report] == [
        ("old orders", "203.0.113.10:3306"),
        ("new orders", f"{NEW_ORDERS}:3306"),
    ]
    assert [item["code"] for item in report] == [None, "DRS.KE0002" if shut else None]
    assert {login.user for login in databases.logins} == {"drs"}


@pytest.mark.usefixtures("airflow_db")
@pytest.mark.parametrize("closed", [None, "billing_new"])
def test_the_gate_lets_the_migration_start_only_when_every_database_answers(monkeypatch, console, closed):
    jobs = {"orders": job_id(1), "billing": job_id(2)}
    scenario = {"jobs": [{"id": job, "ready_after_polls": 0} for job in jobs.values()]}
    names = [f"{job}_{age}" for job in jobs for age in ("old", "new")]
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as shut:
        shut.bind(("127.0.0.1", 0))
        databases = {
            name: {
                "id": jobs[name.split("_")[0]],
                "end_point_type": "so" if name.endswith("old") else "ta",
                "db_type": "gaussdbv5",  # the emulator tests only the port for this type
                "ip": "127.0.0.1",
                "db_port": (shut if name == closed else listening).getsockname()[1],
                "db_user": "drs",
                "db_name": name,
            }
            for name in names
        }
        monkeypatch.setenv("AIRFLOW_VAR_DRS_DATABASES", json.dumps(databases))
        for name in names:
            connection = {"conn_type": "postgres", "password": f"s3cr3t-c4nary-{name}"}
            monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))
        with Emulator(load_world(scenario)) as emulator:
            monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", emulator.connection_json)
            run = run_dag("pre_migration_gate.py")

    assert run.states == {
        "wait_until_configurable": "success",
        "test_connections": "failed" if closed else "success",
        "start_migration": "upstream_failed" if closed else "success",
    }
    assert run.xcoms["wait_until_configurable"] == dict.fromkeys(jobs.values(), "CONFIGURATION")
    report = run.xcoms["test_connections"]["endpoints"]
    assert [item["label"] for item in report] == names
    assert [item["label"] for item in report if not item["passed"]] == ([closed] if closed else [])
    assert "s3cr3t-c4nary" not in console() + json.dumps(run.xcoms)
