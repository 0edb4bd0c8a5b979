"""``batchValidateConnections``: have DRS log in to up to ten endpoints, and judge whether each has passed.

Follows the vendor's page *Testing Connections in Batches*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_drs.api.codes import hint_for
from airflow_provider_drs.api.endpoint import Endpoint, KafkaSecurity
from airflow_provider_drs.api.errors import DrsError, DrsServiceError
from airflow_provider_drs.api.model.hidden import HiddenDict
from airflow_provider_drs.api.model.report import Verdict
from airflow_provider_drs.api.operation import Operation, Repeat
from airflow_provider_drs.api.repeated_members import compare
from airflow_provider_drs.api.texts import printable, short
from airflow_provider_drs.api.wire.answers import code_and_text
from airflow_provider_drs.api.wire.objections import miscount, objection
from airflow_provider_drs.api.wire.scrubber import Scrubber

CONNECTION_TEST = Operation(
    "batchValidateConnections",
    "POST",
    "/v3/{project_id}/jobs/batch-connection",
    Repeat.LOGIN,
    permission="drs:migrationJobs:connect",
    secret_members=Endpoint.secret_members() | KafkaSecurity.secret_members(),
)
MAX_LABEL = 100
"""Maximum length of a label in a report, in characters."""
MAX_ENDPOINTS = 10
"""Endpoints in one call, as the vendor's page limits it."""
MAX_DIFFERENCE = 200
"""Maximum length of a text about a difference between request and result, in characters."""
_AFFIRMED = frozenset({"success", "true"})
_DENIED = frozenset({"failed", "false"})
_JUDGED = frozenset({"id", "status", "success", "error_code"})


def body(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """Return the request for up to 10 endpoints.

    :param endpoints: never two of one job, since a result names its job only.
    :raises ValueError: when they are more, or two are of one job.
    """
    if len(endpoints) > MAX_ENDPOINTS or len({endpoint.id for endpoint in endpoints}) < len(endpoints):
        raise ValueError(f"a call takes at most {MAX_ENDPOINTS} endpoints, each of another job")
    return HiddenDict({"jobs": [endpoint.wire() for endpoint in endpoints]})


def secrets_by_job(endpoints: Sequence[Endpoint]) -> dict[str, list[str]]:
    """Return the secrets of the endpoints of each job, in the order in which the endpoints name the jobs.

    :param endpoints: any number of endpoints.
    """
    secrets: dict[str, list[str]] = {}
    for endpoint in endpoints:
        secrets.setdefault(endpoint.id, []).extend(CONNECTION_TEST.secrets_in(endpoint.wire()))
    return secrets


def verdict_on(endpoint: Endpoint, *, passed: bool = False, **facts: Any) -> Verdict:
    """Return the verdict on one endpoint; ``facts`` are the members of :class:`Verdict` that come from the answer."""
    return Verdict(
        job_id=endpoint.id,
        # what a DAG gives may hold a line break, which would forge a line in the log
        label=printable(endpoint.label, MAX_LABEL) if endpoint.label else None,
        side=endpoint.side,
        db_type=printable(endpoint.db_type),
        address=printable(endpoint.address),
        digest=endpoint.digest,
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
    whose every indicator is positive and which repeats nothing of it otherwise than it was sent, in an answer that
    speaks of nothing else and whose counts fit.

    :param endpoints: what was sent, in any order, one for each job.
    :param answer: the JSON body.
    :param facts: what is the same for all, such as ``seconds``.
    """
    results = answer["results"]
    named = Counter(_job_id(item) for item in results)
    by_job = {_job_id(item): item for item in results}
    asked = {endpoint.id for endpoint in endpoints}
    strangers = sorted(named.keys() - asked)
    affirmed = [item for item in results if isinstance(item, Mapping) and _word(item) in _AFFIRMED]
    fault = miscount(answer, len(endpoints), len(affirmed))
    if strangers:
        fault = f"the answer speaks of {printable(', '.join(strangers))}, which was not asked about"

    def of(endpoint: Endpoint) -> Verdict:
        if named[endpoint.id] == 0:
            return verdict_on(endpoint, text="the answer holds no result for this job", **facts)
        if named[endpoint.id] > 1:
            text = f"the answer holds {named[endpoint.id]} results for this job, one was asked for"
            return verdict_on(endpoint, text=text, **facts)
        code, reason = _reason(by_job[endpoint.id], endpoint)
        if reason is None and fault is None:
            return verdict_on(endpoint, passed=True, **facts)
        hint = hint_for(code, reason)
        return verdict_on(endpoint, code=code, text=reason or fault, hint=hint, **facts)

    return [of(endpoint) for endpoint in endpoints]


def _job_id(item: object) -> str:
    """Return the job id of a result, or a text that is no job id for an item that is no result."""
    return printable(str(item.get("id"))) if isinstance(item, Mapping) else f"{type(item).__name__} {short(item)}"


def _word(result: Mapping[str, Any]) -> str | None:
    status = result.get("status")
    return status.lower() if isinstance(status, str) else None


def _reason(result: Mapping[str, Any], endpoint: Endpoint) -> tuple[str | None, str | None]:
    """Return code and text of why this result is not a pass; both ``None`` when it is one."""
    status, success, word = result.get("status"), result.get("success"), _word(result)
    message = printable(str(result["error_msg"])) if result.get("error_msg") else None
    code, text = code_and_text(result) or (None, message)
    other, rest = compare(endpoint, {name: value for name, value in result.items() if name not in _JUDGED})
    # a name of the request may be a password as well
    against = Scrubber(CONNECTION_TEST.secrets_in(endpoint.wire()))(other, MAX_DIFFERENCE) if other else objection(rest)
    if word in _AFFIRMED:
        if (success is None or success is True) and not code and not against:
            return None, None
        spoken = ", ".join(filter(None, (f"success {short(success)}", text or code, against)))
        return code, f"the result contradicts itself: status {word}, {spoken}"
    if word not in _DENIED:
        return code, f"the result has the unknown status {short(status)}" + (f": {text}" if text else "")
    return code, text or "DRS gave no reason"
