"""Runs the live check as its command line does, against a service on loopback."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samples import endpoint, job_id

from airflow_provider_drs.emulator.errors import RefusedError
from airflow_provider_drs.emulator.logins import Entry
from airflow_provider_drs.emulator.state import World
from airflow_provider_drs.livecheck.__main__ import main

JOBS = [job_id(1), job_id(2), job_id(3)]


@dataclass(frozen=True)
class Result:
    """The exit code of a check, its answers, and the folder with the answers and the records."""

    code: int
    answers: dict[str, Any]
    folder: Path

    def seen(self, unknown: str) -> Any:
        (answer,) = [each for each in self.answers["unknowns"] if each["id"] == unknown]
        return answer["seen"]

    def check(self, name: str) -> Any:
        (check,) = [each for each in self.answers["checks"] if each["check"] == name]
        return check


def world() -> World:
    """Return a world with two jobs in CONFIGURATION, of which one is checked, and a third one that is too far."""
    emulated = World(any_job=False)
    for job in JOBS[:2]:
        emulated.add_job(job, "CONFIGURATION")
    emulated.add_job(JOBS[2], "FULL_TRANSFER_STARTED")
    emulated.change(JOBS[0], precheck={"stops_at": 50})
    for side in ("source", "target"):
        emulated.change_stored(JOBS[0], side, db_user="reader", db_password="right")
        emulated.remember_test(JOBS[0], side, passed=True)
    emulated.request_precheck(JOBS[0], "forStartJob")
    return emulated


def refuses_the_targets(end: Entry) -> None:
    """Let the databases of the sources in, and nobody into those of the targets."""
    if end["end_point_type"] == "ta":
        raise RefusedError("DRS.KE0002", f"Access denied for user '{end['db_user']}'")


def ends() -> list[dict[str, Any]]:
    """Return a source that passes, a target that does not, and a source of the job that is too far."""
    return [endpoint(2), endpoint(2, end_point_type="ta"), endpoint(3)]


def check(folder: Path, *options: str, test: list[dict[str, Any]] | None = None, jobs: list[str] = JOBS) -> Result:
    """Run a check of the Connection ``drs_default``."""
    folder.mkdir(exist_ok=True)
    answers = folder / "answers.json"
    arguments = [*options, "--json", str(answers), "--record", str(folder / "records")]
    arguments += [word for job in jobs for word in ("--job", job)]
    if test:
        (folder.parent / "ends.json").write_text(json.dumps(test))
        arguments += ["--test", str(folder.parent / "ends.json")]
    code = main(arguments)
    return Result(code, json.loads(answers.read_text()) if answers.exists() else {}, folder)
