"""The client: one method for each call of the API, over one kept-alive session."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from airflow_provider_drs import __version__
from airflow_provider_drs.api.answers import per_job_errors, read_answer
from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsInputError,
    DrsJobsRefusedError,
    DrsTimeoutError,
    DrsTlsError,
    DrsTransportError,
    DrsUnreachableError,
)
from airflow_provider_drs.api.status import JobStatus
from airflow_provider_drs.api.verdict import Verdict, judge

if TYPE_CHECKING:
    from airflow_provider_drs.api.auth import Auth

MAX_ENDPOINTS = 10
"""Endpoints in one connection test, as the vendor's page limits it."""
MAX_IDS = 100
"""Job ids in one status call: the largest page the service returns."""
MAX_BODY = 4 * 2**20
"""Bytes read of an answer; a real one has a few thousand."""


class DrsClient:
    """Calls the v3 API of DRS for one project.

    A client may be shared by threads. It never follows a redirect, and it speaks plain http to loopback only.

    :param endpoint: URL of the service, such as ``https://drs.cn-north-4.myhuaweicloud.com``.
    :param project_id: project of the region where the DRS jobs live.
    :param auth: the credential, and what is done when the service refuses it.
    :param language: of the service's texts, ``en-us`` or ``zh-cn``.
    :param verify: ``True``, or the path of a CA bundle.
    :param connect_timeout: seconds until a connection must stand.
    :param read_timeout: seconds until an answer must be there as a whole.
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
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.project_id = project_id
        self._auth = auth
        self._headers = {
            "Content-Type": "application/json",
            "X-Language": language,
            "X-Project-Id": project_id,
            "User-Agent": f"airflow-provider-drs/{__version__}",
            # an answer is small, and one that arrives packed could be a bomb
            "Accept-Encoding": "identity",
        }
        self._verify = verify
        self._timeouts = (connect_timeout, read_timeout)
        self._session = requests.Session()
        self._session.mount("https://", HTTPAdapter(pool_maxsize=MAX_IDS))
        self._session.mount("http://", HTTPAdapter(pool_maxsize=MAX_IDS))
        # a proxy taken from the environment would carry a loopback call, and its token, off this machine
        self._session.trust_env = not checked_loopback(self.endpoint)

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
        started = time.monotonic()
        body = {"jobs": [endpoint.wire() for endpoint in endpoints]}
        answer, request_id = self._post("batch-connection", body)
        seconds = round(time.monotonic() - started, 3)
        return judge(endpoints, answer, request_id=request_id, seconds=seconds)

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
        answer, request_id = self._post("batch-status", {"jobs": asked, "page_req": page})
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

        A list of one job, since the other reads want the id of a job that exists.

        :raises DrsError: when it failed, and so would every other call.
        """
        self._post("", {"cur_page": 1, "per_page": 1, "db_use_type": "migration"}, holds="jobs")

    def _post(self, call: str, body: dict[str, Any], holds: str = "results") -> tuple[dict[str, Any], str | None]:
        return self._auth.carry(lambda auth: self._send(call, body, auth, holds))

    def _send(self, call: str, body: dict[str, Any], auth: AuthBase, holds: str) -> tuple[dict[str, Any], str | None]:
        url = f"{self.endpoint}/v3/{self.project_id}/jobs/{call}".rstrip("/")
        deadline = time.monotonic() + self._timeouts[1]
        try:
            response = self._session.post(
                url,
                data=json.dumps(body).encode(),
                headers=self._headers,
                auth=auth,
                timeout=self._timeouts,
                # with each request, since REQUESTS_CA_BUNDLE in the environment overrides the session's
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            raise self._transport_error(error) from None
        with response:
            content = b"".join(self._chunks(response, deadline))
            answer = read_answer(response.status_code, response.headers, content, holds=holds)
            return answer, response.headers.get("X-Request-Id")

    def _chunks(self, response: requests.Response, deadline: float) -> Iterator[bytes]:
        size = 0
        try:
            for chunk in response.iter_content(2**16):
                size += len(chunk)
                if size > MAX_BODY:
                    raise DrsAnswerError(
                        f"the answer is longer than {MAX_BODY} bytes", http_status=response.status_code
                    )
                if time.monotonic() > deadline:
                    raise self._too_late()
                yield chunk
        except requests.RequestException as error:
            if "timed out" in str(error):
                raise self._too_late() from None
            raise DrsAnswerError(f"the answer broke off after {size} bytes", http_status=response.status_code) from None

    def _too_late(self) -> DrsTimeoutError:
        return DrsTimeoutError(f"{self.endpoint} gave no whole answer within {self._timeouts[1]:g} s")

    def _transport_error(self, error: requests.RequestException) -> DrsTransportError:
        reason = reason_of(error)
        if isinstance(error, requests.exceptions.SSLError):
            return DrsTlsError(f"no TLS connection to {self.endpoint}: {reason}")
        if isinstance(error, requests.Timeout) and not isinstance(error, requests.ConnectionError):
            return self._too_late()
        return DrsUnreachableError(f"no connection to {self.endpoint}: {reason}")


def checked_loopback(endpoint: str, name: str = "endpoint") -> bool:
    """Return whether an endpoint is on this machine.

    :param name: what the endpoint is called where it was given.
    :raises DrsInputError: when it is no URL that a credential may be sent to.
    """
    url = urlsplit(endpoint)
    host = url.hostname or ""
    try:
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not host or url.scheme not in ("http", "https"):
        raise DrsInputError([f"{name}: must be a URL such as https://drs.cn-north-4.myhuaweicloud.com"])
    if url.scheme == "http" and not loopback:
        raise DrsInputError([f"{name}: plain http to {host} would show the credential to anybody; use https"])
    return loopback


def reason_of(error: BaseException) -> str:
    """Dig out what the operating system, or the TLS library, said of a failed request."""
    seen: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        item = todo.pop(0)
        if isinstance(item, BaseException) and item not in seen:
            seen.append(item)
            todo += [getattr(item, "reason", None), item.__cause__, item.__context__, *item.args]
    for item in seen:
        if isinstance(item, ssl.SSLCertVerificationError):
            return item.verify_message
        if isinstance(item, socket.gaierror):
            return "the host name was not found"
    told = [item.strerror for item in seen if isinstance(item, OSError) and item.strerror]
    return (
        told[0]
        if told
        else ("timed out" if isinstance(error, requests.Timeout) else str(seen[-1]) or type(error).__name__)
    )
