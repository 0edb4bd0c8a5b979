"""A connection to a service, proven and bounded: name look-up, addresses, proxy and TLS within one time limit."""

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
_PROXY_HINT = "Check the proxy that HTTPS_PROXY or ALL_PROXY names, and what it lets through; NO_PROXY goes round it."


def dial(
    endpoint: str,
    *,
    deadline: Deadline,
    tls: ssl.SSLContext | None,
    proxies: Mapping[str, str],
    cancellation: Cancellation,
) -> Connection:
    """Open a connection.

    :param endpoint: URL of the service.
    :param deadline: until when the connection must stand, TLS included.
    :param tls: for an ``https`` endpoint.
    :param proxies: URLs of proxies as ``requests`` takes them from the environment.
    :raises DrsUnreachableError: when there was no connection; it may come later.
    :raises DrsTlsError: when the service cannot prove who it is.
    :raises DrsTransportError: when a proxy refuses to let the call through.
    :raises DrsInputError: when the proxy is not one that speaks plain HTTP.
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
            # no socket at all for a family that this machine does not have
            sock = socket.socket(family, kind, protocol)
            # each gets its share, for a dead first address must not use up the time of a good second one
            sock.settimeout(deadline.left() / (len(addresses) - position))
            with cancellation.interrupting(partial(shut, sock)):
                sock.connect(address)
            # what waits for a whole answer has nothing to gather
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
    """Resolve a name in a thread of its own, because nothing else can be interrupted or given a time limit."""
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
        Thread(target=resolve, name="drs-look-up", daemon=True).start()
    with cancellation.interrupting(lambda: results.put(None)):
        try:
            result = results.get(timeout=deadline.left())
        except Empty:
            raise TimeoutError("the name look-up timed out") from None
    cancellation.check()
    if isinstance(result, OSError):
        raise result
    return result or []


def _tunnel(connection: Connection, target: str, host: str, port: int, user: HiddenText, deadline: Deadline) -> None:
    status = connection.tunnel(target, user, deadline)
    if status // 100 != 2:
        reason = responses.get(status, "no reason")
        # a proxy that is busy may let the call through later; one that refuses will not
        kind = DrsUnreachableError if status >= 500 or status in (408, 429) else DrsTransportError
        raise kind(
            f"the proxy {host}:{port} lets no call through to {target}: it answered {status} ({reason})",
            http_status=status,
            hint=_PROXY_HINT,
        )


def _proxy(endpoint: str, proxies: Mapping[str, str]) -> tuple[str, int, HiddenText] | None:
    """Return host and port of the proxy and, if the URL has them, ``user:password``."""
    chosen = HiddenText(select_proxy(endpoint, HiddenDict(proxies)) or "")
    if not chosen:
        return None
    try:
        scheme, host, port, user = _parts(chosen)
    except ValueError:
        raise DrsInputError(["HTTPS_PROXY or ALL_PROXY: is no URL"]) from None
    if scheme != "http" or not host:
        raise DrsInputError(
            ["HTTPS_PROXY or ALL_PROXY: must be the http:// URL of a proxy; the call itself is encrypted"]
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
    # a handshake that broke off is a connection that broke off: a restarting load balancer does it
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        reason = (error.reason or "the handshake failed").replace("_", " ").lower()
        return DrsTlsError(f"no TLS connection to {endpoint}: {reason}")
    if isinstance(error, GarbledError):
        return DrsUnreachableError(f"no connection to {endpoint}: the proxy does not answer in HTTP as it should")
    return DrsUnreachableError(f"no connection to {endpoint}: {reason_of(error)}")


def reason_of(error: Exception) -> str:
    """Return what the operating system says of an error, or our own word for it."""
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
