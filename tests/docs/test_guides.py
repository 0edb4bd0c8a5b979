"""Every runnable block of a guide runs.

Blocks with the language ``python`` or ``sh`` run, and a DAG runs from start to end. Blocks with ``py`` (a part of a
program), ``console``, ``yaml``, ``json``, ``ini``, ``text`` or without a language do not run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from airflow import __version__
from airflow_runs import Run, run_dag

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "README.md", ROOT / "example_dags" / "README.md", *sorted((ROOT / "docs" / "guides").glob("*.md"))]
NOT_RUN = {"", "py", "console", "yaml", "json", "ini", "text"}
SHOP = {"shop_old": "203.0.113.10", "shop_new": "203.0.113.20"}
BLOCK = re.compile(r"^(?P<above>[^\n]*)\n\n?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A code block; ``file`` comes from the line above it, which may end with "as `test_gate.py`:", or is generated."""

    language: str
    text: str
    file: str

    @property
    def is_test(self) -> bool:
        return "def test_" in self.text

    @property
    def is_dag(self) -> bool:
        return "@dag(" in self.text

    @property
    def dag_id(self) -> str:
        (dag_id,) = re.findall(r"^@dag\(.*?^def (\w+)", self.text, re.MULTILINE | re.DOTALL)
        return str(dag_id)


def blocks(guide: Path) -> list[Block]:
    result = []
    for number, block in enumerate(BLOCK.finditer(guide.read_text())):
        named = re.search(r"as `(\w+\.py)`:$", block["above"])
        file = named[1] if named else f"{guide.stem}_{number}.py".replace("-", "_")
        text = block["text"]
        if __version__.startswith("2."):
            text = text.replace("from airflow.sdk import", "from airflow.decorators import")
        result.append(Block(block["language"], text, file))
    return result


def path_of(guide: Path) -> str:
    return str(guide.relative_to(ROOT))


DAGS = [block for guide in GUIDES for block in blocks(guide) if block.language == "python" and block.is_dag]


@pytest.mark.parametrize("guide", GUIDES, ids=path_of)
def test_every_block_has_a_language_that_runs_or_one_that_does_not(guide):
    fences = re.findall(r"^\s*```", guide.read_text(), re.MULTILINE)
    languages = {block.language for block in blocks(guide)}

    assert len(fences) == 2 * len(blocks(guide))
    assert languages <= NOT_RUN | {"python", "sh"}


@pytest.fixture
def run_block(monkeypatch, airflow_db):
    """Return a function that runs the DAG of a block, with the Connections and the Variable of the guides."""
    for name, host in SHOP.items():
        connection = {"conn_type": "mysql", "host": host, "login": "drs", "password": "s3cr3t-c4nary"}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))
    (endpoints,) = json_in("write-a-gate.md")
    monkeypatch.setenv("AIRFLOW_VAR_DRS_ENDPOINTS", json.dumps(endpoints))

    def run(block: Block) -> Run:
        file = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / block.file
        file.write_text(block.text)
        try:
            return run_dag(block.file, dag_id=block.dag_id)
        finally:
            file.unlink()

    return run


def json_in(guide: str) -> list[Any]:
    return [json.loads(block.text) for block in blocks(ROOT / "docs" / "guides" / guide) if block.language == "json"]


def test_every_dag_of_the_guides_has_its_own_name():
    # A reader may put them into one folder, as these tests do.
    assert len({block.dag_id for block in DAGS}) == len(DAGS)


@pytest.mark.parametrize("block", DAGS, ids=lambda block: block.file)
def test_a_dag_of_a_guide_runs_to_its_end(run_block, drs_emulator, block):
    run = run_block(block)

    assert run.state == "success"
    assert drs_emulator.databases.logins != []


@pytest.mark.parametrize("block", DAGS, ids=lambda block: block.file)
def test_a_run_of_a_guide_with_a_shut_gate_is_red(run_block, drs_emulator, block):
    for host in SHOP.values():
        drs_emulator.databases.refuse(host, "Connection timed out")
    run = run_block(block)

    assert run.state == "failed"
    assert drs_emulator.databases.logins != []


def test_the_dag_of_the_guide_yields_the_report_that_the_guide_explains(run_block, drs_emulator):
    guide = ROOT / "docs" / "guides" / "read-a-report.md"
    (explained,) = json_in(guide.name)
    (dag,) = [block for block in blocks(guide) if block.is_dag]
    refused = explained["endpoints"][1]
    drs_emulator.databases.refuse(refused["address"], refused["text"], code=refused["code"])

    run = run_block(dag)

    report = run.xcoms["test"]
    table = [re.sub(r"\b[0-9a-f]{32}\b", "", line) for line in run.xcoms["as_markdown"].splitlines()[2:]]
    assert "\n".join(table) in re.sub(r"\b[0-9a-f]{32}\b", "", guide.read_text())
    changing = {"request_id": str, "seconds": float, "digest": str, "checked_at": str, "summary": str}
    for item in (explained, report, *explained["endpoints"], *report["endpoints"]):
        for name in changing.keys() & item.keys():
            assert type(item.pop(name)) is changing[name]
    for job in (*explained["jobs"], *report["jobs"]):
        assert job.pop("digest").startswith("sha256:")
    assert report == explained
    assert run.states == {"test": "failed", "as_markdown": "success", "migrate": "upstream_failed"}
    assert run.state == "failed"


def test_the_test_in_ten_lines_has_ten():
    test = next(block for block in blocks(ROOT / "docs" / "guides" / "rehearse-offline.md") if block.is_test)

    assert len(test.text.splitlines()) == 10


@pytest.mark.parametrize("guide", GUIDES, ids=path_of)
def test_the_shell_commands_of_a_guide_work_in_a_folder_with_its_files(guide, tmp_path):
    """Run the commands without Airflow's variables, then the Python blocks that are neither DAG nor test."""
    commands = [block.text for block in blocks(guide) if block.language == "sh"]
    python = [block for block in blocks(guide) if block.language == "python"]
    tests = [block for block in python if block.is_test]
    commands += [f"python {block.file}" for block in python if not (block.is_test or block.is_dag)]
    for block in python:
        (tmp_path / block.file).write_text(block.text)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    environment |= {"HOME": str(tmp_path), "REPOSITORY": str(ROOT)}
    session = (Path(__file__).parent / "session.sh").read_text()

    run = subprocess.run(
        ["bash", "-c", "\n".join([session, *commands])],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    expected = sum(block.text.count("def test_") for block in tests)
    assert f" {expected} passed" in run.stdout if tests else " passed" not in run.stdout
