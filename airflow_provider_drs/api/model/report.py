"""Verdicts on endpoints and jobs, and the report that holds all verdicts of a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from airflow_provider_drs.api.codes import is_not_ready, is_retryable
from airflow_provider_drs.api.digest import digest
from airflow_provider_drs.api.errors import DrsEndpointsFailedError, DrsError, DrsInputError
from airflow_provider_drs.api.model.job_status import TESTABLE, JobStatus, Phase
from airflow_provider_drs.api.model.job_verdict import MAX_REASON, JobVerdict, one_line
from airflow_provider_drs.api.model.summary import table
from airflow_provider_drs.api.texts import printable

SCHEMA = 1
"""Version of the report's members."""
MAX_SIZES = {"text": 120_000, "label": 60_000, "address": 100_000, "db_type": 40_000}
"""Maximum size of a member in all endpoints together, in bytes of JSON; databases and pages limit an XCom."""
MAX_ERRORS = 1000
"""Maximum number of errors in a report without endpoints."""


@dataclass(frozen=True)
class Verdict:
    """The result of one endpoint's connection test.

    :param job_id: id of the DRS job.
    :param label: the endpoint's label, or ``None``.
    :param side: ``source`` or ``target``.
    :param db_type: the database type that was sent.
    :param address: ``host:port``, or several joined by commas, as sent.
    :param passed: true only if DRS affirmed the endpoint without contradicting itself.
    :param code: the service's code for the failure, or ``None``.
    :param text: the reason of the failure, or ``None``.
    :param hint: what to do about the failure, or ``None``.
    :param request_id: request id of the answer that the verdict comes from, or ``None``.
    :param seconds: duration of the call that tested the endpoint.
    :param attempts: number of times that the endpoint was sent.
    :param status: the status of a job whose endpoints cannot be tested, else ``None``.
    :param digest: of the endpoint as it was tested, without secrets.
    """

    job_id: str
    label: str | None
    side: str
    db_type: str
    address: str
    passed: bool
    code: str | None = None
    text: str | None = None
    hint: str | None = None
    request_id: str | None = None
    seconds: float = 0.0
    attempts: int = 1
    status: str | None = None
    digest: str | None = None

    @property
    def tested(self) -> bool:
        """Whether the endpoint was sent."""
        return self.attempts > 0

    @property
    def retryable(self) -> bool:
        """Whether the same test may pass later without a change; false for a wrong password, for example."""
        if self.status is not None and not JobStatus(self.status).can_reach([TESTABLE]):
            return False
        return is_retryable(self.code, self.text)

    @property
    def not_ready(self) -> bool:
        """Whether DRS tests the endpoint as soon as its job is in ``CONFIGURATION``."""
        return is_not_ready(self.code) if self.status is None else JobStatus(self.status).phase is Phase.BEFORE

    @property
    def name(self) -> str:
        """The label, or else the address, and the side."""
        return f"{self.label or self.address} ({self.side})"

    @property
    def reason(self) -> str:
        """``passed``, or the reason of the failure in at most 200 characters."""
        return "passed" if self.passed else printable(self.text or "DRS gave no reason", MAX_REASON)

    @property
    def line(self) -> str:
        """The verdict in one line for a log or an error: name, reason, code, hint, then address, job and request id."""
        request = f", request id {self.request_id}" if self.request_id else ""
        about = f"{self.db_type} at {self.address}, job {self.job_id}{request}"
        return one_line(self.name, self.reason, self.code, self.hint, about)


