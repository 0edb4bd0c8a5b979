"""One HTTP exchange: sends a request within time limits, and raises a different error for each kind of failure."""

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
from airflow_provider_drs.api.model.hidden import HiddenDict
from airflow_provider_drs.api.operation import Operation, Repeat
from airflow_provider_drs.api.wire.answers import MAX_FACT, Answer, read_answer
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
_HOST_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?")
_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": f"airflow-provider-drs/{__version__}",
    # a compressed answer could be a bomb, and a real one is small without compression
    "Accept-Encoding": "identity",
    "Accept": "*/*",
    "Connection": "keep-alive",
}

_log = logging.getLogger(__name__)


class Transport:
    """Sends requests to one endpoint. Threads may share it.

    It follows no redirect, and uses plain http to loopback only. Reads share connections that are kept alive. A call
    that must not be repeated gets a new connection, on which no other answer can arrive.

    :param endpoint: URL of the service.
    :param name: the user's name for the endpoint, for error texts.
    :param verify: ``True``, or the path of a CA bundle.
    :param connect_timeout: seconds for opening a connection, name resolution and TLS included.
    :param read_timeout: seconds after that for sending the request and reading the whole answer.
    :param cancellation: interrupts exchanges.
    :param on_link: whether plain http may go to a link-local address, too, because no router forwards it. No proxy is
        used then, and nothing else of the environment.
    :raises DrsInputError: when the endpoint is no URL, or would show a credential in logs or on the network.
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
        on_link: bool = False,
    ) -> None:
        self.endpoint, nearby = _checked(endpoint, name, on_link)
        self._verify = verify
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._cancellation = cancellation or Cancellation()
        self._session = requests.Session()
        # a proxy from the environment would carry a loopback call, and its credential, off this machine
        self._session.trust_env = not (nearby or on_link)
        self._idle: deque[Connection] = deque()
        self._contexts: dict[object, ssl.SSLContext] = {}
        self._closed = False

    def close(self) -> None:
        """Close the connections that are kept alive."""
        # set this first: a thread that returns a connection later sees it, and closes the connection
        self._closed = True
        while connection := self._last_returned():
            connection.close()

    def exchange(
        self,
        operation: Operation,
        path: str,
        data: bytes | None,
        *,
        auth: Callable[[requests.PreparedRequest], requests.PreparedRequest] | AuthBase,
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        earlier: Answer | None = None,
    ) -> Answer:
        """Send one request and return the good answer.

        :param operation: the call: its method, and what a good answer is.
        :param path: path and query of the request, without the endpoint.
        :param data: the bytes of the body, or ``None``.
        :param auth: adds the credential. Without an auth, requests takes a password from ``~/.netrc``.
        :param headers: further headers of the request.
        :param secrets: texts to remove from the answer, like the credential: a service or a proxy may echo them.
        :param earlier: as for :func:`read_answer`.
        :raises DrsError: when there is no good answer.
        """
        raw, scrub = self.raw_exchange(operation, path, data, auth=auth, headers=headers, secrets=secrets)
        return read_answer(operation, raw, scrub, earlier)

    def raw_exchange(
        self,
        operation: Operation,
        path: str,
        data: bytes | None,
        *,
        auth: Callable[[requests.PreparedRequest], requests.PreparedRequest] | AuthBase,
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
    ) -> tuple[RawAnswer, Scrubber]:
        """Send one request and return the complete answer, whatever it says, and what makes its texts fit to be shown.

        The parameters are those of :meth:`exchange`.

        :raises DrsError: when there is no complete answer.
        """
        url = self.endpoint + path
        # not by the session, which has no cookies nor other settings for a request, and takes as long as all the rest
        request = requests.Request(
            operation.method, url, headers={**_HEADERS, **(headers or {})}, data=data, auth=auth
        ).prepare()
        request.headers.setdefault("Host", urlsplit(url).netloc)
        _log.debug("%s %s to %s", operation.method, path, self.endpoint)
        raw = self._raw_answer(operation, request)
        _log.debug("%s %s: HTTP %s", operation.method, path, raw.status)
        scrub = Scrubber((*secrets, *_credentials(request)))
        if request.hooks["response"]:
            dispatch_hook("response", request.hooks, _response(request, raw, scrub))  # type: ignore[no-untyped-call]
        return raw, scrub

    def _raw_answer(self, operation: Operation, request: requests.PreparedRequest) -> RawAnswer:
        unshared = operation.repeat in (Repeat.LOGIN, Repeat.NEVER)
        if unshared:
            request.headers["Connection"] = "close"
        connection = (None if unshared else self._idle_connection()) or self._new_connection(request)
        try:
            return connection.exchange(request, Deadline(self._read_timeout), operation.max_body)
        except (GarbledError, BrokenConnectionError, OSError) as error:
            self._cancellation.check()
            raise self._lost(error) from None
        finally:
            if connection.reusable and not unshared:
                self._idle.append(connection)
                if self._closed:
                    # another thread may have called close before the append
                    self.close()
            else:
                connection.close()

    def _idle_connection(self) -> Connection | None:
        while connection := self._last_returned():
            if connection.quiet():
                return connection
            connection.close()
        return None

    def _last_returned(self) -> Connection | None:
        # the last one returned: the surplus connections stay idle, and the service closes them
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _new_connection(self, request: requests.PreparedRequest) -> Connection:
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
        raise DrsUnreachableError(f"no connection to {self.endpoint}: it hung up, or sent bytes before the request")

    def _tls(self, verify: bool | str) -> ssl.SSLContext:
        if verify not in self._contexts:
            bundle = DEFAULT_CA_BUNDLE_PATH if verify is True else str(verify)
            try:
                # with capath or cafile, the context does not load the system's own authorities
                if os.path.isdir(bundle):
                    context = ssl.create_default_context(capath=bundle)
                else:
                    context = ssl.create_default_context(cafile=bundle)
            except OSError as error:
                reason = error.strerror or "it is not a PEM file"
                raise DrsTlsError(
                    f"the CA bundle {bundle} cannot be used: {reason}",
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


def no_credential(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add no credential. Without an auth, requests takes a password for the host from ``~/.netrc``."""
    return request


