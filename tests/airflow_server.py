"""A running web server of Airflow, by itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from airflow import __version__

RUN = [sys.executable, "-m", "airflow"]
PATIENCE = 150
"""Seconds until the server must answer, on a slow machine."""
AIRFLOW_2 = __version__.startswith("2.")
HEALTH = "/health" if AIRFLOW_2 else "/api/v2/monitor/health"


def airflow_environment(home: Path, **settings: str) -> dict[str, str]:
    """Return the environment of an Airflow whose files are in ``home``."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return inherited | {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"} | settings


@contextmanager
def api_server(home: Path, path: str = "", **settings: str) -> Iterator[str]:
    """Run the web server of Airflow with the Test button enabled and, on Airflow 3, without login; yield its URL.

    :param home: the folder of Airflow's files.
    :param path: where the server has its root, such as ``/af``.
    :param settings: environment variables.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}{path}"
    defaults = {
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__WEBSERVER__BASE_URL": url,
        "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(port),
        "AIRFLOW__WEBSERVER__WORKERS": "1",
    }
    environment = airflow_environment(home, **(defaults | settings))
    subprocess.run([*RUN, "db", "migrate"], env=environment, check=True, capture_output=True, timeout=300)
    # a second server of Airflow 2 in the same folder would take the first one's file for its own
    command = ["webserver", "--pid", str(home / "server.pid")] if AIRFLOW_2 else ["api-server"]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen([*RUN, *command], env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE
        while not _answers(url):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((home / "server.log").read_text())
            time.sleep(0.5)
        yield url
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}{HEALTH}", timeout=5).ok
    except requests.RequestException:
        return False
