"""Runs a real triggerer in a separate process, with many deferred task instances."""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from samples import job_id
from wire import Reply, Request, Service

from airflow_provider_drs.emulator.state import Call

HERE = Path(__file__).parent
AIRFLOW = [sys.executable, "-m", "airflow"]


@dataclass(frozen=True)
class Wait:
    """The row of one task instance in the database. ``event`` is the payload of its trigger's event, if any."""

    job_id: str
    state: str
    next_method: str
    event: Any


class Waiting:
    """A new Airflow with one deferred sensor for each job id, and without a running triggerer.

    :param home: an empty directory.
    :param connection: the Connection for the triggerer, as JSON. Only pre-checks call its service before.
    :param job_ids: ids of the jobs. A sensor must accept the first.
    :param poke_interval: seconds between two polls.
    :param dag_id: ``drs``, ``prechecks`` for one wait for each ten jobs, or ``time`` for the same number of Airflow's
        DateTimeTriggers.
    """

    def __init__(
        self, home: Path, connection: str, job_ids: Sequence[str], poke_interval: float, dag_id: str = "drs"
    ) -> None:
        self.job_ids = job_ids
        self._database = home / "airflow.db"
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("AIRFLOW") and name != "PYTHONDONTWRITEBYTECODE"
        }
        self.environment = {
            **inherited,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(HERE / "folder"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__TRIGGERER__MAX_TRIGGER_TO_SELECT_PER_LOOP": "1000",
            # the next triggerer soon takes over the waits of a killed one
            "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "3",
            "AIRFLOW_CONN_DRS_DEFAULT": connection,
        }
        (home / "waits.json").write_text(json.dumps({"job_ids": job_ids, "mapped": 1, "poke_interval": poke_interval}))
        with Service(not_yet) as service, (home / "console").open("wb") as console:
            first = json.dumps({"conn_type": "drs", "host": service.url, "password": "t", "extra": {"project_id": "p"}})
            subprocess.run(
                [sys.executable, HERE / "put_to_wait.py", dag_id],
                env={**self.environment, "AIRFLOW_CONN_DRS_DEFAULT": connection if dag_id == "prechecks" else first},
                check=True,
                stdout=console,
                stderr=subprocess.STDOUT,
                timeout=120,
            )

    def now(self) -> list[Wait]:
        """Return all waits, in the order of the job ids."""
        query = "SELECT map_index, state, next_method, next_kwargs FROM task_instance ORDER BY map_index"
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as database:
            rows = database.execute(query).fetchall()
        return [
            Wait(self.job_ids[index], state, method, _unwrapped(json.loads(kwargs)).get("event"))
            for index, state, method, kwargs in rows
        ]

    def ended(self) -> list[Wait]:
        """Return the waits that have ended."""
        return [wait for wait in self.now() if wait.state != "deferred"]


class Triggerer:
    """``with Triggerer(waiting) as triggerer``: runs a triggerer, and kills it afterwards."""

    def __init__(self, waiting: Waiting) -> None:
        self._environment = waiting.environment
        self.console = Path(waiting.environment["AIRFLOW_HOME"]) / "console"

    def __enter__(self) -> Triggerer:
        with self.console.open("ab") as console:
            self._process = subprocess.Popen(
                [*AIRFLOW, "triggerer", "--skip-serve-logs"],
                env=self._environment,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """Kill all processes of the triggerer at once, so that none of them can clean up."""
        if self._process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def not_yet(request: Request) -> Reply:
    """Report the status CREATING for every job."""
    results = [{"id": each, "status": "CREATING"} for each in request.json["jobs"]]
    return Reply({"results": results, "count": len(results)})


def job_ids(count: int) -> list[str]:
    return [job_id(number) for number in range(count)]


def polls_of(calls: Iterable[Call], ids: Iterable[str]) -> list[int]:
    """Return for each job the number of calls that ask about it."""
    counted = Counter(each for call in calls for each in call.job_ids)
    return [counted[each] for each in ids]


@contextmanager
def record_log() -> Iterator[list[logging.LogRecord]]:
    """Record the log of the emulator, and keep it out of the report of a failed test, where it would hide the rest."""
    records: list[logging.LogRecord] = []

    def take(record: logging.LogRecord) -> bool:
        records.append(record)
        return False

    log = logging.getLogger("airflow_provider_drs.emulator.app")
    log.addFilter(take)
    log.setLevel(logging.INFO)
    yield records
    log.setLevel(logging.NOTSET)
    log.removeFilter(take)


def _unwrapped(value: Any) -> Any:
    """Return a stored value without the wrappers that some versions of Airflow add."""
    if isinstance(value, dict):
        return (
            _unwrapped(value["__var"]) if "__var" in value else {name: _unwrapped(item) for name, item in value.items()}
        )
    return value
