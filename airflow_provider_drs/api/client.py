"""The client: one method for each call of the API, over one kept-alive session."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from tenacity import RetryCallState, Retrying, retry_if_exception
from urllib3.exceptions import HTTPError

from airflow_provider_drs import __version__
from airflow_provider_drs.api.answers import per_job_errors, read_answer
from airflow_provider_drs.api.endpoint import Endpoint, secrets_in
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsError,
    DrsInputError,
    DrsJobsRefusedError,
    DrsServiceError,
    DrsThrottledError,
    DrsTimeoutError,
    DrsTlsError,
    DrsTransportError,
    DrsUnavailableError,
    DrsUnreachableError,
)
from airflow_provider_drs.api.pace import Pacer, backoff
from airflow_provider_drs.api.secrets import HiddenBytes, HiddenTuple, Scrubber
from airflow_provider_drs.api.status import JobStatus
from airflow_provider_drs.api.verdict import Verdict, judge

MAX_ENDPOINTS = 10
"""Endpoints in one connection test, as the vendor's page limits it."""
MAX_IDS = 100
"""Job ids in one status call: the largest page the service returns."""
MAX_BODY = 4 * 2**20
"""Bytes read of an answer; a real one has a few thousand."""
_CREDENTIALS = ("X-Auth-Token", "Authorization", "X-Security-Token")

_BROKEN = (requests.RequestException, HTTPError, http.client.HTTPException, OSError, ValueError)
_NOT_ANSWERED = (DrsUnreachableError, DrsThrottledError, DrsUnavailableError)
_LOST_OR_NOT_ANSWERED = (*_NOT_ANSWERED, DrsTimeoutError, DrsAnswerError)


