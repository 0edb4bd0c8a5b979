"""The report on the start of many jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from airflow_provider_drs.api.digest import digest
from airflow_provider_drs.api.errors import DrsError, DrsStartFailedError
from airflow_provider_drs.api.model.job_status import TESTABLE
from airflow_provider_drs.api.model.report import MAX_SIZES, SCHEMA, cut, error_lines
from airflow_provider_drs.api.model.summary import table
from airflow_provider_drs.api.starts.verdict import ALREADY, HELD, STARTED, UNKNOWN, StartVerdict
from airflow_provider_drs.api.texts import printable

_SHOWN = {STARTED: "started", ALREADY: "started before", UNKNOWN: "not known", HELD: "not started"}


@dataclass(frozen=True)
class StartReport:
    """What became of all jobs that were to be started.

    :param jobs: the verdicts, in the order of the jobs.
    :param errors: in a report without jobs, why nothing was started.
    :param checked_at: when the task began.
    """

    jobs: tuple[StartVerdict, ...]
    errors: tuple[DrsError, ...] = field(default=(), repr=False)
    checked_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    @property
    def failed(self) -> list[StartVerdict]:
        """The verdicts on the jobs that are not started, or not as far as was to be waited for."""
        return [job for job in self.jobs if not job.passed]

    @property
    def passed(self) -> bool:
        """True when there is at least one job and every one is started."""
        return bool(self.jobs) and not self.failed

    @property
    def headline(self) -> str:
        """One sentence with the number of jobs by what became of them."""
        if not self.jobs:
            return "No job was started."
        started, already = len(self._of(STARTED)), len(self._of(ALREADY))
        return (
            f"{started} of {len(self.jobs)} jobs were started, {already} had been started before, "
            f"{len(self.failed)} failed."
        )

    @property
    def notes(self) -> list[str]:
        """A line for each job that is started."""
        return [job.line for job in self.jobs if job.passed]

    @property
    def remarks(self) -> list[str]:
        """Nothing: what could not be compared is logged before anything is sent."""
        return []

    @property
    def lines(self) -> list[str]:
        """A line for each job that failed, and one for all that were not started because of others."""
        others = len(self._of(HELD))
        lines = [job.line for job in self.failed if job.outcome != HELD]
        return lines + ([f"{others} other jobs were not started because of that"] if others else [])

    @property
    def answered(self) -> bool:
        """Whether it is known of each job if DRS starts it."""
        return not self._of(UNKNOWN)

    @property
    def started(self) -> list[StartVerdict]:
        """The verdicts on the jobs that this task has started, or may have."""
        return self._of(STARTED) + self._of(UNKNOWN)

    @property
    def unseen(self) -> list[StartVerdict]:
        """The verdicts on the jobs whose start DRS has accepted, and whose status does not show it yet."""
        return [job for job in self._of(STARTED) if not job.passed and job.status in (None, str(TESTABLE))]

    @property
    def retryable(self) -> bool:
        """Whether a retry may start all jobs that failed, or wait further for them."""
        return all(job.retryable for job in self.failed)

    @property
    def not_ready(self) -> bool:
        """False: a start does not wait for a job, only its retries do."""
        return False

    @property
    def digest(self) -> str:
        """The digest of what became of the jobs; their order does not matter."""
        return digest({job.job_id: [job.outcome, job.passed, job.status] for job in self.jobs})

    @property
    def summary(self) -> str:
        """The report as Markdown: a table with the failed jobs first."""
        headline = f"{self.headline} Checked at {self.checked_at:%Y-%m-%d %H:%M:%S} UTC."
        if not self.jobs:
            return table(headline, ["Error"], [[line] for line in error_lines(self.errors)])
        rows = [
            [
                job.job_id,
                _SHOWN.get(job.outcome, "not started") if job.passed or job.outcome != STARTED else "failed",
                job.status,
                " ".join(filter(None, (job.code, printable(job.text or ""), job.hint))),
                job.order_id,
                job.request_id,
            ]
            for job in sorted(self.jobs, key=lambda job: job.passed)
        ]
        return table(headline, ["Job", "Result", "Status", "Reason and what to do", "Order", "Request id"], rows)

    def failure(self) -> DrsStartFailedError:
        """Return the error that has every line."""
        return DrsStartFailedError(self.lines, self.headline.removesuffix("."))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON.

        :return: ``{"schema": 1, "kind": "start", "passed": bool, "failed": number, "checked_at": ISO 8601, "digest":
            text, "summary": Markdown, "started": [job id], "already": [job id], "jobs": [{...}]}``, and ``"errors":
            [text]`` if nothing was looked at.
        """
        size = MAX_SIZES["text"] // max(1, len(self.jobs))
        content = {
            "schema": SCHEMA,
            "kind": "start",
            "passed": self.passed,
            "failed": len(self.failed),
            "checked_at": self.checked_at.isoformat(timespec="seconds"),
            "digest": self.digest,
            "summary": self.summary,
            "started": [job.job_id for job in self._of(STARTED)],
            "already": [job.job_id for job in self._of(ALREADY)],
            "jobs": [
                {
                    "job_id": job.job_id,
                    "passed": job.passed,
                    "status": job.status,
                    "code": job.code,
                    "text": cut(job.text, size),
                    "hint": job.hint,
                    "request_id": job.request_id,
                    "order_id": job.order_id,
                }
                for job in self.jobs
            ],
        }
        return content if self.jobs else content | {"errors": error_lines(self.errors)}

    def _of(self, outcome: str) -> list[StartVerdict]:
        return [job for job in self.jobs if job.outcome == outcome]
