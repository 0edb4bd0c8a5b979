"""``docs/reference.md`` and the guide to errors are complete, and describe nothing that does not exist."""

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
from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.operation import REPEATED, Repeat
from airflow_provider_drs.hooks.connection import ConnectionExtra
from airflow_provider_drs.hooks.drs import DrsHook
from airflow_provider_drs.operators.approval import DrsApprovalOperator
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator
from airflow_provider_drs.operators.precheck import DrsPrecheckOperator
from airflow_provider_drs.operators.start import DrsStartJobsOperator
from airflow_provider_drs.sensors.drs import DrsJobStatusSensor
from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger
from airflow_provider_drs.triggers.event import DrsJobStatusEventTrigger
from airflow_provider_drs.triggers.precheck import DrsPrecheckTrigger

DOCS = Path(airflow_provider_drs.__file__).parent.parent / "docs"
REFERENCE = (DOCS / "reference.md").read_text()
ERRORS = (DOCS / "guides" / "errors.md").read_text()


def rows(page, heading=None):
    """Return the cells of each row under a heading whose first cell begins with a code quote."""
    part = re.split(rf"^## {heading}$", page, flags=re.MULTILINE)[1].split("\n## ")[0] if heading else page
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("| `")
    ]


def own_parameters(cls):
    # Airflow wraps the constructors of operators, so the innermost function has the parameters.
    signature = inspect.signature(inspect.unwrap(cls.__init__))
    return {name: item for name, item in signature.parameters.items() if name not in ("self", "kwargs")}


OPERATORS = [
    DrsTestConnectionsOperator,
    DrsPrecheckOperator,
    DrsApprovalOperator,
    DrsStartJobsOperator,
    DrsJobStatusSensor,
]


@pytest.mark.parametrize(
    "cls", [*OPERATORS, DrsJobStatusTrigger, DrsPrecheckTrigger, DrsJobStatusEventTrigger, DrsHook]
)
def test_the_reference_has_every_parameter_with_its_default(cls):
    documented = {row[0].strip("`"): row for row in rows(REFERENCE, cls.__name__)}
    of_endpoints = Endpoint.not_on_the_wire - Endpoint.only_stored
    documented = {name: row for name, row in documented.items() if name not in of_endpoints}
    expected = own_parameters(cls)

    assert list(documented) == list(expected)
    for name, row in documented.items():
        default = expected[name].default
        if default is inspect.Parameter.empty:
            assert row[1] == "required"
        elif name != "deferrable":
            assert row[1].strip("`").replace('"', "'") == repr(default), name


@pytest.mark.parametrize("cls", OPERATORS)
def test_the_reference_marks_the_templated_parameters(cls):
    documented = [row[0].strip("`") for row in rows(REFERENCE, cls.__name__) if row[2:3] == ["yes"]]

    assert documented == list(cls.template_fields)


def test_the_reference_has_every_parameter_of_the_retry_policy_with_its_default():
    from datetime import timedelta

    # this test runs on the newest Airflow only, but the module is imported for the suites of all
    from airflow_provider_drs.retry_policy import DrsRetryPolicy

    (row,) = rows(REFERENCE, "DrsRetryPolicy")
    ((name, parameter),) = own_parameters(DrsRetryPolicy).items()

    assert row[0] == f"`{name}`"
    assert (row[1], parameter.default) == ("`timedelta(hours=1)`", timedelta(hours=1))


def test_the_reference_has_every_option_of_the_emulator():
    command = [sys.executable, "-m", "airflow_provider_drs.emulator", "--help"]
    usage = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert {row[0].strip("`") for row in rows(REFERENCE, "The emulator")} == set(re.findall(r"--[a-z-]+", usage)) - {
        "--help"
    }


def test_the_guide_has_every_field_of_the_connection():
    page = (DOCS / "guides" / "connection.md").read_text().split("## The fields")[1]

    assert re.findall(r"^\| [^|]+ \| `(\w+)` \|", page, re.MULTILINE) == [
        *("host", "port", "login", "password"),
        *ConnectionExtra.model_fields,
    ]


def classes(cls):
    return {cls, *(deeper for child in cls.__subclasses__() for deeper in classes(child))}


def test_the_guide_explains_every_error_and_whether_it_is_retryable():
    documented = {row[0].strip("`"): row[-1] for row in rows(ERRORS) if row[0].startswith("`Drs")}
    leaves = {cls for cls in classes(errors.DrsError) if not cls.__subclasses__()}

    assert documented == {cls.__name__: "yes" if cls.retryable else "no" for cls in leaves}
    for cls in classes(errors.DrsError) - leaves:
        assert f"`{cls.__name__}`" in ERRORS


def test_the_reference_and_the_code_agree_on_what_is_repeated():
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


def test_the_guide_has_every_code_with_the_hint_of_its_error():
    documented = {row[0].strip("`"): (row[1].strip("`"), row[2] or None) for row in rows(ERRORS, "Codes")}

    assert documented == {code: (kind.__name__, hint) for code, (kind, hint) in codes.CODES.items()}


def test_every_link_between_the_pages_has_a_target():
    for page in [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text()):
            file = (page.parent / target) if target else page
            assert file.exists(), f"{page.name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
                assert anchor in {re.sub(r"[^\w -]", "", item.lower()).replace(" ", "-") for item in headings}
