"""The client: one method for each call of the API, over one kept-alive session."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, NoReturn

from requests.auth import AuthBase
from tenacity import RetryCallState, Retrying, retry_if_exception

from airflow_provider_drs.api.answers import per_job_errors
from airflow_provider_drs.api.auth import Auth
from airflow_provider_drs.api.endpoint import Endpoint, secrets_in
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsError,
    DrsJobsRefusedError,
    DrsServiceError,
    DrsThrottledError,
    DrsTimeoutError,
    DrsUnavailableError,
    DrsUnreachableError,
)
from airflow_provider_drs.api.lookup import MAX_IDS, Found, look_up, refused, worst
from airflow_provider_drs.api.pace import Pacer, backoff
from airflow_provider_drs.api.secrets import HiddenBytes, HiddenTuple
from airflow_provider_drs.api.status import JobStatus
from airflow_provider_drs.api.transport import Transport
from airflow_provider_drs.api.verdict import Verdict, judge

MAX_ENDPOINTS = 10
"""Endpoints in one connection test, as the vendor's page limits it."""

_NOT_ANSWERED = (DrsUnreachableError, DrsThrottledError, DrsUnavailableError)
_LATE_OR_NOT_ANSWERED = (*_NOT_ANSWERED, DrsTimeoutError)


