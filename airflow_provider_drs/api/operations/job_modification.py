"""``batchUpdateJob``: store the tested endpoints of up to ten jobs, and judge whether each is stored.

Follows the vendor's page *Modifying Tasks in Batches*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_drs.api.codes import hint_for
from airflow_provider_drs.api.endpoint import Endpoint, KafkaSecurity
from airflow_provider_drs.api.errors import DrsAnswerError, DrsError, DrsServiceError
from airflow_provider_drs.api.model.hidden import HiddenDict
from airflow_provider_drs.api.model.job_verdict import JobVerdict
from airflow_provider_drs.api.operation import PERHAPS_DONE, Operation, Repeat
from airflow_provider_drs.api.results import results_by_job
from airflow_provider_drs.api.texts import printable, short
from airflow_provider_drs.api.wire.answers import Answer, code_and_text
from airflow_provider_drs.api.wire.objections import objection

JOB_MODIFICATION = Operation(
    "batchUpdateJob",
    "PUT",
    "/v3/{project_id}/jobs/batch-modification",
    # the same body stores the same values
    Repeat.SAME_EFFECT,
    permission="drs:migrationJob:modify",
    secret_members=Endpoint.secret_members() | KafkaSecurity.secret_members(),
    # a text in one of the vendor's samples tells of 202
    good_statuses=(200, 202),
)
MAX_JOBS = 10
"""Jobs in one call, as the vendor's page limits it."""
_GRANT = f"Grant {JOB_MODIFICATION.permission} on this project to the caller."
_HINTS = {
    "DRS.M00304": "Endpoints can be stored only while the job is in CONFIGURATION.",
    **dict.fromkeys(("DRS.M00101", "DRS.M00102", "DRS.M00103", "APIGW.0302", "APIGW.0306"), _GRANT),
}
"""The hints that differ from those of a connection test."""
_JUDGED = frozenset({"id", "status", "error_code"})


@dataclass(frozen=True)
class StoreRequest:
    """The tested endpoints of one job, to be stored.

    :param source: the source endpoint, as it was tested.
    :param target: the target endpoint, as it was tested.
    :param settings: the members of ``ModifyJobReq`` beside the endpoints.
    """

    source: Endpoint = field(repr=False)
    target: Endpoint = field(repr=False)
    settings: Mapping[str, Any]

    @property
    def job_id(self) -> str:
        """Id of the job."""
        return self.source.id

    def wire(self) -> dict[str, Any]:
        """Return the JSON object to send, with secrets in clear: the contract's ``ModifyJobReq``."""
        return HiddenDict(
            {
                "job_id": self.job_id,
                "source_endpoint": self.source.stored_form(),
                "target_endpoint": self.target.stored_form(),
                "store_db_info": True,
                "net_type": self.source.net_type,
                **self.settings,
            }
        )


def body(requests: Sequence[StoreRequest]) -> dict[str, Any]:
    """Return the request for up to 10 jobs.

    :param requests: one for each job.
    """
    return HiddenDict({"jobs": [request.wire() for request in requests]})


def verdict_of_error(request: StoreRequest, error: DrsError, *, attempts: int, **_: Any) -> JobVerdict:
    """Return the verdict on a job whose call failed as a whole: nothing tells that it is stored.

    :param request: what was to be stored.
    :param error: the error of the call.
    :param attempts: how many times the call was sent.
    """
    jobs = error.jobs if isinstance(error, DrsServiceError) else {}
    text = jobs.get(request.job_id, "DRS refused the call because of another job in it") if jobs else error.text
    if unknown := bool(attempts) and isinstance(error, (*PERHAPS_DONE, DrsAnswerError)):
        text += ", and it is not known whether DRS has stored the endpoints"
    hint = _HINTS.get(error.code or "", error.hint)
    request_id = error.request_id
    return JobVerdict(
        request.job_id, False, False, error.code, f"not stored: {text}", hint, request_id, answered=not unknown
    )


def judge(requests: Sequence[StoreRequest], answer: Answer) -> list[JobVerdict]:
    """Read the answer of one ``batchUpdateJob`` call.

    Stored is a job that has exactly one result, with the status ``success`` and nothing that contradicts it.

    :param requests: what was sent.
    :param answer: the answer; its HTTP status tells nothing of a job.
    """
    by_job = results_by_job([request.job_id for request in requests], answer)
    return [_verdict(request.job_id, by_job.get(request.job_id), answer.request_id) for request in requests]


def _verdict(job_id: str, result: Mapping[str, Any] | DrsError | None, request_id: str | None) -> JobVerdict:
    code, text = None, None
    if result is None:
        text = "the answer holds no result for this job"
    elif isinstance(result, DrsError):
        text = result.text
    else:
        status = result.get("status")
        error = code_and_text({name: result[name] for name in result if name.startswith("error")})
        against = objection({name: value for name, value in result.items() if name not in _JUDGED})
        if isinstance(status, str) and status.lower() == "success":
            if not error and not against:
                return JobVerdict(job_id, True, True, request_id=request_id)
            code, text = error or (None, against or "")
            text = f"the result contradicts itself: status success, {text}"
        elif isinstance(status, str) and status.lower() == "failed":
            code, text = error or (None, printable(str(result.get("error_msg") or "DRS gave no reason")))
        else:
            text = f"the result has the unknown status {short(status)}"
    hint = _HINTS.get(code or "") or hint_for(code, text)
    return JobVerdict(job_id, False, False, code, f"not stored: {text}", hint, request_id)
