"""``docs/reference.md`` and the guide to errors leave nothing out and say nothing of what is not there."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from calls import OPERATIONS

import airflow_provider_drs
from airflow_provider_drs.api import codes, errors
from airflow_provider_drs.api.operation import REPEATED, Repeat
from airflow_provider_drs.hooks.connection import ConnectionExtra
from airflow_provider_drs.hooks.drs import DrsHook
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor
from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger

DOCS = Path(airflow_provider_drs.__file__).parent.parent / "docs"
REFERENCE = (DOCS / "reference.md").read_text()
ERRORS = (DOCS / "guides" / "errors.md").read_text()


def rows(page, heading=None):
    """Return the cells of each row under a heading that begins with something in code quotes."""
    part = re.split(rf"^## {heading}$", page, flags=re.MULTILINE)[1].split("\n## ")[0] if heading else page
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("| `")
    ]


def own_parameters(cls):
    # the deepest function, since Airflow wraps the constructors of operators
    signature = inspect.signature(inspect.unwrap(cls.__init__))
    return {name: item for name, item in signature.parameters.items() if name not in ("self", "kwargs")}


@pytest.mark.parametrize("cls", [DrsTestConnectionsOperator, DrsJobStatusSensor, DrsJobStatusTrigger, DrsHook])
def test_every_parameter_stands_in_the_reference_with_its_default(cls):
    told = {row[0].strip("`"): row for row in rows(REFERENCE, cls.__name__)}
    told = {name: row for name, row in told.items() if name not in ("db_conn_id", "ssl_cert_file", "label")}
    has = own_parameters(cls)

    assert list(told) == list(has)
    for name, row in told.items():
        default = has[name].default
        if default is inspect.Parameter.empty:
            assert row[1] == "required"
        elif name != "deferrable":
            assert row[1].strip("`").replace('"', "'") == repr(default), name


@pytest.mark.parametrize("cls", [DrsTestConnectionsOperator, DrsJobStatusSensor])
def test_the_reference_tells_which_parameters_are_templated(cls):
    told = [row[0].strip("`") for row in rows(REFERENCE, cls.__name__) if row[2:3] == ["yes"]]

    assert told == list(cls.template_fields)


def test_the_options_of_the_emulator_stand_in_the_reference():
    command = [sys.executable, "-m", "airflow_provider_drs.emulator", "--help"]
    usage = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert {row[0].strip("`") for row in rows(REFERENCE, "The emulator")} == set(re.findall(r"--[a-z-]+", usage)) - {
        "--help"
    }


def test_every_field_of_the_connection_stands_in_its_guide():
    page = (DOCS / "guides" / "connection.md").read_text().split("## The fields")[1]

    assert re.findall(r"^\| [^|]+ \| `(\w+)` \|", page, re.MULTILINE) == [
        *("host", "port", "login", "password"),
        *ConnectionExtra.model_fields,
    ]


def classes(cls):
    return {cls, *(deeper for child in cls.__subclasses__() for deeper in classes(child))}


def test_every_error_is_explained_and_said_to_be_retryable_or_not():
    told = {row[0].strip("`"): row[-1] for row in rows(ERRORS) if row[0].startswith("`Drs")}
    leaves = {cls for cls in classes(errors.DrsError) if not cls.__subclasses__()}

    assert told == {cls.__name__: "yes" if cls.retryable else "no" for cls in leaves}
    for cls in classes(errors.DrsError) - leaves:
        assert f"`{cls.__name__}`" in ERRORS


def test_what_is_repeated_stands_in_the_reference_as_it_is_in_the_code():
    kinds = {row[0].strip("`"): row[1] for row in rows(REFERENCE, "What is repeated") if len(row) == 2}
    table = {
        row[0].strip("`"): {kind for kind, cell in zip(Repeat, row[1:], strict=True) if cell}
        for row in rows(REFERENCE, "What is repeated")
        if row[0].startswith("`Drs")
    }

    assert {name: kinds.get(name) for name in kinds if name != "operation"} == {
        operation.name: operation.repeat.value for operation in OPERATIONS.values()
    }
    assert table == {
        cls.__name__: {kind for kind in Repeat if cls in REPEATED[kind]}
        for cls in {cls for repeated in REPEATED.values() for cls in repeated}
    }


def test_every_code_is_explained_with_the_words_of_the_error():
    told = {row[0].strip("`"): (row[1].strip("`"), row[2] or None) for row in rows(ERRORS, "Codes")}

    assert told == {code: (kind.__name__, hint) for code, (kind, hint) in codes.CODES.items()}


def test_every_link_between_the_pages_leads_somewhere():
    for page in [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text()):
            file = (page.parent / target) if target else page
            assert file.exists(), f"{page.name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
                assert anchor in {re.sub(r"[^\w -]", "", item.lower()).replace(" ", "-") for item in headings}
