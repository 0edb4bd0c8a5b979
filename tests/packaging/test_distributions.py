"""What is published holds what it should, and the wheel alone works in an Airflow that has nothing of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from email.message import Message
from pathlib import Path, PurePosixPath

import pytest
from airflow import __version__ as airflow_version
from airflow_server import airflow_environment

ROOT = Path(__file__).parents[2]
PINS = ROOT / "requirements" / f"airflow-{airflow_version}.txt"
LEFT_BEHIND = {"build", "dist", "mutants", "__pycache__"}


def run(*command: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    parts = [str(part) for part in command]
    done = subprocess.run(parts, cwd=cwd, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    out = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "uv", "build", "--quiet", "--sdist", "--out-dir", out, ROOT)
    (built,) = out.glob("*.tar.gz")
    return built


@pytest.fixture(scope="module")
def unpacked(sdist, tmp_path_factory):
    home = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(home, filter="data")
    (folder,) = home.iterdir()
    return folder


@pytest.fixture(scope="module")
def wheel(unpacked, tmp_path_factory):
    """The wheel, built from the sdist as any packager would."""
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", out, unpacked)
    (built,) = out.glob("*.whl")
    return built


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_string(archive.read(name).decode())


def sources(folder: Path) -> set[str]:
    """Return the files of a source tree that somebody wrote."""
    actual = set()
    for top, folders, files in os.walk(folder):
        folders[:] = [each for each in folders if each not in LEFT_BEHIND and (each[0] != "." or each == ".ci")]
        # a web server of a test may leave the socket by which it is controlled
        written = [Path(top) / file for file in files if file != ".git" and (Path(top) / file).is_file()]
        actual |= {file.relative_to(folder).as_posix() for file in written}
    return actual


def test_the_wheel_has_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {PurePosixPath(name).parts[0] for name in names}
    (information,) = tops - {"airflow_provider_drs"}

    assert information.endswith(".dist-info")
    assert {name for name in names if name.startswith("airflow_provider_drs/")} == {
        f"airflow_provider_drs/{name}" for name in sources(ROOT / "airflow_provider_drs")
    }
    assert {
        "airflow_provider_drs/py.typed",
        "airflow_provider_drs/emulator/contract.yaml",
        f"{information}/entry_points.txt",
        f"{information}/licenses/LICENSE",
    } <= names


def test_the_metadata_tell_what_the_package_is_and_lead_to_nobody_elses_pages(wheel):
    actual = metadata(wheel)

    assert actual["Name"] == "airflow-provider-drs"
    assert actual["Metadata-Version"] == "2.4"
    assert actual["License-Expression"] == "Apache-2.0"
    assert actual["Requires-Python"] == ">=3.10"
    assert "Framework :: Apache Airflow :: Provider" in actual.get_all("Classifier", [])
    # the package has no home of its own yet, and its README is its documentation
    assert actual.get_all("Project-URL", []) == []
    assert str(actual.get_payload()).startswith("# airflow-provider-drs")


def test_the_sdist_has_every_file_of_the_sources(unpacked):
    assert sources(ROOT) - sources(unpacked) == set()
    assert sources(unpacked) - sources(ROOT) == {"PKG-INFO"}


def test_the_tests_of_the_sdist_run(unpacked):
    tests = ("tests/contract", "tests/dags/test_examples.py")
    actual = run(sys.executable, "-m", "pytest", "-q", *tests, cwd=unpacked, env={**os.environ, "PYTHONPATH": "."})

    assert " passed" in actual


def test_both_are_fit_for_the_package_index(sdist, wheel):
    run(sys.executable, "-m", "twine", "check", "--strict", sdist, wheel)


@pytest.fixture(scope="module")
def clean(wheel, tmp_path_factory):
    """The Python of an environment with Airflow and the wheel; what both declare is all there is."""
    home = tmp_path_factory.mktemp("clean") / "venv"
    uv = [sys.executable, "-m", "uv"]
    run(*uv, "venv", "--quiet", "--python", sys.executable, home)
    python = home / "bin" / "python"
    airflow = f"apache-airflow=={airflow_version}"
    run(*uv, "pip", "install", "--quiet", "--python", python, "--constraint", PINS, airflow, wheel)
    return python


def told_by_airflow(clean: Path, home: Path, *command: str) -> list[dict[str, str]]:
    actual = run(clean, "-m", "airflow", *command, "--output", "json", env=airflow_environment(home))
    rows: list[dict[str, str]] = json.loads(actual[actual.index("[{") :])
    return rows


def test_airflow_lists_the_provider_and_its_hook(clean, tmp_path):
    (provider,) = [
        row
        for row in told_by_airflow(clean, tmp_path, "providers", "list")
        if row["package_name"] == "airflow-provider-drs"
    ]
    (hook,) = [row for row in told_by_airflow(clean, tmp_path, "providers", "hooks") if row["connection_type"] == "drs"]

    assert "Huawei Cloud DRS" in provider["description"]
    assert "airflow_provider_drs.hooks.drs.DrsHook" in hook.values()


def test_airflow_tells_name_description_and_links_of_the_provider(clean, tmp_path):
    actual = json.dumps(told_by_airflow(clean, tmp_path, "providers", "get", "--full", "airflow-provider-drs"))

    assert "Huawei Cloud DRS" in actual
    assert "Tests every source and target of a database migration" in actual
    assert "https://support.huaweicloud.com/intl/en-us/drs/" in actual


@pytest.mark.parametrize(
    "what", ["operators.drs.DrsTestConnectionsOperator", "sensors.drs.DrsJobStatusSensor", "hooks.drs.DrsHook"]
)
def test_what_a_dag_uses_can_be_imported_and_made_with_the_declared_dependencies_alone(clean, tmp_path, what):
    module, _, name = what.rpartition(".")
    given = {
        "DrsTestConnectionsOperator": "task_id='t', jobs=[]",
        "DrsJobStatusSensor": "task_id='t', job_ids=[]",
        "DrsHook": "",
    }
    code = f"from airflow_provider_drs.{module} import {name}; print({name}({given[name]}).__class__.__module__)"
    actual = run(clean, "-c", code, cwd=tmp_path, env=airflow_environment(tmp_path))

    assert actual.split()[-1] == f"airflow_provider_drs.{module}"


def test_the_clean_environment_has_no_tool_of_ours(clean):
    installed = run(sys.executable, "-m", "uv", "pip", "freeze", "--python", clean)

    assert "airflow-provider-drs" in installed
    assert not {"pytest", "mypy", "openapi-core", "psycopg"} & {line.split("==")[0] for line in installed.splitlines()}