class DrsClient:
    """Calls the v3 API of DRS for one project.

    A client may be shared by threads. It never follows a redirect, and it speaks plain http to loopback only.

    What may heal is repeated: a service that was not reached or hung up before it answered, HTTP 429 and the faults of
    the service, after the time that the answer names or else 1, 2, 4 ... seconds. Of a status call the lost answer is
    asked for again, too. A connection test whose answer was lost is not: it would be another login.

    :param endpoint: URL of the service, such as ``https://drs.cn-north-4.myhuaweicloud.com``.
    :param project_id: project of the region where the DRS jobs live.
    :param auth: adds the credential to a request.
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
        auth: AuthBase,
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
        self._auth = auth
        self._headers = {
            "Content-Type": "application/json",
            "X-Language": language,
            "User-Agent": f"airflow-provider-drs/{__version__}",
            # an answer is small, and one that arrives packed could be a bomb
            "Accept-Encoding": "identity",
        }
        self._verify = verify
        self._timeouts = (connect_timeout, read_timeout)
        self._max_attempts = max_attempts
        self._max_retry_seconds = max_retry_seconds
        self.pacer = pacer or Pacer()
        self._session = requests.Session()
        self._session.mount("https://", HTTPAdapter(pool_maxsize=MAX_IDS))
        self._session.mount("http://", HTTPAdapter(pool_maxsize=MAX_IDS))
        # a proxy taken from the environment would carry a loopback call, and its token, off this machine
        self._session.trust_env = not _checked_loopback(self.endpoint)

    def __enter__(self) -> DrsClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that were kept alive."""
        self._session.close()

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
        answer, facts = self._call("batch-status", {"jobs": asked, "page_req": page}, _LOST_OR_NOT_ANSWERED)
        request_id = facts["request_id"]
        results = [item for item in answer["results"] if isinstance(item, dict)]
        if refused := per_job_errors(results):
            named = ", ".join(f"{job_id} ({said})" for job_id, said in refused.items())
            raise DrsJobsRefusedError(f"DRS has no such job: {named}", jobs=refused, request_id=request_id)
        statuses = {str(item.get("id")): JobStatus(item["status"]) for item in results if item.get("status")}
        if left_out := [job_id for job_id in asked if job_id not in statuses]:
            raise DrsAnswerError(f"the answer leaves out {', '.join(left_out)}", request_id=request_id)
        return {job_id: statuses[job_id] for job_id in asked}

    def _call(
        self, call: str, body: dict[str, Any], repeated: tuple[type[DrsError], ...]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Send until there is an answer, or no hope for one; return it with the facts that a verdict tells of it."""
        url = f"{self.endpoint}/v3/{self.project_id}/jobs/{call}"
        data = HiddenBytes(json.dumps(body).encode())
        secrets = HiddenTuple(secrets_in([entry for entry in body["jobs"] if isinstance(entry, dict)]))
        clock = self.pacer.clock
        first_sent = clock()

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
                    answer, request_id = self._post(url, data, secrets)
                except DrsError as error:
                    error.attempts = number
                    if isinstance(error, DrsThrottledError):
                        error.retry_after = self.pacer.refused(turn, error)
                    raise
                self.pacer.answered()
                seconds = round(clock() - turn[1], 3)
        return answer, {"request_id": request_id, "seconds": seconds, "attempts": number}

    def _post(self, url: str, data: bytes, secrets: Sequence[str]) -> tuple[dict[str, Any], str | None]:
        deadline = self.pacer.clock() + self._timeouts[1]
        try:
            response = self._session.post(
                url,
                data=data,
                headers=self._headers,
                auth=self._auth,
                timeout=self._timeouts,
                # with each request, since REQUESTS_CA_BUNDLE in the environment overrides the session's
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            )
        except _BROKEN as error:
            raise self._transport_error(error) from None
        with response:
            content = HiddenBytes(b"".join(self._chunks(response, deadline)))
            # a service, or a proxy on the way, may repeat what it was sent
            credentials = (response.request.headers.get(name, "") for name in _CREDENTIALS)
            scrub = Scrubber((*secrets, *credentials))
            answer = read_answer(response.status_code, response.headers, content, scrub)
            return answer, response.headers.get("X-Request-Id")

    def _chunks(self, response: requests.Response, deadline: float) -> Iterator[bytes]:
        def unusable(what: str) -> DrsAnswerError:
            return DrsAnswerError(f"the answer {what}", http_status=response.status_code)

        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise unusable("is packed, although it was not to be")
        size = 0
        try:
            for chunk in map(HiddenBytes, response.iter_content(2**16)):
                size += len(chunk)
                if size > MAX_BODY:
                    raise unusable(f"is longer than {MAX_BODY} bytes")
                if self.pacer.clock() > deadline:
                    raise self._too_late()
                yield chunk
        except _BROKEN as error:
            if "timed out" in str(error):
                raise self._too_late() from None
            raise unusable(f"broke off after {size} bytes") from None

    def _too_late(self) -> DrsTimeoutError:
        return DrsTimeoutError(f"{self.endpoint} gave no whole answer within {self._timeouts[1]:g} s")

    def _transport_error(self, error: Exception) -> DrsTransportError:
        causes = list(_causes(error))
        reason = _reason(causes)
        if isinstance(error, requests.exceptions.SSLError):
            return DrsTlsError(f"no TLS connection to {self.endpoint}: {reason}")
        if isinstance(error, requests.ReadTimeout):
            return self._too_late()
        garbled = [item for item in causes if isinstance(item, http.client.HTTPException)]
        if any(not isinstance(item, ConnectionError) for item in garbled):
            return DrsAnswerError(f"{self.endpoint} does not answer in HTTP as it should: {reason}")
        return DrsUnreachableError(f"no connection to {self.endpoint}: {reason}")


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    named = error.retry_after if isinstance(error, DrsServiceError) else None
    return backoff(state.attempt_number) if named is None else named


def _checked_loopback(endpoint: str) -> bool:
    url = urlsplit(endpoint)
    host = url.hostname or ""
    try:
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if url.username or url.password:
        raise DrsInputError(["endpoint: a credential in the URL would be shown in logs"])
    if not host or url.scheme not in ("http", "https"):
        raise DrsInputError(["endpoint: must be a URL such as https://drs.cn-north-4.myhuaweicloud.com"])
    if url.scheme == "http" and not loopback:
        raise DrsInputError([f"endpoint: plain http to {host} would show the credential to anybody; use https"])
    return loopback


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it was made from; requests and urllib3 hide the cause in several places."""
    seen: list[object] = []
    todo: list[object] = [error]
    while todo:
        item = todo.pop(0)
        if isinstance(item, BaseException) and item not in seen:
            seen.append(item)
            yield item
            todo += [getattr(item, "reason", None), item.__cause__, item.__context__, *item.args]


def _reason(causes: list[BaseException]) -> str:
    """Return what the operating system, or the TLS library, said; no other text, since it may quote a header."""
    for item in causes:
        if isinstance(item, ssl.SSLCertVerificationError):
            return item.verify_message
        if isinstance(item, socket.gaierror):
            return "the host name was not found"
        if isinstance(item, requests.ConnectTimeout):
            return "timed out"
        if isinstance(item, http.client.RemoteDisconnected):
            return "it hung up without an answer"
    told = (item.strerror for item in causes if isinstance(item, OSError) and item.strerror)
    return next(told, type(causes[-1]).__name__)