def _credentials(request: requests.PreparedRequest) -> list[str]:
    sent = request.headers
    tokens = [str(sent.get(header, "")) for header in ("X-Auth-Token", "X-Security-Token")]
    return [*tokens, *_SIGNED.findall(str(sent.get("Authorization", "")))]


def _response(request: requests.PreparedRequest, raw: RawAnswer, scrub: Scrubber) -> requests.Response:
    """Return the part of an answer that the hook of a credential may read."""
    response = requests.Response()
    response.request = request
    response.status_code = raw.status
    response.headers["Date"] = raw.headers.get("Date", "")
    response.headers["X-Request-Id"] = scrub(raw.headers.get("X-Request-Id", ""), MAX_FACT)
    return response


def _checked(endpoint: str, name: str, on_link: bool) -> tuple[str, bool]:
    """Return the endpoint as requests spells it, and whether it is on loopback, or on the link where that is asked.

    :raises DrsInputError: as :class:`Transport` does.
    """
    try:
        url = urlsplit(str(requests.Request("GET", endpoint).prepare().url))
        url.port  # noqa: B018 - raises when the port is invalid
    except ValueError:  # all errors of requests about a URL are subclasses
        url = urlsplit("")
    if url.username or url.password:
        raise DrsInputError([f"{name}: the URL must hold no credential, because logs show the URL"])
    host = url.hostname or ""
    try:
        address = ip_address(host)
        named, nearby = True, address.is_loopback or (on_link and address.is_link_local)
    except ValueError:
        named, nearby = bool(_HOST_NAME.fullmatch(host)), host == "localhost"
    if not named or url.scheme not in ("http", "https") or not {"?", "#"}.isdisjoint(endpoint):
        raise DrsInputError([f"{name}: must be a URL such as https://drs.cn-north-4.myhuaweicloud.com"])
    if url.scheme == "http" and not nearby:
        raise DrsInputError([f"{name}: plain http would show the credential to anybody on the way; use https"])
    return url.geturl().rstrip("/"), nearby
