"""One HTTP exchange: what is sent where, how long it may take, and what each way to fail means."""

from __future__ import annotations

import logging
import os
import re
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.hooks import dispatch_hook
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from airflow_provider_drs import __version__
from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsConnectionLostError,
    DrsError,
    DrsInputError,
    DrsTimeoutError,
    DrsTlsError,
    DrsUnreachableError,
)
from airflow_provider_drs.api.operations.operation import Operation, Repeat
from airflow_provider_drs.api.secrets import HiddenDict
from airflow_provider_drs.api.wire.answers import Answer, read_answer
from airflow_provider_drs.api.wire.connection import (
    BrokenConnectionError,
    Connection,
    Deadline,
    GarbledError,
    RawAnswer,
)
from airflow_provider_drs.api.wire.dial import dial
from airflow_provider_drs.api.wire.scrubber import Scrubber

_SIGNED = re.compile(r"(?:Access|Signature)=([^,\s]+)")
_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": f"airflow-provider-drs/{__version__}",
    # an answer is small, and one that arrives packed could be a bomb
    "Accept-Encoding": "identity",
}

_log = logging.getLogger(__name__)


class Transport:
    """Speaks with one endpoint; threads may share it.

    It follows no redirect, and speaks plain http to loopback only. Reads go over connections that are kept alive. A
    call that must not be repeated gets a connection of its own, on which no other answer can arrive.

    :param endpoint: URL of the service.
    :param name: what the endpoint is called where the user gives it.
    :param verify: ``True``, or the path of a CA bundle.
    :param connect_timeout: seconds until a connection must stand, name look-up and TLS included.
    :param read_timeout: seconds from then on until the whole answer must be there.
    :param cancellation: ends what is under way.
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
        cancellation: Cancellation | None = None,
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._verify = verify
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._cancellation = cancellation or Cancellation()
        self._session = requests.Session()
        # a proxy from the environment would carry a loopback call, and its credential, off this machine
        self._session.trust_env = not _is_loopback(self.endpoint, name)
        self._idle: deque[Connection] = deque()
        self._contexts: dict[object, ssl.SSLContext] = {}
        self._closed = False

    def close(self) -> None:
        """Close the connections that are kept alive."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def exchange(
        self,
        operation: Operation,
        path: str,
        data: bytes | None,
        *,
        auth: Callable[[requests.PreparedRequest], requests.PreparedRequest] | AuthBase,
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
    ) -> Answer:
        """Send one request and return the good answer.

        :param data: the body, byte for byte.
        :param auth: adds the credential; without any, requests would look into ``~/.netrc``.
        :param secrets: taken out of the answer, as the credential is, since a service or a proxy may repeat them.
        :raises DrsError: when there is no good answer.
        """
        url = self.endpoint + path
        request = self._session.prepare_request(
            requests.Request(operation.method, url, headers={**_HEADERS, **(headers or {})}, data=data, auth=auth)
        )
        request.headers.setdefault("Host", urlsplit(url).netloc)
        _log.debug("%s %s to %s", operation.method, path, self.endpoint)
        raw = self._raw_answer(operation, request)
        _log.debug("%s %s: HTTP %s", operation.method, path, raw.status)
        scrub = Scrubber((*secrets, *_credentials(request)))
        dispatch_hook("response", request.hooks, _response(request, raw, scrub))  # type: ignore[no-untyped-call]
        return read_answer(operation, raw, scrub)

    def _raw_answer(self, operation: Operation, request: requests.PreparedRequest) -> RawAnswer:
        alone = operation.repeat in (Repeat.LOGIN, Repeat.NEVER)
        if alone:
            request.headers["Connection"] = "close"
        connection = (None if alone else self._kept()) or self._dialled(request)
        try:
            return connection.exchange(request, Deadline(self._read_timeout))
        except (GarbledError, BrokenConnectionError, OSError) as error:
            self._cancellation.check()
            raise self._lost(error) from None
        finally:
            if connection.reusable and not alone and not self._closed:
                self._idle.append(connection)
            else:
                connection.close()

    def _kept(self) -> Connection | None:
        while self._idle:
            # the last one back, so that those not needed grow old together
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread took the last one
                return None
            if connection.quiet():
                return connection
            connection.close()
        return None

    def _dialled(self, request: requests.PreparedRequest) -> Connection:
        # the URL of a proxy may hold a password
        settings = HiddenDict(self._session.merge_environment_settings(request.url, {}, False, self._verify, None))
        tls = self._tls(settings["verify"] or True) if str(request.url).startswith("https:") else None
        connection = dial(
            self.endpoint,
            deadline=Deadline(self._connect_timeout),
            tls=tls,
            proxies=HiddenDict(settings["proxies"]),
            cancellation=self._cancellation,
        )
        if connection.quiet():
            return connection
        connection.close()
        self._cancellation.check()
        raise DrsUnreachableError(f"no connection to {self.endpoint}: it hung up, or spoke before it was asked")

    def _tls(self, verify: bool | str) -> ssl.SSLContext:
        if verify not in self._contexts:
            bundle = DEFAULT_CA_BUNDLE_PATH if verify is True else str(verify)
            try:
                # either of the two, and none of the system's own authorities beside it
                if os.path.isdir(bundle):
                    context = ssl.create_default_context(capath=bundle)
                else:
                    context = ssl.create_default_context(cafile=bundle)
            except OSError as error:
                why = error.strerror or "it is no PEM file"
                raise DrsTlsError(
                    f"the CA bundle {bundle} cannot be used: {why}",
                    hint="Check the extra verify of the connection, and REQUESTS_CA_BUNDLE.",
                ) from None
            self._contexts[verify] = context
        return self._contexts[verify]

    def _lost(self, error: Exception) -> DrsError:
        if isinstance(error, TimeoutError):
            return DrsTimeoutError(f"{self.endpoint} gave no whole answer within {self._read_timeout:g} s")
        if isinstance(error, GarbledError):
            return DrsAnswerError(f"the answer of {self.endpoint} {error}")
        if isinstance(error, BrokenConnectionError) and error.received:
            return DrsConnectionLostError(f"the answer of {self.endpoint} broke off after {error.received} bytes")
        return DrsConnectionLostError(f"{self.endpoint} hung up without an answer")


def _credentials(request: requests.PreparedRequest) -> list[str]:
    sent = request.headers
    tokens = [str(sent.get(header, "")) for header in ("X-Auth-Token", "X-Security-Token")]
    return [*tokens, *_SIGNED.findall(str(sent.get("Authorization", "")))]


def _response(request: requests.PreparedRequest, raw: RawAnswer, scrub: Scrubber) -> requests.Response:
    """Return what the hooks of a credential may know of an answer."""
    response = requests.Response()
    response.request = request
    response.status_code = raw.status
    response.headers["Date"] = raw.headers.get("Date", "")
    response.headers["X-Request-Id"] = scrub(raw.headers.get("X-Request-Id", ""))
    return response


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
