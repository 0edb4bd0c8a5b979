"""Verdicts on endpoints, and the report that holds all verdicts of a run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from airflow_provider_drs.api.codes import is_retryable
from airflow_provider_drs.api.errors import DrsEndpointsFailedError, DrsError

MAX_REASON = 200
"""Characters of a reason in a log line or an error; the report has the whole text."""


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

    @property
    def retryable(self) -> bool:
        """Whether the same test may pass later without a change; false for a wrong password, for example."""
        return is_retryable(self.code)

    @property
    def line(self) -> str:
        """The verdict in one line, for the log."""
        return f"{self.short} {self.hint}" if self.hint else self.short

    @property
    def short(self) -> str:
        """The verdict in one line without the hint, for an error text that names many."""
        name = f"{self.label}: " if self.label else ""
        where = f"{name}{self.side} {self.db_type} at {self.address} of job {self.job_id}"
        if self.passed:
            return f"{where}: passed"
        reason = f"{self.code}: {self.text}" if self.code else f"{self.text}"
        request = f" (request id {self.request_id})" if self.request_id else ""
        return f"{where}: {reason[:MAX_REASON]}{request}"


@dataclass(frozen=True)
class Report:
    """All verdicts of one run, in the order of its endpoints.

    :param endpoints: the verdicts.
    :param errors: the errors of calls that failed as a whole; each endpoint of such a call has a failed verdict.
    """

    endpoints: tuple[Verdict, ...]
    errors: tuple[DrsError, ...] = field(default=(), repr=False)

    @property
    def failed(self) -> list[Verdict]:
        """The verdicts that did not pass."""
        return [verdict for verdict in self.endpoints if not verdict.passed]

    @property
    def passed(self) -> bool:
        """True when there is at least one endpoint and every one passed."""
        return bool(self.endpoints) and not self.failed

    def failure(self) -> DrsEndpointsFailedError:
        """Return the error that names every endpoint that did not pass, and what to do."""
        failed = self.failed
        hints = dict.fromkeys(verdict.hint for verdict in failed if verdict.hint)
        return DrsEndpointsFailedError([verdict.short for verdict in failed], len(self.endpoints), list(hints))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON: ``{"passed": bool, "endpoints": [{...}]}``."""
        return {"passed": self.passed, "endpoints": [asdict(verdict) for verdict in self.endpoints]}
