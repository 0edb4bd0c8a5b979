"""Evidence: the reports of earlier steps, read for what they prove about each job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.shown_reports import names_of
from airflow_provider_drs.api.starts.times import read_moment

CONNECTIONS, PRECHECK = "connections", "precheck"
KINDS = (CONNECTIONS, PRECHECK)
"""The kinds of reports that are evidence."""
MAX_AHEAD = timedelta(minutes=1)
"""How far the clock of the worker that wrote a report may be ahead."""
_STEPS = {CONNECTIONS: "connection test", PRECHECK: "pre-check"}
_TIME = "must be a time with its offset"


@dataclass(frozen=True)
class Entry:
    """What one report says of one job.

    :param passed: whether the job passed that step.
    :param at: when that was found; of a test that stores, when what is stored was read.
    :param began_at: when the step began, which is not later.
    :param stored: whether the tested endpoints are stored.
    :param digest: of what DRS had stored then, or ``None``.
    :param node: addresses of the job's node then, or ``None``.
    :param update_time: when DRS had changed the job last, in milliseconds since 1970, as text, or ``None``.
    """

    passed: bool
    at: datetime
    began_at: datetime
    stored: bool
    digest: str | None
    node: Mapping[str, str | None] | None
    update_time: str | None

    @property
    def rank(self) -> tuple[datetime, bool]:
        """Orders the entries of a job: one that passed outdoes a failure only if it began after that was found."""
        return (self.began_at if self.passed else self.at, not self.passed)


class Evidence:
    """The newest entry of each job in the reports of each kind.

    :param reports: those of the steps before.
    :raises DrsInputError: naming everything in them that no step of this package writes.
    """

    def __init__(self, reports: Sequence[Mapping[str, Any]] = ()) -> None:
        names = names_of(reports, "evidence")
        violations = [
            f"{name}{why}" for name, report in zip(names, reports, strict=True) for why in _wrong_with(report)
        ]
        if violations:
            raise DrsInputError(violations)
        self._newest: dict[tuple[str, str], Entry] = {}
        for report in reports:
            for job_id, entry in _entries(report, read_moment(report["checked_at"])):
                known = self._newest.get((report["kind"], job_id))
                if known is None or entry.rank > known.rank:
                    self._newest[report["kind"], job_id] = entry

    def newest(self, kind: str, job_id: str) -> Entry | None:
        """Return the newest entry of a job in the reports of a kind.

        :param kind: of the reports.
        :param job_id: the job.
        """
        return self._newest.get((kind, job_id))

    def objections(self, job_id: str, require: Sequence[str], now: datetime, max_age: float) -> list[str]:
        """Return every reason why the reports do not prove that a job may start, each with what to do.

        :param job_id: the job.
        :param require: the kinds of reports that must prove it.
        :param now: the time.
        :param max_age: seconds that an entry counts.
        """
        reasons = []
        for kind in require:
            step, entry = _STEPS[kind], self.newest(kind, job_id)
            if entry is None:
                reasons.append(f"evidence has no {step} of it: hand over the XCom of the task that makes it")
                continue
            if not entry.passed:
                reasons.append(f"it did not pass its newest {step}: mend what that report names, and run it again")
            if entry.at > now + MAX_AHEAD:
                reasons.append(f"its newest {step} is from the future, {entry.at}: set the clocks of the workers right")
            elif (age := (now - min(entry.at, entry.began_at)).total_seconds()) > max_age:
                reasons.append(f"its {step} is {age:.0f} s old, more than {max_age:g} s: run it again")
            if kind == CONNECTIONS and not entry.stored:
                reasons.append("its tested endpoints are not stored in it: test with store=True")
        tested, checked = (self.newest(kind, job_id) if kind in require else None for kind in KINDS)
        if tested and checked and checked.began_at < tested.at:
            reasons.append(
                "its pre-check began before its connection test had ended, and says nothing of what is stored now: "
                "run the pre-check again"
            )
        return reasons


def _wrong_with(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield what keeps a report from being one that a step of this package has left."""
    if report["kind"] not in (*KINDS, "start"):
        yield ": kind must be connections, precheck or start"
        return
    if not _is_time(report.get("checked_at")):
        yield f": checked_at {_TIME}"
    jobs = report.get("jobs")
    if not isinstance(jobs, list):
        yield ": jobs must be a list"
        return
    for position, job in enumerate(jobs):
        if not isinstance(job, Mapping):
            yield f".jobs[{position}]: must be an object"
            continue
        allowed: dict[str, tuple[type, ...]] = {"job_id": (str,), "passed": (bool,)}
        if report["kind"] == CONNECTIONS:
            none = type(None)
            allowed |= {
                "stored": (bool, none),
                "digest": (str, none),
                "node": (Mapping, none),
                "update_time": (str, none),
            }
        for name, types in allowed.items():
            if not isinstance(job.get(name), types):
                yield f".jobs[{position}]: {name} is not as a step of this package writes it"
        if report["kind"] in KINDS and job.get("checked_at") is not None and not _is_time(job["checked_at"]):
            yield f".jobs[{position}]: checked_at {_TIME}"


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(read_moment(value))
    except ValueError:
        return False


def _entries(report: Mapping[str, Any], began_at: datetime) -> Iterator[tuple[str, Entry]]:
    for job in report["jobs"]:
        # a job that nothing was found of has no time of its own
        at = read_moment(job["checked_at"]) if job.get("checked_at") else began_at
        yield (
            job["job_id"],
            Entry(
                job["passed"],
                at,
                began_at,
                job.get("stored") is True,
                job.get("digest"),
                job.get("node"),
                job.get("update_time"),
            ),
        )
