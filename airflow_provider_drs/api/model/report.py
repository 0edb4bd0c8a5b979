"""Verdicts: what DRS said of each endpoint, and the report of them all."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from airflow_provider_drs.api.codes import heals
from airflow_provider_drs.api.errors import DrsEndpointsFailedError, DrsError

MAX_REASON = 200
"""Characters of a reason in one line; the report has all that was kept."""


@dataclass(frozen=True)
class Verdict:
    """What is known of one endpoint after its test.

    :param job_id: the DRS job.
    :param label: the name people gave the endpoint, if any.
    :param side: ``source`` or ``target``.
    :param db_type: as sent.
    :param address: ``host:port``, or several, as sent.
    :param passed: true only if DRS affirmed it without contradicting itself.
    :param code: the service's code for the failure.
    :param text: the reason, when it did not pass.
    :param hint: what to do about it, where that is known.
    :param request_id: of the answer that the verdict rests on.
    :param seconds: how long the call took.
    :param attempts: how many times the endpoint was sent.
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
        """Whether the same test may pass later without anybody's help; a wrong password, for one, cannot."""
        return heals(self.code)

    @property
    def line(self) -> str:
        """The verdict in one line, for the log."""
        return f"{self.short} {self.hint}" if self.hint else self.short

    @property
    def short(self) -> str:
        """The verdict in one line without what to do, for an error text that names many."""
        name = f"{self.label}: " if self.label else ""
        where = f"{name}{self.side} {self.db_type} at {self.address} of job {self.job_id}"
        if self.passed:
            return f"{where}: passed"
        reason = f"{self.code}: {self.text}" if self.code else f"{self.text}"
        request = f" (request id {self.request_id})" if self.request_id else ""
        return f"{where}: {reason[:MAX_REASON]}{request}"


@dataclass(frozen=True)
class Report:
    """All verdicts of one run, in the order in which the endpoints were given.

    :param endpoints: the verdicts.
    :param errors: the errors of calls that failed as a whole; what they did to the endpoints is in the verdicts.
    """

    endpoints: tuple[Verdict, ...]
    errors: tuple[DrsError, ...] = field(default=(), repr=False)

    @property
    def failed(self) -> list[Verdict]:
        """The verdicts that are not *passed*."""
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
