"""The report on the pre-checks of many jobs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import Any

from airflow_provider_drs.api.checks.items import explain
from airflow_provider_drs.api.checks.precheck import ItemVerdict, PrecheckVerdict, remarks
from airflow_provider_drs.api.checks.waivers import Waiver, blank_waiver
from airflow_provider_drs.api.digest import digest
from airflow_provider_drs.api.errors import DrsError, DrsPrecheckFailedError
from airflow_provider_drs.api.model.job_verdict import MAX_REASON
from airflow_provider_drs.api.model.report import MAX_ERRORS, SCHEMA, cut, error_lines
from airflow_provider_drs.api.model.summary import table
from airflow_provider_drs.api.texts import printable

MAX_TEXTS = 240_000
"""Maximum size of the texts of all items together, in bytes of JSON; databases and pages limit an XCom."""
_PASTE = (
    "To let these alarms pass, give waivers such as these, with the reason and the last day on which each counts "
    "(such as 2026-12-31):"
)


@dataclass(frozen=True)
class PrecheckReport:
    """The verdicts on the pre-checks of all jobs of one run.

    :param jobs: the verdicts, in the order of the jobs.
    :param waivers: accepted alarms.
    :param today: the day on which a waiver must count.
    :param errors: the errors of calls that failed as a whole; in a report without jobs, why nothing was checked.
    :param checked_at: when the checks were requested, so that no verdict is older.
    :param list_all: whether the report lists the items that passed, too.
    """

    jobs: tuple[PrecheckVerdict, ...]
    waivers: tuple[Waiver, ...] = ()
    today: date = field(default_factory=lambda: datetime.now(timezone.utc).date())
    errors: tuple[DrsError, ...] = field(default=(), repr=False)
    checked_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    list_all: bool = False

    @property
    def failed(self) -> list[PrecheckVerdict]:
        """The verdicts on the jobs that did not pass."""
        return [job for job in self.jobs if not job.passed]

    @property
    def passed(self) -> bool:
        """True when there is at least one job and every one passed."""
        return bool(self.jobs) and not self.failed

    @property
    def headline(self) -> str:
        """One sentence with the number of jobs that passed and failed."""
        failed, count = len(self.failed), len(self.jobs)
        return (
            f"{count - failed} of {count} jobs passed the pre-check, {failed} failed."
            if count
            else "No job was checked."
        )

    @property
    def notes(self) -> list[str]:
        """A line for each alarm that is accepted."""
        return [f"{item.outcome} accepted: {_acceptance(item)} (job {job.job_id})" for job, item in self._accepted]

    @property
    def answered(self) -> bool:
        """Whether DRS runs or ran the check of each job that did not pass."""
        return all(job.tested for job in self.failed)

    @property
    def retryable(self) -> bool:
        """Whether all jobs may pass later without a change of the DAG."""
        return all(job.retryable for job in self.failed)

    @property
    def not_ready(self) -> bool:
        """Whether DRS has refused every check that failed because of its job's status."""
        return bool(self.failed) and all(job.not_ready for job in self.failed)

    @property
    def lines(self) -> list[str]:
        """A line for each item that stopped a job, and for each job that was stopped by something else."""
        return [line for job in self.failed for line in _lines(job)]

    @property
    def remarks(self) -> list[str]:
        """A sentence for each waiver that had no effect, for the log."""
        return remarks(self.jobs, self.waivers, self.today)

    @property
    def digest(self) -> str:
        """The digest of what was found in all jobs; their order does not matter."""
        return digest({job.job_id: job.result.digest for job in self.jobs})

    @property
    def summary(self) -> str:
        """The report as Markdown: a table with what stopped a job first, then accepted alarms, then the passed jobs."""
        headline = f"{self.headline} Checked at {self.checked_at:%Y-%m-%d %H:%M:%S} UTC."
        if not self.jobs:
            return table(headline, ["Error"], [[line] for line in error_lines(self.errors)])
        rows = [row for job in self.failed for row in _stopped_rows(job)]
        rows += [
            [job.job_id, "ALARM, accepted", item.answered.item, _why(item), _acceptance(item)]
            for job, item in self._accepted
        ]
        rows += [[job.job_id, "passed", None, f"{len(job.items)} items", None] for job in self.jobs if job.passed]
        return table(headline, ["Job", "Result", "Item", "Reason and what to do", "Waiver"], rows)

    @property
    def blank_waivers(self) -> list[dict[str, str]]:
        """The waivers that would let the alarms pass that stopped a job, without their reasons and dates."""
        stopped = [
            (job.job_id, item.answered.item) for job in self.failed for item in job.stopped_by if item.answered.alarmed
        ]
        return [blank_waiver(*pair) for pair in dict.fromkeys(stopped)]

    def failure(self) -> DrsPrecheckFailedError:
        """Return the error that has every line, and the waivers to paste."""
        blank = self.blank_waivers
        shown = ",\n ".join(map(json.dumps, blank[:MAX_ERRORS]))
        more = f"\nand {len(blank) - MAX_ERRORS} more" if len(blank) > MAX_ERRORS else ""
        paste = f"{_PASTE}\n[{shown}]{more}" if blank else ""
        return DrsPrecheckFailedError(
            self.lines, f"{len(self.failed)} of {len(self.jobs)} jobs failed the pre-check", paste
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON.

        :return: ``{"schema": 1, "kind": "precheck", "passed": bool, "failed": number, "checked_at": ISO 8601,
            "digest": text, "summary": Markdown, "jobs": [{...}]}``, and ``"errors": [text]`` if no job was checked.
        """
        listed = sum(len(self._listed(job)) for job in self.jobs)
        content = {
            "schema": SCHEMA,
            "kind": "precheck",
            "passed": self.passed,
            "failed": len(self.failed),
            "checked_at": self.checked_at.isoformat(timespec="seconds"),
            "digest": self.digest,
            "summary": self.summary,
            "jobs": [self._job(job, MAX_TEXTS // max(1, listed)) for job in self.jobs],
        }
        return content if self.jobs else content | {"errors": error_lines(self.errors)}

    @property
    def _accepted(self) -> list[tuple[PrecheckVerdict, ItemVerdict]]:
        return [(job, item) for job in self.jobs for item in job.items if item.passed and item.answered.alarmed]

    def _job(self, job: PrecheckVerdict, size: int) -> dict[str, Any]:
        result = job.result
        return {
            "job_id": job.job_id,
            "passed": job.passed,
            "process": result.process,
            "code": result.code,
            "text": printable(job.text) if job.text else None,
            "hint": result.hint,
            "request_id": result.request_id,
            "checked_at": result.checked_at,
            "digest": result.digest,
            "items_passed": sum(item.answered.passed for item in job.items),
            "items": [_item(item, size) for item in self._listed(job)],
        }

    def _listed(self, job: PrecheckVerdict) -> list[ItemVerdict]:
        return [item for item in job.items if self.list_all or not item.answered.passed]


def _item(item: ItemVerdict, size: int) -> dict[str, Any]:
    return {
        "item": item.answered.item,
        "group": item.answered.group,
        "result": item.answered.result,
        "reason": item.answered.reason,
        "text": cut(item.answered.text, size),
        "waiver": item.waiver.to_dict() if item.waiver else None,
    }


def _lines(job: PrecheckVerdict) -> list[str]:
    about = f"job {job.job_id}" + (f", request id {job.result.request_id}" if job.result.request_id else "")
    lines = []
    for item in job.stopped_by:
        detail = " ".join(filter(None, (item.explanation, printable(item.answered.text or "", MAX_REASON))))
        lines.append(f"{item.outcome}: {detail} ({about})" if detail else f"{item.outcome} ({about})")
    if not lines or job.result.faults:
        code = f" [{job.result.code}]" if job.result.code else ""
        hint = f" {job.result.hint}" if job.result.hint else ""
        reason = "; ".join(job.result.faults) if lines else job.text
        lines.append(f"{printable(reason or '', MAX_REASON)}{code}{hint} ({about})")
    return lines


def _stopped_rows(job: PrecheckVerdict) -> list[list[str | None]]:
    rows: list[list[str | None]] = [
        [
            job.job_id,
            item.answered.result or "no result",
            item.answered.item,
            _why(item),
            "expired" if item.expired else None,
        ]
        for item in job.stopped_by
    ]
    why = " ".join(filter(None, (job.result.code, job.text, job.result.hint)))
    return rows or [[job.job_id, "not passed", None, why, None]]


def _acceptance(item: ItemVerdict) -> str:
    if not (waiver := item.waiver):
        return "any alarm"
    return f"{waiver.reason} (until {waiver.until}" + (f", {waiver.by})" if waiver.by else ")")


def _why(item: ItemVerdict) -> str:
    return " ".join(filter(None, (item.answered.reason, item.answered.fault, explain(item.answered))))
