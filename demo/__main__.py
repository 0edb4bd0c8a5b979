"""Runs the whole gate: a real Airflow runs the example DAG three times, with the emulator and a real PostgreSQL."""

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

DAG = "whole_gate"
STEPS = ("wait", "test_connections", "precheck", "start")
ALARM = {"item": "pgSrcHasLargeColumnTypeCheck", "result": "ALARM", "failed_reason": "PG_HAS_LARGE_COLUMN_TYPE_TABLES"}
WAIVER = {"item": ALARM["item"], "reason": "The large columns are few.", "until": "2099-12-31", "by": "Ada"}
LOGS = Path(".demo")
# a line that a task of this package logs: level, text and logger
OURS = re.compile(r"\[(info|warning|error) *\] (.+?) +\[airflow\.task\.operators\.airflow_provider_drs\.")

console = Console(width=max(Console().width, 140))


def main() -> int:
    """Run the demo. Return its exit status: 0 if all runs end as intended and no log holds a password."""
    pace = {"ready_after_polls": 1}
    scenario = {
        "jobs": [
            {"id": JOBS["orders"], **pace, "precheck": pace},
            {"id": JOBS["billing"], **pace, "precheck": {**pace, "items": [ALARM]}},
        ]
    }
    with tempfile.TemporaryDirectory(prefix="drs-demo-") as folder:
        home = Path(folder)
        say("Starting a PostgreSQL with four databases, and the DRS emulator with two jobs in CREATING ...")
        with Postgres(home) as postgres, Emulator(load_world(scenario)) as emulator:
            databases = Databases(postgres)
            say(f"The emulator answers on {emulator.url}; PostgreSQL listens on 127.0.0.1:{postgres.port}.")
            say("Run 1: billing_new has a wrong password, and orders_old has a closed port.")
            mistakes = databases.as_airflow_sees_them(wrong_password="billing_new", closed_port="orders_old")
            runs = [run(home, 1, emulator, mistakes)]
            say("Run 2: both mistakes are corrected. DRS's pre-check has an alarm about billing.")
            right = databases.as_airflow_sees_them()
            runs.append(run(home, 2, emulator, right))
            say(f"Run 3: a waiver accepts the alarm: {WAIVER['reason']}")
            runs.append(run(home, 3, emulator, right, waivers=[WAIVER]))
            starts = {name: emulator.world.job(job_id).starts for name, job_id in JOBS.items()}
            logs = [log.read_text() for log in LOGS.glob("*.log")]
            leaked = [log for log in logs if any(map(log.count, databases.passwords.values()))]
    for number, outcome in enumerate(runs, start=1):
        console.print(steps(number, outcome))
    say("Starts that DRS has got: " + ", ".join(f"{name} {count}" for name, count in starts.items()) + ".")
    say(f"Passwords found in the logs of all runs: {len(leaked)}.")
    return 0 if as_intended(*runs) and set(starts.values()) == {1} and not leaked else 1


def run(home: Path, number: int, emulator: Emulator, environment: dict[str, str], **conf: Any) -> dict[str, Any]:
    """Run the example DAG in a new Airflow, print the lines of its tasks, and return the outcome.

    :param home: folder for the files of Airflow.
    :param number: number of the run, for its log.
    :param emulator: the DRS of the run.
    :param environment: environment variables with the databases.
    :param conf: configuration of the run.
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
    say(f"Airflow runs {DAG}: wait, test and store, pre-check, start. Its whole log goes to {log}.")
    child = subprocess.Popen(
        [sys.executable, str(HERE / "airflow_runs.py"), f"{DAG}.py", str(outcome), json.dumps(conf)],
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


def steps(number: int, outcome: dict[str, Any]) -> Table:
    """Return the reports of a run as a table with a row for each job."""
    reports = {step: outcome["xcoms"].get(f"gate.{step}") for step in STEPS}
    started = "open, and DRS has started the jobs" if reports["start"] else "shut, and nothing was started"
    table = Table(title=f"Run {number}: the gate is {started}", title_justify="left", show_lines=True)
    for heading in ("job", "wait", "test and store", "pre-check", "start"):
        table.add_column(heading)
    for name, job_id in JOBS.items():
        table.add_row(name, *(cell(step, reports[step], job_id) for step in STEPS))
    return table


def cell(step: str, report: Any, job_id: str) -> str:
    """Return what a step found out about a job."""
    if not report:
        return "[dim]not reached[/]"
    if step == "wait":
        return f"[green]{report[job_id]}[/]"
    (job,) = (each for each in report["jobs"] if each["job_id"] == job_id)
    if step == "test_connections":
        ends = [each for each in report["endpoints"] if each["job_id"] == job_id]
        lines = [f"{each['label']}: {'passed' if each['passed'] else each['text']}" for each in ends]
        lines += ["stored" if job["stored"] else "not stored"]
    elif step == "precheck":
        waived = {item["item"]: item["waiver"] for item in job["items"]}
        lines = [f"{item}: {'waived' if waiver else 'ALARM'}" for item, waiver in waived.items()]
        lines += [f"{job['items_passed']} items passed"]
    else:
        lines = [job["status"]]
    return f"[{'green' if job['passed'] else 'red'}]{escape(chr(10).join(lines))}[/]"


def as_intended(tested: dict[str, Any], checked: dict[str, Any], opened: dict[str, Any]) -> bool:
    """Return whether the gate was shut by the test, then by the alarm, and opened by the waiver."""
    test = tested["xcoms"]["gate.test_connections"]
    reasons = {item["label"]: item["text"] for item in test["endpoints"] if not item["passed"]}
    return (
        set(reasons) == {"orders_old", "billing_new"}
        and "Connection refused" in reasons["orders_old"]
        and "password authentication failed" in reasons["billing_new"]
        and tested["states"]["gate.precheck"] == tested["states"]["gate.start"] == "upstream_failed"
        and checked["states"]["gate.test_connections"] == "success"
        and checked["states"]["gate.precheck"] == "failed"
        and checked["states"]["gate.start"] == "upstream_failed"
        and opened["state"] == "success"
        and opened["xcoms"]["gate.start"]["started"] == list(JOBS.values())
    )


def say(text: str) -> None:
    """Print a step of the demo."""
    console.print(f"[bold]==>[/] {escape(text)}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
