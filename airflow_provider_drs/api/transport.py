"""One HTTP exchange: what is sent where, how long it may take, how much is read, and what each way to fail means."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from airflow_provider_drs import __version__
from airflow_provider_drs.api.answers import read_answer
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsInputError,
    DrsTimeoutError,
    DrsTlsError,
    DrsTransportError,
    DrsUnreachableError,
)
from airflow_provider_drs.api.secrets import HiddenBytes, Scrubber

MAX_BODY = 4 * 2**20
"""Bytes read of an answer; a real one has a few thousand."""

_CONNECTIONS = 100
_CREDENTIALS = ("X-Auth-Token", "Authorization", "X-Security-Token")
_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": f"airflow-provider-drs/{__version__}",
    # an answer is small, and one that arrives packed could be a bomb
    "Accept-Encoding": "identity",
}
_BROKEN = (requests.RequestException, HTTPError, http.client.HTTPException, OSError, ValueError)


class Transport:
    """Speaks with one endpoint over kept-alive connections; it may be shared by threads.

    It never follows a redirect, and speaks plain http to loopback only.

    :param endpoint: URL of the service.
    :param name: what the endpoint is called where it was given.
    :param verify: ``True``, or the path of a CA bundle.
    :param connect_timeout: seconds until a connection must stand.
    :param read_timeout: seconds until an answer must be there as a whole.
    :param clock: seconds that never go back.
    :raises DrsInputError: when the endpoint is no URL that a credential may be sent to.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        name: str = "endpoint",
        verify: bool | str = True,
        connect_timeout: float = 10,
        read_timeout: float = 120,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._verify = verify
        self._timeouts = (connect_timeout, read_timeout)
        self._clock = clock
        self._session = requests.Session()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))
        # a proxy taken from the environment would carry a loopback call, and its credential, off this machine
        self._session.trust_env = not _is_loopback(self.endpoint, name)

    def close(self) -> None:
        """Close the connections that were kept alive."""
        self._session.close()

    def exchange(
        self,
        method: str,
        path: str,
        data: bytes | None,
        *,
        auth: Callable[[requests.PreparedRequest], requests.PreparedRequest] | AuthBase,
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        holds: str = "results",
        service: str = "DRS",
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        """Send one request; return the JSON object of the answer, and its headers.

        :param data: the body, byte for byte.
        :param auth: adds the credential; it is needed, for without any, requests would look into ``~/.netrc``.
        :param secrets: taken out of the answer, as the credential is, since a service or a proxy may repeat them.
        :param holds: the member by which a good answer is known.
        :param service: that is asked, for error texts.
        :raises DrsError: when there was no good answer.
        """
        deadline = self._clock() + self._timeouts[1]
        try:
            response = self._session.request(
                method,
                self.endpoint + path,
                data=data,
                headers={**_HEADERS, **(headers or {})},
                auth=auth,
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
            credentials = (response.request.headers.get(name, "") for name in _CREDENTIALS)
            loads = Scrubber((*secrets, *credentials)).loads
            answer = read_answer(response.status_code, response.headers, content, loads, holds=holds, service=service)
            return answer, response.headers

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
                if self._clock() > deadline:
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


def _is_loopback(endpoint: str, name: str) -> bool:
    url = urlsplit(endpoint)
    host = url.hostname or ""
    try:
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if url.username or url.password:
        raise DrsInputError([f"{name}: a credential in the URL would be shown in logs"])
    if not host or url.scheme not in ("http", "https"):
        raise DrsInputError([f"{name}: must be a URL such as https://drs.cn-north-4.myhuaweicloud.com"])
    if url.scheme == "http" and not loopback:
        raise DrsInputError([f"{name}: plain http to {host} would show the credential to anybody; use https"])
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