@dataclass(frozen=True)
class Report:
    """All verdicts of one run, in the order of its endpoints.

    :param endpoints: the verdicts.
    :param errors: the errors of calls that failed as a whole; each endpoint of such a call has a failed verdict. In a
        report without verdicts they are why nothing was tested.
    :param checked_at: when the run started, so that no verdict is older.
    :param stores: a verdict on each job, if the endpoints were to be stored.
    """

    endpoints: tuple[Verdict, ...]
    errors: tuple[DrsError, ...] = field(default=(), repr=False)
    checked_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    stores: tuple[JobVerdict, ...] = ()

    @property
    def jobs(self) -> tuple[JobVerdict, ...]:
        """A verdict on each job, in the order in which the endpoints name them."""
        if self.stores:
            return self.stores
        digests = self._digests
        failed = {verdict.job_id for verdict in self.failed}
        return tuple(JobVerdict(job_id, job_id not in failed, digest=digest(digests[job_id])) for job_id in digests)

    @property
    def failed(self) -> list[Verdict]:
        """The verdicts on endpoints that did not pass."""
        return [verdict for verdict in self.endpoints if not verdict.passed]

    @property
    def not_stored(self) -> list[JobVerdict]:
        """The verdicts on jobs that are not stored although no endpoint of theirs has failed."""
        known = {verdict.job_id for verdict in self.failed}
        return [job for job in self.stores if not job.passed and job.job_id not in known]

    @property
    def passed(self) -> bool:
        """True when there is at least one endpoint, every one passed, and every job is stored that was to be."""
        return bool(self.endpoints) and not self.failed and not self.not_stored

    @property
    def notes(self) -> list[str]:
        """A line for each endpoint that passed."""
        return [verdict.line for verdict in self.endpoints if verdict.passed]

    @property
    def remarks(self) -> list[str]:
        """A sentence for each difference between what was tested and what is stored that may be right."""
        return [f"job {job.job_id}: {warning}" for job in self.stores for warning in job.warnings]

    @property
    def lines(self) -> list[str]:
        """A line for each endpoint that did not pass, and then for each job that is not stored."""
        return [verdict.line for verdict in self.failed] + [job.line for job in self.not_stored]

    @property
    def answered(self) -> bool:
        """Whether each failed endpoint was tested, and an answer says what is stored of each job."""
        return all(verdict.tested for verdict in self.failed) and all(job.answered for job in self.not_stored)

    @property
    def retryable(self) -> bool:
        """Whether all that failed may pass later without a change."""
        return all(verdict.retryable for verdict in self.failed) and all(job.retryable for job in self.not_stored)

    @property
    def not_ready(self) -> bool:
        """Whether nothing has failed except what waits for a job that is not in ``CONFIGURATION`` yet."""
        waits = [verdict.not_ready for verdict in self.failed] + [job.not_ready for job in self.not_stored]
        return bool(waits) and all(waits)

    @property
    def headline(self) -> str:
        """The number of endpoints that passed and failed, and of jobs that are stored."""
        failed, count = len(self.failed), len(self.endpoints)
        if not count:
            return "No endpoint was tested."
        text = f"{count - failed} of {count} endpoints passed the connection test, {failed} failed."
        if self.stores:
            text += f" {sum(bool(job.stored) for job in self.stores)} of {len(self.stores)} jobs are stored."
        return text

    @property
    def digest(self) -> str:
        """The digest of all endpoints, job by job, as DRS has stored them or else as they were tested.

        Their order does not matter.
        """
        return digest({job.job_id: job.digest for job in self.stores} if self.stores else self._digests)

    @property
    def _digests(self) -> dict[str, list[str]]:
        jobs: dict[str, list[str]] = {}
        for verdict in self.endpoints:
            jobs.setdefault(verdict.job_id, []).append(verdict.digest or "")
        return {job_id: sorted(digests) for job_id, digests in jobs.items()}

    @property
    def summary(self) -> str:
        """The report as Markdown: a table with the failed endpoints first."""
        headline = f"{self.headline} Checked at {self.checked_at:%Y-%m-%d %H:%M:%S} UTC."
        if not self.endpoints:
            return table(headline, ["Error"], [[line] for line in error_lines(self.errors)])
        columns = ["Endpoint", "Result", "Code", "What to do", "Address", "Job", "Request id"]
        ordered = sorted(self._shortened(), key=lambda verdict: verdict.passed)
        rows = [
            [one.name, one.reason, one.code, one.hint, f"{one.db_type} at {one.address}", one.job_id, one.request_id]
            for one in ordered
        ]
        stores = [
            [
                f"{job.databases} (store)",
                printable(job.text or "", MAX_REASON),
                job.code,
                job.hint,
                "",
                job.job_id,
                job.request_id,
            ]
            for job in self.not_stored
        ]
        return table(headline, columns, stores + rows)

    def failure(self) -> DrsEndpointsFailedError:
        """Return the error that has a line for each endpoint that did not pass, and each job that is not stored."""
        endpoints = [verdict.line for verdict in self.failed]
        stores = [job.line for job in self.not_stored]
        return DrsEndpointsFailedError(endpoints, len(self.endpoints), stores)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON.

        :return: ``{"schema": 1, "kind": "connections", "passed": bool, "failed": number, "checked_at": ISO 8601,
            "digest": text, "summary": Markdown, "endpoints": [{...}], "jobs": [{...}]}``, and ``"errors": [text]`` if
            none was tested.
        """
        content = {
            "schema": SCHEMA,
            "kind": "connections",
            "passed": self.passed,
            "failed": len(self.failed) + len(self.not_stored),
            "checked_at": self.checked_at.isoformat(timespec="seconds"),
            "digest": self.digest,
            "summary": self.summary,
            "endpoints": [asdict(verdict) for verdict in self._shortened()],
            "jobs": self._plain_jobs(),
        }
        return content if self.endpoints else content | {"errors": error_lines(self.errors)}

    def _shortened(self) -> list[Verdict]:
        sizes: dict[str, int] = {name: size // max(1, len(self.endpoints)) for name, size in MAX_SIZES.items()}
        shortened = []
        for verdict in self.endpoints:
            members: dict[str, Any] = {name: cut(getattr(verdict, name), size) for name, size in sizes.items()}
            shortened.append(replace(verdict, **members))
        return shortened

    def _plain_jobs(self) -> list[dict[str, Any]]:
        jobs = self.jobs
        size = MAX_SIZES["text"] // max(1, len(jobs))
        plain = [asdict(replace(job, text=cut(job.text, size))) for job in jobs]
        lists = ("unproven", "warnings")
        return [
            {
                name: [*value] if name in lists else value
                for name, value in job.items()
                if name not in ("answered", "changed", "databases")
            }
            for job in plain
        ]


def error_lines(errors: Sequence[DrsError]) -> list[str]:
    """Return a line for each error of a report in which nothing was checked, and for each violation of bad input.

    :param errors: why nothing was checked.
    """
    lines = [
        printable(line, MAX_REASON)
        for error in errors
        for line in (error.violations if isinstance(error, DrsInputError) else [str(error)])
    ]
    more = [f"and {len(lines) - MAX_ERRORS} more"] if len(lines) > MAX_ERRORS else []
    return lines[:MAX_ERRORS] + more


def cut(text: str | None, size: int) -> str | None:
    """Return a text whose JSON has at most ``size`` bytes.

    :param text: any text.
    :param size: in bytes.
    """
    while text and len(json.dumps(text)) > size:
        text = text[: len(text) * size // len(json.dumps(text))]
    return text