class DrsClient:
    """Calls the v3 API of DRS for one project.

    A client may be shared by threads. It never follows a redirect, and it speaks plain http to loopback only.

    What may heal is repeated: a service that was not reached or hung up before it answered, HTTP 429 and the faults of
    the service, after the time that the answer names or else 1, 2, 4 ... seconds. A status call whose answer did not
    come in time is asked again, too. A connection test is not: it would be another login.

    :param endpoint: URL of the service, such as ``https://drs.cn-north-4.myhuaweicloud.com``.
    :param project_id: project of the region where the DRS jobs live.
    :param auth: the credential, and what is done when the service refuses it.
    :param language: of the service's texts, ``en-us`` or ``zh-cn``.
    :param verify: ``True``, or the path of a CA bundle.
    :param connect_timeout: seconds until a connection must stand.
    :param read_timeout: seconds until an answer must be there as a whole.
    :param max_attempts: how many times one call is sent at most, 1 and more.
    :param max_retry_seconds: how long after its first sending a call may still be repeated.
    :param pacer: lets calls start; the clock and the waiting are its own.
    :raises DrsInputError: when the endpoint is no URL that a credential may be sent to.
    """

    def __init__(
        self,
        endpoint: str,
        project_id: str,
        auth: Auth,
        *,
        language: str = "en-us",
        verify: bool | str = True,
        connect_timeout: float = 10,
        read_timeout: float = 120,
        max_attempts: int = 5,
        max_retry_seconds: float = 600,
        pacer: Pacer | None = None,
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.project_id = project_id
        self.pacer = pacer or Pacer()
        self._auth = auth
        self._headers = {"X-Language": language, "X-Project-Id": project_id}
        self._max_attempts = max_attempts
        self.max_retry_seconds = max_retry_seconds
        self._transport = Transport(
            self.endpoint,
            verify=verify,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            clock=self.pacer.clock,
        )

    def __enter__(self) -> DrsClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client holds a credential, which is not pickled")

    def close(self) -> None:
        """Close the connections that were kept alive."""
        self._transport.close()

    def test_connections(self, endpoints: Sequence[Endpoint]) -> list[Verdict]:
        """Have DRS log in to every endpoint; operation ``batchValidateConnections``.

        :param endpoints: at most 10, and never two of one job, since a result names its job only.
        :return: one verdict for each endpoint, in the same order.
        :raises DrsError: when the call as a whole failed.
        """
        if len(endpoints) > MAX_ENDPOINTS or len({endpoint.id for endpoint in endpoints}) < len(endpoints):
            raise ValueError(f"a call takes at most {MAX_ENDPOINTS} endpoints, each of another job")
        body = {"jobs": [endpoint.wire() for endpoint in endpoints]}
        answer, facts = self._call("batch-connection", body, _NOT_ANSWERED)
        return judge(endpoints, answer, **facts)

    def job_statuses(self, job_ids: Sequence[str]) -> dict[str, JobStatus]:
        """Read the status of any number of jobs, 100 a call; operation ``batchListJobStatus``.

        :return: ``{job id: status}`` in the order asked.
        :raises DrsJobsRefusedError: naming the jobs that DRS does not know, no longer has, or takes for malformed.
        :raises DrsError: when a call as a whole failed, or its answer left a job out.
        """
        found = self.look_up(job_ids)
        if error := worst(found):
            raise error
        return {job_id: status for job_id, status in found.items() if isinstance(status, JobStatus)}

    def look_up(self, job_ids: Sequence[str]) -> dict[str, JobStatus | DrsError]:
        """Read the status of any number of jobs, or what stands in its way, for each by itself.

        It takes a call for every 100 jobs, and some more when DRS refuses a job; operation ``batchListJobStatus``.
        """
        return look_up(self._page_of_statuses, job_ids)

    def _page_of_statuses(self, asked: list[str]) -> Found:
        # without page_req the service returns the first five only
        page = {"cur_page": 1, "per_page": MAX_IDS}
        try:
            answer, facts = self._call("batch-status", {"jobs": asked, "page_req": page}, _LATE_OR_NOT_ANSWERED)
        except DrsJobsRefusedError as error:
            named = {job_id: refused({job_id: error.jobs[job_id]}, error) for job_id in asked if job_id in error.jobs}
            if not named and error.jobs:
                raise DrsAnswerError("the answer refuses jobs not asked about", request_id=error.request_id) from None
            if not named:
                raise
            return named
        expected = set(asked)
        results = [
            item
            for item in answer["results"]
            if isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"] in expected
        ]
        found: dict[str, JobStatus | DrsError] = {
            item["id"]: JobStatus(item["status"]) for item in results if item.get("status")
        }
        request_id = facts["request_id"]
        if said := per_job_errors(results):
            # what such an answer does not speak of is no fault of it: the whole call was refused for some of its jobs
            by = DrsError("", request_id=request_id)
            return found | {job_id: refused({job_id: text}, by) for job_id, text in said.items()}
        if left_out := [job_id for job_id in asked if job_id not in found]:
            text = f"the answer leaves out {', '.join(left_out)}"
            found |= dict.fromkeys(left_out, DrsAnswerError(text, request_id=request_id))
        return found

    def check_access(self) -> None:
        """Do the cheapest read that takes the credential and the project; operation ``showJobList``.

        A list of one job, since the other reads want the id of a job that exists. Nothing is repeated: whoever asks is
        waiting for the answer.

        :raises DrsError: when it failed, and so would every other call.
        """
        self._call("", {"cur_page": 1, "per_page": 1, "db_use_type": "migration"}, (), holds="jobs")

    def _call(
        self, call: str, body: dict[str, Any], repeated: tuple[type[DrsError], ...], holds: str = "results"
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Send until there is an answer, or no hope for one; return it with the facts that a verdict tells of it."""
        path = f"/v3/{self.project_id}/jobs/{call}".rstrip("/")
        data = HiddenBytes(json.dumps(body).encode())
        secrets = HiddenTuple(secrets_in([entry for entry in body.get("jobs", ()) if isinstance(entry, dict)]))
        clock = self.pacer.clock
        first_sent = clock()

        def send(proof: AuthBase) -> tuple[dict[str, Any], Mapping[str, str]]:
            return self._transport.exchange(
                "POST", path, data, auth=proof, headers=self._headers, secrets=secrets, holds=holds
            )

        def given_up(state: RetryCallState) -> bool:
            late = clock() - first_sent + state.upcoming_sleep > self.max_retry_seconds
            return late or state.attempt_number >= self._max_attempts

        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, repeated)),
            wait=_pause,
            stop=given_up,
            sleep=self.pacer.sleep,
            reraise=True,
        )
        for attempt in retrying:
            with attempt:
                number = attempt.retry_state.attempt_number
                turn = self.pacer.take_turn()
                try:
                    answer, headers = self._auth.carry(send)
                except DrsError as error:
                    error.attempts = number
                    if isinstance(error, DrsThrottledError):
                        error.retry_after = self.pacer.refused(turn, error)
                    raise
                self.pacer.answered()
                seconds = round(clock() - turn[1], 3)
        return answer, {"request_id": headers.get("X-Request-Id"), "seconds": seconds, "attempts": number}


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    named = error.retry_after if isinstance(error, DrsServiceError) else None
    return backoff(state.attempt_number) if named is None else named
