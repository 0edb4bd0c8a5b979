"""What the tasks of ``policies/decided.py`` meet, and what Airflow has recorded of each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from samples import job_id
from starts import have_ready

from airflow_provider_drs.emulator.faults import Fault
from airflow_provider_drs.emulator.rehearsal import RehearsalEmulator

DAG_FILE = Path(__file__).parent / "policies" / "decided.py"
WAITS = {"creating": 3, "status_hidden": 1, "mapped": 1, "precheck": 1, "chained": 1}
"""How many reads of its status a job is not ready for."""
FAULTS = {
    "throttled": Fault("throttled", "batch-connection", retry_after=2),
    "unavailable": Fault("unavailable", "batch-connection"),
    "status_hidden": Fault("unavailable", "batch-status"),
    # the tokens of the first try; another one would succeed
    "stale_token": Fault("stale_token", times=2),
    "stale_token_left_to_airflow": Fault("stale_token", times=2),
    "stale_token_retried": Fault("stale_token", times=2),
    "stale_token_and_broken_policy": Fault("stale_token", times=2),
    "sensor": Fault("stale_token"),
    "lost_start_retried": Fault("cut_off", "batch-starting"),
    "lost_start_rescheduled": Fault("cut_off", "batch-starting"),
}
TASKS = {*WAITS, *FAULTS, "wrong_password"}


@dataclass(frozen=True)
class Attempt:
    """One try of a task: its decision as Airflow has recorded it."""

    number: int
    delay: float | None
    reason: str | None


@dataclass
class Outcome:
    """What became of a task: its last state, its tries, and how often it was put off without using one."""

    state: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    reschedules: int = 0


@contextmanager
def troubled_services() -> Iterator[tuple[dict[str, str], dict[str, RehearsalEmulator]]]:
    """Yield the Connections of all tasks as environment variables, and the emulator of each task."""
    with ExitStack() as stack:
        emulators = {name: RehearsalEmulator() for name in TASKS}
        environment = {}
        for name, emulator in emulators.items():
            stack.enter_context(emulator)
            if name in WAITS:
                emulator.world.add_job(job_id(1), ready_after_polls=WAITS[name])
            if name.startswith("lost_start"):
                # the start is accepted, and its status does not show it
                have_ready(emulator, 1, ready_after_polls=10_000)
            if name in FAULTS:
                emulator.world.faults.order(replace(FAULTS[name]))
            connection: dict[str, Any] = json.loads(emulator.connection_json)
            connection["extra"]["max_attempts"] = 1
            environment[f"AIRFLOW_CONN_{name.upper()}"] = json.dumps(connection)
        emulators["wrong_password"].databases.refuse("192.0.2.10", "Access denied", code="DRS.KE0002", times=1)
        yield environment, emulators


def recorded_outcomes(database: Path) -> dict[str, Outcome]:
    """Return what became of each task, as it stands in Airflow's database.

    :param database: the file.
    """
    outcomes: dict[str, Outcome] = {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        # Airflow 3.4 keeps all tries in one table
        for table in ["task_instance_history"] * ("task_instance_history" in tables) + ["task_instance"]:
            columns = "task_id, state, try_number, retry_delay_override, retry_reason"
            query = f"SELECT {columns} FROM {table} WHERE dag_id = 'decided' ORDER BY try_number"  # noqa: S608
            for task, state, *attempt in connection.execute(query):
                outcome = outcomes.setdefault(task, Outcome())
                outcome.state = state
                outcome.attempts.append(Attempt(*attempt))
        query = "SELECT task_id FROM task_reschedule JOIN task_instance AS ti ON ti.id = ti_id WHERE dag_id = 'decided'"
        for (task,) in connection.execute(query):
            outcomes[task].reschedules += 1
    return outcomes
