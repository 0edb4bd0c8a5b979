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
from airflow_provider_drs.api.pace import Pacer, backoff
from airflow_provider_drs.api.secrets import HiddenBytes, HiddenTuple
from airflow_provider_drs.api.status import JobStatus
from airflow_provider_drs.api.transport import Transport
from airflow_provider_drs.api.verdict import Verdict, judge

MAX_ENDPOINTS = 10
"""Endpoints in one connection test, as the vendor's page limits it."""
MAX_IDS = 100
"""Job ids in one status call: the largest page the service returns."""

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
        self._max_retry_seconds = max_retry_seconds
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
        :raises DrsJobsRefusedError: when DRS does not know one of the jobs, or no longer has it.
        :raises DrsError: when a call as a whole failed, or its answer left a job out.
        """
        asked = list(dict.fromkeys(job_ids))
        found: dict[str, JobStatus] = {}
        for start in range(0, len(asked), MAX_IDS):
            found |= self._page_of_statuses(asked[start : start + MAX_IDS])
        return found

    def _page_of_statuses(self, asked: list[str]) -> dict[str, JobStatus]:
        # without page_req the service returns the first five only
        page = {"cur_page": 1, "per_page": MAX_IDS}
        answer, facts = self._call("batch-status", {"jobs": asked, "page_req": page}, _LATE_OR_NOT_ANSWERED)
        request_id = facts["request_id"]
        results = [item for item in answer["results"] if isinstance(item, dict)]
        if refused := per_job_errors(results):
            named = ", ".join(f"{job_id} ({said})" for job_id, said in refused.items())
            raise DrsJobsRefusedError(f"DRS has no such job: {named}", jobs=refused, request_id=request_id)
        statuses = {str(item.get("id")): JobStatus(item["status"]) for item in results if item.get("status")}
        if left_out := [job_id for job_id in asked if job_id not in statuses]:
            raise DrsAnswerError(f"the answer leaves out {', '.join(left_out)}", request_id=request_id)
        return {job_id: statuses[job_id] for job_id in asked}

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
            late = clock() - first_sent + state.upcoming_sleep > self._max_retry_seconds
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
