"""What the guide to the emulator shows is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from drs_calls import Drs

from airflow_provider_drs.emulator import logins
from airflow_provider_drs.emulator.accounts import Accounts
from airflow_provider_drs.emulator.choices import Choices
from airflow_provider_drs.emulator.faults import operations
from airflow_provider_drs.emulator.jobs import JobFacts
from airflow_provider_drs.emulator.prechecks import CheckItem, PrecheckOrder
from airflow_provider_drs.emulator.scenario import load_world
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World
from airflow_provider_drs.hooks.drs import DrsHook

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "emulator.md").read_text(encoding="utf-8")


def shown(language: str) -> str:
    return blocks(language)[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)


def test_its_scenario_can_be_loaded() -> None:
    scenario = yaml.safe_load(shown("yaml"))
    world = load_world({name: value for name, value in scenario.items() if name != "faults"})
    with Emulator(world) as emulator:
        statuses = [Drs(emulator).status(*(job["id"] for job in scenario["jobs"])) for _ in range(4)]
    assert statuses[0] == ["CREATING", "CREATING", "CREATING", "FULL_TRANSFER_STARTED"]
    assert statuses[3] == ["CONFIGURATION", "CREATING", "CREATE_FAILED", "FULL_TRANSFER_STARTED"]
    assert load_world(scenario).faults.next_for("batch-status") is not None


def test_its_job_with_members_can_be_loaded() -> None:
    members, precheck = [load_world(yaml.safe_load(text)).list_jobs() for text in blocks("yaml")[1:3]]
    (job,) = members
    assert (job.facts.name, job.facts.engine_type, job.facts.prepaid) == ("orders", "postgresql", True)
    (job,) = precheck
    assert [item.result for item in job.facts.precheck.items] == ["ALARM", "FAILED"]


def test_it_names_every_member_of_a_precheck() -> None:
    table = GUIDE.partition("| member of `precheck` |")[2].partition("\n\n")[0]
    for name in [*PrecheckOrder.model_fields, *CheckItem.model_fields]:
        assert f"`{name}`" in table


def test_it_names_every_member_of_a_job_and_its_default() -> None:
    table = GUIDE.partition("| member of a job |")[2].partition("\n\n")[0]
    rows = {line.partition(" | ")[0]: line for line in table.splitlines()}
    for name, field in JobFacts.model_fields.items():
        (row,) = [line for names, line in rows.items() if f"`{name}`" in names]
        if isinstance(field.default, (str, bool)) and field.default:
            assert f"`{str(field.default).replace('True', 'true')}`" in row.replace('"', ""), name


def test_it_names_every_call_that_may_meet_a_fault() -> None:
    sentence = GUIDE.partition("An `operation` is")[2].partition(".\n")[0]
    assert set(re.findall(r"`([\w-]+)`", sentence)) == operations()


def test_it_names_every_choice_and_its_default() -> None:
    table = GUIDE.partition("| member of `choices` |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| `?([^`;,|]+)", table, re.MULTILINE))
    assert rows == {
        name: str(field.default).lower() if field.annotation is bool else str(field.default)
        for name, field in Choices.model_fields.items()
    } | {"denied": "none"}
    assert load_world(yaml.safe_load(blocks("yaml")[3])).choices == Choices(
        failed_test="refused results", results="reversed"
    )


def test_it_names_every_way_to_change_the_world() -> None:
    table = GUIDE.partition("| method of `emulator.world` |")[2]
    for name in re.findall(r"`(\w+)\(", table):
        assert callable(getattr(World, name))


def test_it_names_every_credential_of_the_account() -> None:
    accounts = Accounts()
    _, *rows = re.findall(r"^\| (.*?) \|$", GUIDE.partition("## Credentials")[2], re.MULTILINE)[:5]

    assert [[cell.strip("`") for cell in row.split(" | ")[2:]] for row in rows] == [
        [accounts.user, accounts.access_key],
        [accounts.password, accounts.secret_key],
        [accounts.domain, "-"],
        [accounts.region, accounts.region],
    ]


def test_its_credential_of_a_user_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    (connection,) = re.findall(r"^export AIRFLOW_CONN_DRS_DEFAULT='(.*?)'$", GUIDE, re.DOTALL | re.MULTILINE)
    with Emulator() as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", connection.replace("http://127.0.0.1:8765", emulator.url))
        assert DrsHook().test_connection()[0]


def test_its_lines_for_tests_run(capsys: pytest.CaptureFixture[str]) -> None:
    exec(shown("python"), {})  # noqa: S102
    assert '"conn_type": "drs"' in capsys.readouterr().out


def test_it_names_every_engine_with_its_extra() -> None:
    for db_type, engine in logins.ENGINES.items():
        (line,) = [line for line in GUIDE.splitlines() if line.startswith("| `") and f"`emulator-{engine}`" in line]
        assert f"`{db_type}`" in line
