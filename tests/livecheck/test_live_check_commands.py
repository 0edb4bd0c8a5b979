"""The live check as a command of Airflow, and of Python."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from airflow import __version__
from checking import JOBS, world

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.livecheck.options import OPTIONS

SINCE_3_2 = pytest.mark.skipif(
    __version__.startswith(("2.", "3.0.", "3.1.")), reason=f"Airflow {__version__} takes no commands of providers"
)


def run(*command: str, connection: str = "{}") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "AIRFLOW_CONN_DRS_DEFAULT": connection}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_module_runs_a_check_and_exits_with_its_code():
    with Emulator(world()) as emulator:
        done = run(
            sys.executable,
            "-m",
            "airflow_provider_drs.livecheck",
            "--job",
            JOBS[0],
            connection=emulator.connection_json,
        )

    assert done.returncode == 0, done.stderr
    assert "What no document says" in done.stdout
    assert emulator.world.token not in done.stdout + done.stderr


@SINCE_3_2
def test_airflow_has_the_command_with_the_same_options():
    from airflow.cli import cli_parser

    parser = cli_parser.get_parser()
    arguments = parser.parse_args(["drs", "check", "--job", JOBS[0], "--json", "answers.json"])

    assert {flag.removeprefix("--").replace("-", "_") for flag in OPTIONS} <= vars(arguments).keys()
    assert (arguments.job, arguments.json, arguments.conn_id) == ([JOBS[0]], "answers.json", "drs_default")


@SINCE_3_2
def test_the_command_of_airflow_runs_a_check_and_exits_with_its_code(monkeypatch, capsys):
    from airflow.cli import cli_parser

    arguments = cli_parser.get_parser().parse_args(["drs", "check"])
    with Emulator(world()) as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", emulator.connection_json)
        with pytest.raises(SystemExit) as end:
            arguments.func(arguments)

    assert end.value.code == 0
    assert "credential" in capsys.readouterr().out


@SINCE_3_2
def test_a_list_of_jobs_does_not_grow_from_one_run_to_the_next():
    from airflow.cli import cli_parser

    for _ in range(2):
        arguments = cli_parser.get_parser().parse_args(["drs", "check", "--job", JOBS[0]])
        assert arguments.job == [JOBS[0]]
