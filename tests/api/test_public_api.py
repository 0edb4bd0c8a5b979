"""The public names of ``api``: what is promised, told, typed and loaded is one list."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import airflow_provider_drs
from airflow_provider_drs import api
from airflow_provider_drs.api import errors

ROOT = Path(airflow_provider_drs.__file__).parents[1]
TYPED = ROOT / "tests" / "typing" / "public_api.py"


def modules_after(code: str) -> set[str]:
    command = [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def names_used(file: Path) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Name)}


@pytest.mark.parametrize("name", api.__all__)
def test_a_public_name_leads_to_what_a_public_module_calls_so(name):
    from airflow_provider_drs.api import auth, batch, client, endpoint, wait

    homes = [module for module in (auth, batch, client, endpoint, wait, errors) if hasattr(module, name)]

    assert homes
    assert all(getattr(home, name) is getattr(api, name) for home in homes)
    assert name in dir(api)


def test_every_error_is_public():
    tree = {
        name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, errors.DrsError)
    }

    assert {name for name in api.__all__ if name.endswith("Error")} == tree


def test_a_name_that_is_not_public_is_none_of_the_package():
    with pytest.raises(AttributeError, match=r"'airflow_provider_drs\.api' has no attribute 'nonsense'"):
        _ = api.nonsense  # type: ignore[attr-defined]


def test_every_public_name_stands_in_the_reference_and_no_other():
    part = (ROOT / "docs" / "reference.md").read_text().split("\n## Without Airflow\n")[1].split("\n## ")[0]

    assert sorted(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) == sorted(api.__all__)


def test_every_public_name_is_used_where_its_types_are_checked():
    assert set(api.__all__) - names_used(TYPED) == set()


def test_importing_the_package_loads_no_module_of_it_nor_what_they_stand_on():
    loaded = modules_after("import airflow_provider_drs.api")

    assert not {"requests", "pydantic", "tenacity", "airflow"} & loaded
    assert not [name for name in loaded if name.startswith("airflow_provider_drs.api.")]


def test_an_error_loads_neither_requests_nor_pydantic():
    loaded = modules_after("from airflow_provider_drs.api import DrsError")

    assert "airflow_provider_drs.api.errors" in loaded
    assert not {"requests", "pydantic"} & loaded


@pytest.mark.parametrize(
    "code",
    [
        "from airflow_provider_drs.api import errors; errors.DrsError",
        "import airflow_provider_drs.api.batch as batch; batch.run_tests",
        "from airflow_provider_drs.api import *; DrsClient, run_tests",
    ],
)
def test_modules_and_all_names_can_be_imported_as_from_any_package(code):
    assert "airflow_provider_drs.api" in modules_after(code)
