"""Runs the gate end to end: a real Airflow runs the example DAG twice, with the emulator and a real PostgreSQL."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from databases import JOBS, Databases  # noqa: E402
from postgres import Postgres  # noqa: E402

from airflow_provider_drs.emulator.scenario import load_world  # noqa: E402
from airflow_provider_drs.emulator.server import Emulator  # noqa: E402

DAG = "pre_migration_gate"
LOGS = Path(".demo")
# a line that a task of this package logs: level, text and logger
OURS = re.compile(r"\[(info|warning|error) *\] (.+?) +\[airflow\.task\.operators\.airflow_provider_drs\.")

console = Console(width=max(Console().width, 140))


def main() -> int:
    """Run the demo. Return its exit status: 0 if both runs end as intended and no log holds a password."""
    scenario = {"jobs": [{"id": job_id, "ready_after_polls": 2} for job_id in JOBS.values()]}
    with tempfile.TemporaryDirectory(prefix="drs-demo-") as folder:
        home = Path(folder)
        say("Starting a PostgreSQL with four databases, and the DRS emulator with two jobs in CREATING ...")
        with Postgres(home) as postgres, Emulator(load_world(scenario)) as emulator:
            databases = Databases(postgres)
            say(f"The emulator answers on {emulator.url}; PostgreSQL listens on 127.0.0.1:{postgres.port}.")
            say("Run 1: billing_new has a wrong password, and orders_old has a closed port.")
            mistakes = databases.as_airflow_sees_them(wrong_password="billing_new", closed_port="orders_old")
            shut = run(home, 1, emulator, mistakes)
            say("Run 2: both mistakes are corrected.")
            opened = run(home, 2, emulator, databases.as_airflow_sees_them())
            leaked = [
                log for log in LOGS.glob("*.log") if any(map(log.read_text().count, databases.passwords.values()))
            ]
    for number, outcome in ((1, shut), (2, opened)):
        console.print(verdicts(number, outcome))
    say(f"Passwords found in the logs of both runs: {len(leaked)}.")
    return 0 if as_intended(shut, opened) and not leaked else 1


def run(home: Path, number: int, emulator: Emulator, environment: dict[str, str]) -> dict[str, Any]:
    """Run the example DAG in a new Airflow, print the lines of its tasks, and return the outcome.

    :param home: folder for the files of Airflow.
    :param number: number of the run, for its log.
    :param emulator: the DRS of the run.
    :param environment: environment variables with the databases.
    """
    outcome = home / f"outcome-{number}.json"
    log = LOGS / f"run-{number}.log"
    log.parent.mkdir(exist_ok=True)
    airflow = {
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(HERE.parent / "example_dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW_CONN_DRS_DEFAULT": emulator.connection_json,
        "NO_COLOR": "1",
    }
    say(f"Airflow runs {DAG}: wait for the jobs, test all endpoints, migrate. Its whole log goes to {log}.")
    child = subprocess.Popen(
        [sys.executable, str(HERE / "airflow_runs.py"), f"{DAG}.py", str(outcome)],
        env={**os.environ, **airflow, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert child.stdout is not None
    with log.open("w") as file:
        for line in child.stdout:
            file.write(line)
            if ours := OURS.search(line):
                style = {"error": "red", "warning": "yellow"}.get(ours[1], "green")
                console.print(f"    [{style}]{escape(ours[2])}[/]", highlight=False)
    if child.wait() != 0:
        raise SystemExit(f"Airflow itself failed; see {log}")
    result: dict[str, Any] = json.loads(outcome.read_text())
    say(f"The run ended {result['state']}: " + ", ".join(f"{task} {state}" for task, state in result["states"].items()))
    return result


def verdicts(number: int, outcome: dict[str, Any]) -> Table:
    """Return the report of a run as a table."""
    migrated = outcome["states"]["start_migration"] == "success"
    gate = "open, and the migration step ran" if migrated else "shut, and the migration step did not run"
    table = Table(title=f"Run {number}: the gate is {gate}", title_justify="left")
    for heading in ("database", "side", "address", "verdict", "code", "reason"):
        table.add_column(heading)
    for item in outcome["xcoms"]["test_connections"]["endpoints"]:
        verdict = "[green]passed[/]" if item["passed"] else "[red]FAILED[/]"
        reason = [escape(item[name] or "") for name in ("code", "text")]
        table.add_row(item["label"], item["side"], item["address"], verdict, *reason)
    return table


def as_intended(shut: dict[str, Any], opened: dict[str, Any]) -> bool:
    """Return whether the gate shut for the two bad endpoints only, and opened after their correction."""
    reasons = {
        item["label"]: item["text"] for item in shut["xcoms"]["test_connections"]["endpoints"] if not item["passed"]
    }
    return (
        set(reasons) == {"orders_old", "billing_new"}
        and "Connection refused" in reasons["orders_old"]
        and "password authentication failed" in reasons["billing_new"]
        and shut["states"]["start_migration"] == "upstream_failed"
        and opened["xcoms"]["test_connections"]["passed"]
        and opened["states"]["start_migration"] == "success"
    )


def say(text: str) -> None:
    """Print a step of the demo."""
    console.print(f"[bold]==>[/] {escape(text)}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
