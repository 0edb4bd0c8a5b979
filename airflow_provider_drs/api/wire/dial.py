"""Opens a connection to a service: name resolution, addresses, proxy and TLS within one deadline."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from functools import partial
from http.client import responses
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

from requests.utils import prepend_scheme_if_needed, select_proxy

from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.errors import (
    DrsError,
    DrsInputError,
    DrsTlsError,
    DrsTransportError,
    DrsUnreachableError,
)
from airflow_provider_drs.api.model.hidden import HiddenDict, HiddenText
from airflow_provider_drs.api.wire.connection import Connection, Deadline, GarbledError, shut

_Address = tuple[int, int, int, Any]
_PORTS = {"https": 443, "http": 80}
_PROXY_HINT = "Check the proxy that HTTPS_PROXY or ALL_PROXY names, and the hosts it allows. NO_PROXY excludes hosts."


def dial(
    endpoint: str,
    *,
    deadline: Deadline,
    tls: ssl.SSLContext | None,
    proxies: Mapping[str, str],
    cancellation: Cancellation,
) -> Connection:
    """Open a connection to a service, through a proxy where the environment names one.

    :param endpoint: URL of the service.
    :param deadline: when opening the connection times out, TLS included.
    :param tls: the trusted authorities for an ``https`` endpoint; ``None`` for plain http.
    :param proxies: URLs of proxies, as ``requests`` reads them from the environment.
    :param cancellation: interrupts the opening.
    :raises DrsUnreachableError: when no connection opens before the deadline; a retry may succeed.
    :raises DrsTlsError: when the service's certificate does not verify, or the service has no TLS in common.
    :raises DrsTransportError: when a proxy refuses the connection.
    :raises DrsInputError: when the proxy's URL is not an ``http://`` URL.
    :raises DrsStoppedError: when the client was stopped.
    """
    url = urlsplit(endpoint)
    host, port = str(url.hostname), url.port or _PORTS[url.scheme]
    proxy = _proxy(endpoint, proxies)
    first_hop = (proxy[0], proxy[1]) if proxy else (host, port)
    connection = None
    try:
        connection = Connection(_connect(*first_hop, deadline, cancellation), cancellation)
        if proxy:
            _tunnel(connection, f"{_bracketed(host)}:{port}", *proxy, deadline)
        if tls:
            connection.start_tls(tls, host, deadline)
    except (DrsError, GarbledError, OSError) as error:
        if connection:
            connection.close()
        cancellation.check()
        raise _dial_error(error, endpoint) from None
    return connection


def _connect(host: str, port: int, deadline: Deadline, cancellation: Cancellation) -> socket.socket:
    addresses = _look_up(host, port, deadline, cancellation)
    last: OSError = OSError("the name has no address")
    for position, (family, kind, protocol, address) in enumerate(addresses):
        sock = None
        try:
            # this fails for an address family that the machine does not have
            sock = socket.socket(family, kind, protocol)
            # an equal share of the time left: a dead first address must leave time for a good second one
            sock.settimeout(deadline.left() / (len(addresses) - position))
            with cancellation.interrupting(partial(shut, sock)):
                sock.connect(address)
            # without this, the kernel may hold back the last packet of a request
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException as error:
            if sock:
                sock.close()
            if not isinstance(error, OSError):
                raise
            last = error
        else:
            return sock
    raise last


def _look_up(host: str, port: int, deadline: Deadline, cancellation: Cancellation) -> list[_Address]:
    """Resolve a name in a separate thread, because ``getaddrinfo`` has no timeout and cannot be interrupted."""
    results: SimpleQueue[list[_Address] | OSError | None] = SimpleQueue()

    def resolve() -> None:
        try:
            addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            results.put([(family, kind, protocol, address) for family, kind, protocol, _, address in addresses])
        except UnicodeError:
            results.put(socket.gaierror(socket.EAI_NONAME, "no host name"))
        except OSError as error:
            results.put(error)

    if _is_address(host):
        resolve()
    else:
        Thread(target=resolve, name="drs-resolve", daemon=True).start()
    with cancellation.interrupting(lambda: results.put(None)):
        try:
            result = results.get(timeout=deadline.left())
        except Empty:
            raise TimeoutError("the name resolution timed out") from None
    cancellation.check()
    if isinstance(result, OSError):
        raise result
    return result or []


def _tunnel(connection: Connection, target: str, host: str, port: int, user: HiddenText, deadline: Deadline) -> None:
    status = connection.tunnel(target, user, deadline)
    if status // 100 != 2:
        reason = responses.get(status, "no reason")
        # a busy proxy may allow the connection later; a proxy that refuses it will refuse it again
        kind = DrsUnreachableError if status >= 500 or status in (408, 429) else DrsTransportError
        raise kind(
            f"the proxy {host}:{port} does not connect to {target}: it answered {status} ({reason})",
            http_status=status,
            hint=_PROXY_HINT,
        )


def _proxy(endpoint: str, proxies: Mapping[str, str]) -> tuple[str, int, HiddenText] | None:
    """Return the proxy's host, its port, and ``user:password`` or an empty text. Return ``None`` without a proxy."""
    chosen = HiddenText(select_proxy(endpoint, HiddenDict(proxies)) or "")
    if not chosen:
        return None
    try:
        scheme, host, port, user = _parts(chosen)
    except ValueError:
        raise DrsInputError(["HTTPS_PROXY or ALL_PROXY: is not a URL"]) from None
    if scheme != "http" or not host:
        raise DrsInputError(
            ["HTTPS_PROXY or ALL_PROXY: must be an http:// URL; inside the tunnel the call itself is encrypted"]
        )
    return host, port, user


def _parts(proxy: str) -> tuple[str, str | None, int, HiddenText]:
    url = urlsplit(prepend_scheme_if_needed(proxy, "http"))  # type: ignore[no-untyped-call]
    user = f"{unquote(url.username)}:{unquote(url.password or '')}" if url.username else ""
    return url.scheme, url.hostname, url.port or 80, HiddenText(user)


def _dial_error(error: Exception, endpoint: str) -> DrsError:
    if isinstance(error, DrsError):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        return DrsTlsError(f"no TLS connection to {endpoint}: {error.verify_message}")
    # a handshake that breaks off can succeed later: a restarting load balancer breaks it off
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        reason = (error.reason or "the handshake failed").replace("_", " ").lower()
        return DrsTlsError(f"no TLS connection to {endpoint}: {reason}")
    if isinstance(error, GarbledError):
        return DrsUnreachableError(f"no connection to {endpoint}: the proxy's answer is not valid HTTP")
    return DrsUnreachableError(f"no connection to {endpoint}: {reason_of(error)}")


def reason_of(error: Exception) -> str:
    """Return the reason of a failed connection: the text of the operating system, or a clearer one.

    :param error: the error of the connection.
    """
    if isinstance(error, socket.gaierror):
        return "the host name was not found"
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, ssl.SSLError):
        return "the TLS handshake broke off"
    strerror = error.strerror if isinstance(error, OSError) else None
    return strerror or str(error) or type(error).__name__


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
