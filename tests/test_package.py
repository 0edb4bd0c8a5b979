"""The structure of the package: which module may import which, its metadata, and its cost of import."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from importlib.metadata import entry_points, packages_distributions, requires, version
from pathlib import Path

import airflow
import pytest
from importing import imports_of
from jsonschema import Draft7Validator

import airflow_provider_drs
from airflow_provider_drs.get_provider_info import get_provider_info

ROOT = Path(airflow_provider_drs.__file__).parent
PACKAGE = ROOT.name

MAY_IMPORT = {
    "api": {"api"},
    "emulator": {"emulator"},
    "hooks": {"hooks", "api"},
    "triggers": {"triggers", "hooks", "api"},
    "sensors": {"sensors", "operators", "triggers", "hooks", "api"},
    "operators": {"operators", "links", "triggers", "hooks", "api"},
    "links": {"links", "hooks"},
    "ui": {"ui", "links", "operators", "sensors"},
    "livecheck": {"livecheck", "hooks", "api"},
}
"""Imports point one way: from operators and sensors over triggers and hooks to the client."""


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_point_one_way(folder):
    for file in (ROOT / folder).rglob("*.py"):
        ours = {name for name in imports_of(file) if name.startswith(f"{PACKAGE}.")}
        folders = {name.split(".")[1] for name in ours if (ROOT / name.split(".")[1]).is_dir()}
        assert folders <= MAY_IMPORT[folder], file


API_ROOMS = ["model", "wire", "operations", "auth", "checks", "starts"]
"""Each may import only from those before it."""


@pytest.mark.parametrize("room", API_ROOMS)
def test_a_folder_of_the_api_imports_no_later_folder_and_no_module_that_makes_calls(room):
    callers = {f"{PACKAGE}.api.{module}" for module in ("client", "batch", "wait", "pace", "admin_message")}
    above = {f"{PACKAGE}.api.{other}" for other in API_ROOMS[API_ROOMS.index(room) + 1 :]}
    for file in (ROOT / "api" / room).rglob("*.py"):
        ours = {".".join(name.split(".")[:3]) for name in imports_of(file) if name.startswith(f"{PACKAGE}.api.")}
        assert not ours & (above | callers), file


def test_every_folder_of_the_api_is_covered_by_the_test_above():
    assert {folder.name for folder in (ROOT / "api").iterdir() if folder.is_dir()} - {"__pycache__"} == {*API_ROOMS}


@pytest.mark.parametrize("folder", ["api", "emulator"])
def test_api_and_emulator_do_not_import_airflow(folder):
    # the pytest fixture is for tests of DAGs, which have Airflow
    for file in {*(ROOT / folder).rglob("*.py")} - {ROOT / "emulator" / "pytest_plugin.py"}:
        assert not [name for name in imports_of(file) if name.split(".")[0] == "airflow"], file


BASES = "from airflow.providers.common.compat.sdk import BaseOperator, BaseSensorOperator"
# which is there from Airflow 3.1 on
HITL = "import contextlib\nwith contextlib.suppress(Exception):\n import airflow.providers.standard.operators.hitl"
WATCHES = "import airflow.triggers.base"
STEPS = {
    BASES: ["operators.drs", "operators.precheck", "operators.start", "sensors.drs"],
    HITL: ["operators.approval"],
    WATCHES: ["triggers.event"],
}


@pytest.mark.parametrize("of_airflow", STEPS)
def test_importing_what_a_dag_file_imports_loads_neither_requests_nor_the_client(of_airflow):
    steps = {f"{PACKAGE}.{module}" for module in STEPS[of_airflow]}
    # some versions of Airflow load requests by themselves, with or without us
    loaded = modules_added(of_airflow, f"import {', '.join(steps)}")

    assert steps <= loaded
    assert not {f"{PACKAGE}.api.client", f"{PACKAGE}.api.endpoint", f"{PACKAGE}.hooks.drs"} & loaded
    assert not {"requests", "urllib3"} & loaded


def test_a_worker_that_reads_a_dag_file_with_a_wait_that_begins_in_the_triggerer_imports_nothing_more():
    made = "DrsJobStatusSensor(task_id='wait', job_ids=['00000001-2222-4333-8444-5555555jb101']"
    loaded = modules_added(
        f"{BASES}\nfrom {PACKAGE}.sensors.drs import DrsJobStatusSensor\n{made})", f"{made}, start_from_trigger=True)"
    )

    assert loaded == set()


def test_masking_the_job_ids_of_a_wait_loads_no_model_of_an_endpoint():
    wait = "DrsJobStatusSensor(task_id='wait', job_ids=['00000001-2222-4333-8444-5555555jb101'])"
    loaded = modules_added(
        f"{BASES}\nfrom {PACKAGE}.sensors.drs import DrsJobStatusSensor\nwait = {wait}",
        f"from {PACKAGE}._masking import hide_rendered\nhide_rendered(wait, 'job_ids', texts_are_secret=False)",
    )

    assert f"{PACKAGE}.api.input_secrets" in loaded
    assert not {f"{PACKAGE}.api.endpoint", f"{PACKAGE}.api.model.wire_object"} & loaded


def test_each_operator_and_sensor_is_covered_by_the_test_above():
    modules = {
        f"{folder}.{file.stem}" for folder in ("operators", "sensors") for file in (ROOT / folder).glob("[!_]*.py")
    }
    assert modules == {module for steps in STEPS.values() for module in steps} - {"triggers.event"}


def test_loading_the_plugin_imports_no_web_framework():
    loaded = modules_added(
        "from airflow.plugins_manager import AirflowPlugin",
        f"import {PACKAGE}.ui.plugin\n{PACKAGE}.ui.plugin.DrsPlugin().external_views",
    )

    assert f"{PACKAGE}.ui.plugin" in loaded
    assert {name for name in loaded if not name.startswith(PACKAGE)} <= {"airflow.version"}


def test_reading_the_address_of_the_console_loads_no_client(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", '{"conn_type": "drs", "extra": {"region": "ap-southeast-1"}}')
    loaded = modules_added("", f"from {PACKAGE}.hooks.drs import DrsHook\nassert DrsHook().console_url()")

    assert f"{PACKAGE}.hooks.drs" in loaded
    assert f"{PACKAGE}.api.client" not in loaded


def test_airflow_finds_the_plugin():
    (entry_point,) = [point for point in entry_points(group="airflow.plugins") if PACKAGE in point.value]
    plugin = entry_point.load()()

    assert plugin.name == "drs"
    assert all((Path(ROOT) / "ui" / "page" / name).is_file() for name in ("report.html", "report.css", "main.js"))
    assert (plugin.flask_blueprints == []) is not airflow.__version__.startswith("2.")


def modules_added(before: str, code: str) -> set[str]:
    """Return the modules that the code loads in an interpreter which has run other code before."""
    program = f"import sys\n{before}\nbefore = {{*sys.modules}}\n{code}\nprint(*{{*sys.modules}} - before)"
    command = [sys.executable, "-c", program]
    # the last line: Airflow 3.0 logs before it that it makes a database
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1].split())


def test_the_provider_info_is_valid_by_the_schema_of_airflow():
    schema = json.loads((Path(airflow.__file__).parent / "provider_info.schema.json").read_text())

    assert [error.message for error in Draft7Validator(schema).iter_errors(get_provider_info())] == []


def test_every_class_and_module_that_the_provider_info_names_can_be_imported():
    from importlib import import_module

    info = get_provider_info()
    for kind in ("hooks", "operators", "sensors", "triggers"):
        for entry in info[kind]:
            for module in entry["python-modules"]:
                import_module(module)
    for link in info["extra-links"]:
        module, _, name = link.rpartition(".")
        assert getattr(import_module(module), name)().name.startswith("DRS ")
    (connection,) = info["connection-types"]
    module, _, name = connection["hook-class-name"].rpartition(".")
    assert getattr(import_module(module), name).conn_type == connection["connection-type"]


def test_airflow_finds_the_provider():
    (entry_point,) = [point for point in entry_points(group="apache_airflow_provider") if PACKAGE in point.value]
    assert entry_point.load()() == get_provider_info()

    from airflow.providers_manager import ProvidersManager

    assert ProvidersManager().providers["airflow-provider-drs"].version == airflow_provider_drs.__version__
    hook = ProvidersManager().hooks["drs"]
    assert hook is not None
    assert hook.hook_name == "Huawei Cloud DRS"


def test_the_version_is_written_in_one_place():
    assert version("airflow-provider-drs") == airflow_provider_drs.__version__
    assert airflow_provider_drs.__version__ not in (ROOT.parent / "pyproject.toml").read_text()


def test_no_file_of_the_package_is_longer_than_300_lines():
    assert [file for file in ROOT.rglob("*.py") if len(file.read_text().splitlines()) > 300] == []


def test_every_import_of_the_package_is_declared():
    requirements = requires("airflow-provider-drs") or []
    declared = {distribution(line) for line in requirements if "extra ==" not in line}
    declared_with_extras = {distribution(line) for line in requirements}
    known = packages_distributions()
    # the form libraries come with Airflow 2, each web framework with the Airflow that asks for it, and pytest with the
    # tests that use the fixture
    provided = {"flask", "starlette", "flask_appbuilder", "flask_babel", "wtforms", "pytest", PACKAGE}
    for file in ROOT.rglob("*.py"):
        modules = {name.split(".")[0] for name in imports_of(file)} - sys.stdlib_module_names - provided
        allowed = declared | (declared_with_extras if "emulator" in file.parts else set())
        for module in modules:
            assert {distribution(name) for name in known[module]} & allowed, (file, module)


def distribution(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[><=;~! ]", requirement)[0]).lower()


def documented_and_taken(node):
    """Return the parameters that a docstring names, and the parameters of the function or class."""
    documented = set(re.findall(r":param (\w+):", ast.get_docstring(node) or ""))
    constructors = [item for item in ast.walk(node) if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
    function = node if not isinstance(node, ast.ClassDef) else next(iter(constructors), None)
    if function is None:
        return documented, {ast.unparse(item.target) for item in node.body if isinstance(item, ast.AnnAssign)}
    args = function.args
    taken = [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]
    return documented, {each.arg for each in taken}


def test_a_docstring_names_only_existing_parameters():
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    wrong = {
        f"{file.relative_to(ROOT)}: {node.name}: {name}"
        for file in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, kinds)
        for documented, taken in [documented_and_taken(node)]
        for name in documented - taken
    }

    assert wrong == set()
