"""Verdicts: what DRS said of each endpoint, and the report of them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from airflow_provider_drs.api.codes import heals, hint_for
from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.errors import DrsError, DrsServiceError
from airflow_provider_drs.api.texts import printable, short
from airflow_provider_drs.api.wire.answers import code_and_text
from airflow_provider_drs.api.wire.objections import miscount, objection

MAX_REASON = 200
"""Characters of a reason in one line; the report has all that was kept."""
_AFFIRMED = frozenset({"success", "true"})
_DENIED = frozenset({"failed", "false"})
_JUDGED = frozenset({"id", "status", "success", "error_code"})


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
        said = f"{self.code}: {self.text}" if self.code else f"{self.text}"
        request = f" (request id {self.request_id})" if self.request_id else ""
        return f"{where}: {said[:MAX_REASON]}{request}"


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

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON: ``{"passed": bool, "endpoints": [{...}]}``."""
        return {"passed": self.passed, "endpoints": [asdict(verdict) for verdict in self.endpoints]}


def verdict_on(endpoint: Endpoint, *, passed: bool = False, **facts: Any) -> Verdict:
    """Return the verdict on one endpoint; ``facts`` are the members of :class:`Verdict` that come from the answer."""
    return Verdict(
        job_id=endpoint.id,
        # what a DAG gives may hold a line break, which would forge a line in the log
        label=printable(endpoint.label) if endpoint.label else None,
        side=endpoint.side,
        db_type=printable(endpoint.db_type),
        address=printable(endpoint.address),
        passed=passed,
        **facts,
    )


def verdict_of_error(endpoint: Endpoint, error: DrsError, **facts: Any) -> Verdict:
    """Return the verdict on an endpoint whose call failed as a whole: not passed, because of ``error``."""
    of_this_job = error.jobs.get(endpoint.id) if isinstance(error, DrsServiceError) else None
    return verdict_on(
        endpoint,
        code=error.code,
        text=of_this_job or error.text,
        hint=error.hint,
        request_id=error.request_id,
        **facts,
    )


def judge(endpoints: Sequence[Endpoint], answer: Mapping[str, Any], **facts: Any) -> list[Verdict]:
    """Read the answer of one ``batchValidateConnections`` call.

    A result names its job only, so no two endpoints may share one. Passed is an endpoint that has exactly one result
    whose every indicator is positive, in an answer that speaks of nothing else and whose ``count`` fits.

    :param endpoints: what was sent, in any order, one for each job.
    :param answer: the JSON body.
    :param facts: what is the same for all, such as ``seconds``.
    """
    results = answer["results"]
    named = Counter(_job_id(item) for item in results)
    by_job = {_job_id(item): item for item in results}
    asked = {endpoint.id for endpoint in endpoints}
    strangers = sorted(named.keys() - asked)
    fault = miscount(answer, len(endpoints))
    if strangers:
        fault = f"the answer speaks of {printable(', '.join(strangers))}, which was not asked about"

    def of(endpoint: Endpoint) -> Verdict:
        if named[endpoint.id] == 0:
            return verdict_on(endpoint, text="the answer holds no result for this job", **facts)
        if named[endpoint.id] > 1:
            text = f"the answer holds {named[endpoint.id]} results for this job, one was asked for"
            return verdict_on(endpoint, text=text, **facts)
        code, reason = _reason(by_job[endpoint.id])
        if reason is None and fault is None:
            return verdict_on(endpoint, passed=True, **facts)
        hint = hint_for(code, reason)
        return verdict_on(endpoint, code=code, text=reason or fault, hint=hint, **facts)

    return [of(endpoint) for endpoint in endpoints]


def _job_id(item: object) -> str:
    """Return the job that a result names; of what is no result, something that is no job."""
    return printable(str(item.get("id"))) if isinstance(item, Mapping) else f"{type(item).__name__} {short(item)}"


def _reason(result: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return code and text of why this result is not a pass; both ``None`` when it is one."""
    status, success = result.get("status"), result.get("success")
    word = status.lower() if isinstance(status, str) else None
    message = printable(str(result["error_msg"])) if result.get("error_msg") else None
    code, text = code_and_text(result) or (None, message)
    against = objection({name: value for name, value in result.items() if name not in _JUDGED})
    if word in _AFFIRMED:
        if (success is None or success is True) and not code and not against:
            return None, None
        spoken = ", ".join(filter(None, (f"success {short(success)}", text or code, against)))
        return code, f"the result contradicts itself: status {word}, {spoken}"
    if word not in _DENIED:
        return code, f"the result has the unknown status {short(status)}" + (f": {text}" if text else "")
    return code, text or "DRS gave no reason"
