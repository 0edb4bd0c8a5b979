"""Runs a real Airflow in separate processes: scheduler, triggerer and API."""

from __future__ import annotations

import ast
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
from airflow import __version__
from search import Place

AIRFLOW_2 = __version__.startswith("2.")


class RunningAirflow:
    """``with RunningAirflow(home, dags, environment) as airflow``: runs all of Airflow, and ends it afterwards.

    :param home: an empty directory.
    :param dags: the folder of DAG files.
    :param environment: environment variables of the tasks, such as connections and variables.
    :param fernet_key: the key of Airflow's encryption.
    :param parts: the commands of ``airflow`` to run, each in a process. Only ``standalone`` creates the database.
        While it runs, ``started`` has their processes in this order.
    """

    def __init__(
        self,
        home: Path,
        dags: Path,
        environment: Mapping[str, str],
        fernet_key: str,
        parts: Sequence[str] = ("standalone",),
    ) -> None:
        self.home = home
        self._parts = parts
        self.console = home / "console"
        ports = [str(port) for port in free_ports(3)]
        self.url = f"http://127.0.0.1:{ports[0]}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        self._environment = {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}",
            # the triggerer imports the trigger of a DAG file from there
            "PYTHONPATH": os.pathsep.join(filter(None, (str(dags), kept.get("PYTHONPATH")))),
            "AIRFLOW_HOME": str(home),
            # the default of 5 seconds is too short when concurrent tasks end on a busy machine
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=60",
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__FERNET_KEY": fernet_key,
            # Airflow 2 takes SQLite for too slow, and would run one task at a time
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1",
            # SQLite locks no rows, so worker and scheduler would count one try as two
            "AIRFLOW__SCHEDULER__SCHEDULE_AFTER_TASK_EXECUTION": "False",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            # no DAG file changes, and a process that reads one imports all that it needs
            f"AIRFLOW__{'SCHEDULER' if AIRFLOW_2 else 'DAG_PROCESSOR'}__MIN_FILE_PROCESS_INTERVAL": "120",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": ports[1],
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": ports[2],
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__PORT": ports[0],
            "AIRFLOW__API__AUTH_BACKENDS": "airflow.api.auth.backend.basic_auth",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
            "AIRFLOW__WEBSERVER__WORKERS": "1",
            "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": ports[0],
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            # after 5 s a worker on a busy machine would ask once more to begin its task, and be refused: it has begun
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "120",
            **environment,
        }

    def __enter__(self) -> RunningAirflow:
        self.started: list[subprocess.Popen[bytes]] = []
        self._process, *_ = [self._start(part) for part in self._parts]
        self._headers = {"Content-Type": "application/json"}
        try:
            wait_until("the API answers", self._log_in, 300)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mine = f"AIRFLOW_HOME={self.home}".encode()
        os.killpg(self._process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        # some parts start new process groups or sessions, and others overwrite their environment with a title
        sessions = {process.pid for process in self.started}
        for environ in Path("/proc").glob("[0-9]*/environ"):
            pid = int(environ.parent.name)
            with suppress(OSError):
                if os.getsid(pid) in sessions or mine in environ.read_bytes().split(b"\0"):
                    os.kill(pid, signal.SIGKILL)
        for process in self.started:
            process.wait()

    def start(self, dag_id: str, run_id: str = "run") -> None:
        """Start a run of a DAG, as soon as Airflow knows the DAG."""
        body = {"dag_run_id": run_id} if AIRFLOW_2 else {"dag_run_id": run_id, "logical_date": None}
        wait_until(f"{dag_id} is known", lambda: self._call(f"/dags/{dag_id}/dagRuns", body) is not None, 240)

    def heard_of(self, dag_id: str, task_id: str, run_id: str | None = None) -> int:
        """Return the number of events by which the executor reported a task to the scheduler as ended or deferred.

        Airflow 3.1 fails a deferred task that resumes before the scheduler has processed the event of its deferral.
        """
        event = "Received executor event with state success for task instance "
        key = f"TaskInstanceKey(dag_id='{dag_id}', task_id='{task_id}'" + (f", run_id='{run_id}'" if run_id else "")
        return sum(event in line and key in line for line in self.console.read_text(errors="replace").splitlines())

    def replace_triggerer(self, between: Callable[[], object]) -> None:
        """Kill all processes of the triggerer, so that none of them can clean up, and start another triggerer.

        :param between: called while there is no triggerer.
        """
        parts = [*psutil.Process(self._process.pid).children(), *(psutil.Process(each.pid) for each in self.started)]
        alive = (part for part in parts if part.status() != psutil.STATUS_ZOMBIE)
        (triggerer,) = (part for part in alive if part.cmdline()[-1] == "triggerer")
        for each in (triggerer, *triggerer.children(recursive=True)):
            each.kill()
        between()
        self._start("triggerer")

    def states(self, dag_id: str, run_id: str = "run") -> list[tuple[str, str]]:
        """Return task ids and states of the run."""
        instances = self._json(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances").get("task_instances", [])
        return sorted((each["task_id"], str(each["state"])) for each in instances)

    def run_state(self, dag_id: str, run_id: str = "run") -> str:
        return str(self._json(f"/dags/{dag_id}/dagRuns/{run_id}").get("state"))

    def runs(self, dag_id: str) -> list[tuple[str, str]]:
        """Return id and state of each run of a DAG."""
        runs = self._json(f"/dags/{dag_id}/dagRuns").get("dag_runs", [])
        return [(each["dag_run_id"], str(each["state"])) for each in runs]

    def asset_events(self) -> list[dict[str, Any]]:
        """Return the events of all assets."""
        events: list[dict[str, Any]] = self._json("/assets/events")["asset_events"]
        return events

    def question(self, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
        """Return the question that a task asks people, or an empty object while it asks none."""
        return self._json(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails")

    def answer(self, dag_id: str, run_id: str, task_id: str, option: str, **typed: str) -> None:
        """Answer as a person does who takes one of the options, and types into the form what is ``typed``."""
        form = self.question(dag_id, run_id, task_id)["params"] if typed else {}
        values = {name: field.get("value") for name, field in form.items()}
        body = {"chosen_options": [option], "params_input": values | typed}
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
        assert self._call(path, body, "PATCH") is not None

    def clear(self, dag_id: str, run_id: str, task_ids: Sequence[str]) -> None:
        """Clear these tasks of a run and no others, so that they run again."""
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": list(task_ids),
            "only_failed": False,
            "reset_dag_runs": True,
        }
        assert self._call(f"/dags/{dag_id}/clearTaskInstances", body) is not None

    def mark(self, dag_id: str, task_id: str, state: str) -> None:
        """Put a task into a state, as a person does."""
        path = f"/dags/{dag_id}/dagRuns/run/taskInstances/{task_id}"
        body = {"new_state": state, "dry_run": False} if AIRFLOW_2 else {"new_state": state}
        assert self._call(path, body, "PATCH") is not None

    def task(self, dag_id: str, task_id: str) -> dict[str, Any]:
        """Return state, tries, rendered fields and more of a task."""
        return self._json(f"/dags/{dag_id}/dagRuns/run/taskInstances/{task_id}")

    def xcom(self, dag_id: str, task_id: str, map_index: int = -1, run_id: str = "run") -> Any:
        """Return what a task returned, or ``None`` if it returned nothing."""
        task = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        value = self._json(f"{task}/xcomEntries/return_value?map_index={map_index}").get("value")
        return ast.literal_eval(value) if AIRFLOW_2 and value else value  # Airflow 2 returns it as text

    def xcom_keys(self, dag_id: str, task_id: str) -> list[str]:
        """Return the keys of all XComs of a task."""
        entries = self._json(f"/dags/{dag_id}/dagRuns/run/taskInstances/{task_id}/xcomEntries")["xcom_entries"]
        return sorted(entry["key"] for entry in entries)

    def links(self, dag_id: str, task_id: str) -> dict[str, str | None]:
        """Return the addresses of the links of a task by their names."""
        links: dict[str, Any] = self._json(f"/dags/{dag_id}/dagRuns/run/taskInstances/{task_id}/links")
        return links if AIRFLOW_2 else links["extra_links"]

    def shown(self, dag_id: str) -> Iterator[Place]:
        """Yield the answers of the REST API about a run: rendered fields, XComs, logs and details."""
        run = f"/dags/{dag_id}/dagRuns/run"
        yield self._place(run)
        yield self._place(f"{run}/taskInstances")
        for each in self._json(f"{run}/taskInstances")["task_instances"]:
            task = f"{run}/taskInstances/{each['task_id']}"
            index = each["map_index"]
            mapped = f"{task}/{index}" if index >= 0 else task
            yield self._place(mapped)
            yield self._place(f"{task}/logs/1?full_content=true&map_index={index}")
            entries = self._json(f"{task}/xcomEntries?map_index={index}")["xcom_entries"]
            for entry in entries:
                yield self._place(f"{task}/xcomEntries/{entry['key']}?map_index={index}")

    def _start(self, part: str) -> subprocess.Popen[bytes]:
        with self.console.open("ab") as console:
            process = subprocess.Popen(
                ["airflow", *part.split()],
                cwd=self.home,
                env=self._environment,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def _log_in(self) -> bool:
        if AIRFLOW_2:
            file = self.home / "standalone_admin_password.txt"
            if not file.exists():
                return False
            basic = b64encode(f"admin:{file.read_text().strip()}".encode()).decode()
            self._headers["Authorization"] = f"Basic {basic}"
        else:
            token = self._get(f"{self.url}/auth/token")
            if token is None:
                return False
            self._headers["Authorization"] = f"Bearer {json.loads(token)['access_token']}"
        return self._call("/dags") is not None

    def _place(self, path: str) -> Place:
        return f"REST {path}", self._call(path) or b""

    def _json(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._call(path) or b"{}")
        return answer

    def _call(self, path: str, body: object = None, method: str | None = None) -> bytes | None:
        return self._get(f"{self.url}/api/{'v1' if AIRFLOW_2 else 'v2'}{path}", body, method)

    def _get(self, url: str, body: object = None, method: str | None = None) -> bytes | None:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, self._headers, method=method)  # noqa: S310 - http to loopback
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                content: bytes = answer.read()
                return content
        except (urllib.error.URLError, OSError):
            return None


def wait_until(description: str, condition: Callable[[], bool], seconds: float) -> None:
    """Check a condition again and again until it holds, and fail after ``seconds``."""
    deadline = (checked := time.monotonic()) + seconds
    while not condition():
        now = time.monotonic()
        assert now < deadline, f"not within {seconds} s: {description}"
        # a question that costs Airflow much is asked less often: what is waited for needs the processor, too
        time.sleep(max(0.5, 5 * (now - checked)))
        checked = time.monotonic()


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
