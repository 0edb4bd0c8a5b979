"""The emulator ends when it is told to, whatever its callers and the databases do."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from drs_calls import JOB, Drs, entry
from test_emulator_server import command_line

from airflow_provider_drs.emulator.faults import Fault
from airflow_provider_drs.emulator.server import Emulator

HALF_A_REQUEST = b"POST /v3/p/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"


def in_the_background(call):
    def called():
        with contextlib.suppress(Exception):  # it is cut off
            call()

    threading.Thread(target=called, daemon=True).start()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_ends_the_command_line_while_requests_are_open(number, tmp_path):
    scenario = tmp_path / "slow.yaml"
    scenario.write_text("project_id: p\ntoken: t\nfaults: [{kind: slow, seconds: 600}]\n")
    with command_line("--scenario", str(scenario)) as (process, connection):
        url = str(connection["host"])
        headers = {"X-Auth-Token": "t"}
        in_the_background(lambda: requests.post(f"{url}/v3/p/jobs", json={}, headers=headers, timeout=60))
        port = int(url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as half,
            socket.create_connection(("127.0.0.1", port)) as idle,
        ):
            half.sendall(HALF_A_REQUEST)
            idle.sendall(b"POST")
            time.sleep(1)  # until all three are known there
            process.send_signal(number)
            process.communicate(timeout=30)

    assert process.returncode == 0


# From its first line on, each line of Python in the main thread takes two milliseconds, so no short moment is missed.
SLOW_ONCE_IT_SERVES = """
import runpy, sys, time

class Out:
    write = sys.stdout.write

    def flush(self):
        sys.__stdout__.flush()
        sys.settrace(slowly)

def slowly(*_):
    time.sleep(0.002)
    return slowly

sys.stdout = Out()
sys.argv[1:] = ["--port", "0"]
runpy.run_module("airflow_provider_drs.emulator", run_name="__main__")
"""


def exit_code_after_a_signal(seconds):
    """Send SIGTERM so long after the first line."""
    with subprocess.Popen([sys.executable, "-c", SLOW_ONCE_IT_SERVES], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            assert process.stdout.readline().startswith(b"# ")
            time.sleep(seconds)
            process.send_signal(signal.SIGTERM)
            return process.wait(timeout=30)
        finally:
            process.kill()


def test_a_signal_right_after_the_first_line_ends_the_command_line():
    with ThreadPoolExecutor(2) as pool:
        exit_codes = list(pool.map(exit_code_after_a_signal, [0.0] * 5 + [0.002 * number for number in range(15)]))

    assert exit_codes == [0] * 20


def test_the_first_signal_ends_the_command_line_while_a_database_keeps_silent():
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        command_line("--ready-after-polls", "0") as (process, connection),
    ):
        url = f"{connection['host']}/v3/{connection['extra']['project_id']}/jobs/batch-connection"  # type: ignore[index]
        body = {"jobs": [entry(db_type="mysql", db_port=silent.getsockname()[1])]}
        headers = {"X-Auth-Token": connection["password"]}
        in_the_background(lambda: requests.post(url, json=body, headers=headers, timeout=60))
        silent.accept()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)

    assert process.returncode == 0


def test_a_test_does_not_wait_for_what_the_emulator_still_does():
    may_end = threading.Event()
    under_way = threading.Event()

    def probe(tested):
        under_way.set()
        may_end.wait(60)

    with Emulator(probe=probe) as emulator:
        emulator.world.add_job(JOB, "CONFIGURATION")
        emulator.world.faults.order(Fault("slow", operation="batch-status", seconds=600))
        for operation, body in (("batch-connection", {"jobs": [entry()]}), ("batch-status", {"jobs": [JOB]})):
            in_the_background(lambda operation=operation, body=body: Drs(emulator).post(operation, json=body))
        assert under_way.wait(30)

    assert not may_end.is_set()
    may_end.set()


@pytest.mark.parametrize(
    "host", ["evil.example.org", "127.0.0.1.example.org", "192.0.2.1:80", "[2001:db8::1]:80", "x y", "["]
)
def test_a_call_under_another_name_is_refused(host):
    with Emulator() as emulator:
        refused = requests.get(f"{emulator.url}/v3/projects", headers={"Host": host}, timeout=30)

    assert refused.status_code in (400, 421)
    assert not emulator.world.calls


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:8765", "LOCALHOST:80"])
def test_every_loopback_name_is_its_own(host):
    with Emulator() as emulator:
        answer = requests.post(
            f"{emulator.url}/v3/{emulator.world.project_id}/jobs/batch-status",
            json={"jobs": [JOB]},
            headers={"Host": host, "X-Auth-Token": emulator.world.token},
            timeout=30,
        )

    assert answer.status_code == 200
