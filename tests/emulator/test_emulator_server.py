"""How the emulator is started and stopped, by a test and from the command line."""

from __future__ import annotations

import json
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from drs_calls import JOB, entry

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

COMMAND = [sys.executable, "-m", "airflow_provider_drs.emulator"]


def test_a_started_emulator_answers_and_a_stopped_one_is_gone() -> None:
    with Emulator() as emulator:
        assert requests.get(emulator.url, timeout=30).status_code == 404
    with pytest.raises(requests.ConnectionError):
        requests.get(emulator.url, timeout=30)


def test_an_emulator_that_nobody_calls_stops_as_well() -> None:
    with Emulator():
        pass


def test_emulators_run_side_by_side() -> None:
    with Emulator(World(token="one")) as one, Emulator(World(token="two")) as two:
        assert one.url != two.url


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com", ""])  # noqa: S104
def test_nothing_but_loopback_is_served(host: str) -> None:
    with pytest.raises(ValueError, match=r"loopback|address"):
        Emulator(host=host)


def test_a_taken_port_is_an_error_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        emulator = Emulator(port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            emulator.__enter__()


def test_signals_are_left_to_the_process() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Emulator():
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_the_airflow_connection_leads_to_the_emulator() -> None:
    with Emulator(World(token="t", project_id="p")) as emulator:
        assert json.loads(emulator.connection_json) == {
            "conn_type": "drs",
            "host": emulator.url,
            "password": "t",
            "extra": {"project_id": "p"},
        }


@contextmanager
def command_line(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The emulator as a process of its own, with what its connection line says."""
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            lines = [process.stdout.readline() for _ in range(3)]
            assert [line.startswith("# ") for line in lines] == [True, False, True]
            export, assignment = shlex.split(lines[1])
            name, _, value = assignment.partition("=")
            assert (export, name) == ("export", "AIRFLOW_CONN_DRS_DEFAULT")
            yield process, json.loads(value)
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_line_serves_until_it_is_told_to_end(number: signal.Signals) -> None:
    with command_line("--ready-after-polls", "0") as (process, connection):
        url = f"{connection['host']}/v3/{connection['extra']['project_id']}/jobs"  # type: ignore[index]
        headers = {"X-Auth-Token": connection["password"]}
        status = requests.post(f"{url}/batch-status", json={"jobs": [JOB]}, headers=headers, timeout=30)
        assert status.json()["results"] == [{"id": JOB, "status": "CONFIGURATION"}]
        failing = entry(ip="127.0.0.1:70000", db_password="canary-7d1f")
        requests.post(f"{url}/batch-connection", json={"jobs": [failing]}, headers=headers, timeout=30)
        process.send_signal(number)
        rest, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert rest == ""
    status_line, connection_line = log.splitlines()
    assert status_line.endswith(f"batch-status: {JOB} CONFIGURATION")
    assert f"batch-connection: {JOB} so 127.0.0.1:70000 port 5432 failed DRS.M01501" in connection_line
    assert "canary-7d1f" not in log
    assert connection["password"] not in log


def test_the_command_line_takes_a_scenario(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(f"token: t\nproject_id: p\njobs: [{{id: {JOB}, status: PAUSING}}]\n")
    with command_line("--scenario", str(scenario)) as (_, connection):
        response = requests.post(
            f"{connection['host']}/v3/p/jobs/batch-status",
            json={"jobs": [JOB]},
            headers={"X-Auth-Token": "t"},
            timeout=30,
        )
    assert response.json()["results"] == [{"id": JOB, "status": "PAUSING"}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scenario", "absent.yaml"], "absent.yaml: No such file"),
        (["--ready-after-polls", "1", "--ready-after-seconds", "1"], "not allowed with"),
        (["--port", "70000"], "cannot serve on port 70000"),
    ],
)
def test_a_wrong_argument_is_told_in_one_message(arguments: list[str], message: str) -> None:
    process = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60)
    assert process.returncode == 2
    assert message in process.stderr
    assert "Traceback" not in process.stderr


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "openapi_core", "yaml"])
def test_without_its_extra_the_command_line_says_what_to_install(missing: str) -> None:
    process = run(
        f"import runpy, sys; sys.modules[{missing!r}] = None;"
        "sys.argv = ['emulator']; runpy.run_module('airflow_provider_drs.emulator', run_name='__main__')"
    )
    assert process.returncode == 2
    assert process.stderr == f"The emulator needs {missing}: pip install 'airflow-provider-drs[emulator]'\n"


def test_the_emulator_shares_no_code_with_the_rest_of_the_package() -> None:
    process = run(
        "import sys, airflow_provider_drs.emulator.server, airflow_provider_drs.emulator.scenario\n"
        "print(*(name for name in sys.modules if name.split('.')[0] in ('airflow', 'airflow_provider_drs')))"
    )
    loaded = set(process.stdout.split()) - {"airflow_provider_drs"}
    assert loaded
    assert all(name.startswith("airflow_provider_drs.emulator") for name in loaded)
