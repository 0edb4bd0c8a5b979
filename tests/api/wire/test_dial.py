"""A connection opens within one deadline, and each kind of failure raises its own error."""

from __future__ import annotations

import base64
import gc
import json
import socket
import ssl
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from bounded import outcome
from hostile import Peer, certificate
from samples import job_id

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.errors import (
    DrsConnectionLostError,
    DrsError,
    DrsInputError,
    DrsTlsError,
    DrsTransportError,
    DrsUnreachableError,
)
from airflow_provider_drs.api.operations.job_status import JOB_STATUS
from airflow_provider_drs.api.wire.transport import Transport

SOON = 0.3
TOKEN = "a-token-0123456789"
HOST = "drs.example.org"
PAYLOAD: dict[str, Any] = {"results": [{"id": job_id(1), "status": "CONFIGURATION"}], "count": 1}
BODY = json.dumps(PAYLOAD).encode()
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


def asked(url: str, connect_timeout: float = 5, **settings: Any) -> Any:
    transport = Transport(url, connect_timeout=connect_timeout, read_timeout=5, **settings)
    return outcome(lambda: transport.exchange(JOB_STATUS, "/", b"{}", auth=TokenAuth(TOKEN)))


def over_tls(peer: Peer, **settings: Any) -> Any:
    return asked(f"https://127.0.0.1:{peer.port}", **settings)


def well(connection: socket.socket, number: int) -> None:
    connection.recv(2**16)
    connection.sendall(WHOLE)


def send(connection: socket.socket, data: bytes) -> bool:
    connection.sendall(data)
    return True


# the name


def test_name_resolution_ends_at_the_deadline_when_the_name_server_does_not_answer(monkeypatch):
    with Peer(well) as peer:

        def never(*args: object, **settings: object) -> list[Any]:
            peer.over.wait(30)
            return []

        monkeypatch.setattr(socket, "getaddrinfo", never)
        error = asked("https://drs.example.org", SOON)

    assert isinstance(error, DrsUnreachableError)
    assert "timed out" in str(error)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "xn--a"])
def test_an_unknown_host_name_is_a_retryable_error(host):
    error = asked(f"https://{host}")

    assert isinstance(error, DrsUnreachableError)
    assert "host name was not found" in str(error)


# addresses


def silent_address() -> tuple[socket.socket, tuple[Any, ...]]:
    """Return a listener with a full queue, and its address: no further client can connect to it."""
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    for _ in range(4):
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex(full.getsockname())
        _WAITING.append(waiting)
    return full, full.getsockname()


_WAITING: list[socket.socket] = []


@pytest.mark.parametrize("dead", ["silent", "refusing", "of a family that is not there"])
def test_a_dead_first_address_does_not_hide_a_good_second_one(monkeypatch, dead):
    full, silent = silent_address()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        refusing = closed.getsockname()
    family, address = {
        "silent": (socket.AF_INET, silent),
        "refusing": (socket.AF_INET, refusing),
        "of a family that is not there": (9_999, refusing),
    }[dead]
    with full, Peer(well) as peer:
        good = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", peer.port))
        first = (family, socket.SOCK_STREAM, 6, "", address)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **settings: [first, good])
        assert asked("http://localhost:1", 2).payload == PAYLOAD


def test_dead_addresses_share_one_deadline(monkeypatch):
    full, silent = silent_address()
    with full:
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", silent)] * 5
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **settings: addresses)
        error = asked("http://localhost:1", SOON)

    assert isinstance(error, DrsUnreachableError)
    assert "timed out" in str(error)


# TLS

HELLO = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + b"\x00" * 20
BROKEN_HANDSHAKES: dict[str, Callable[[Peer, socket.socket], object]] = {
    "is cut off at once": lambda peer, connection: None,
    "is cut off after the greeting": lambda peer, connection: connection.recv(2**16),
    "is cut off within the answer": lambda peer, connection: (connection.recv(2**16), send(connection, HELLO)),
    "stops": lambda peer, connection: peer.over.wait(30),
    "stops within the answer": lambda peer, connection: (send(connection, HELLO), peer.over.wait(30)),
    "drips": lambda peer, connection: peer.drip(connection, HELLO, b"\x00"),
    "is reset": lambda peer, connection: connection.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
    ),
}


@pytest.mark.parametrize("name", BROKEN_HANDSHAKES)
def test_a_broken_off_handshake_is_a_retryable_error(name):
    with Peer(lambda connection, number: BROKEN_HANDSHAKES[name](peer, connection)) as peer:
        error = over_tls(peer, connect_timeout=SOON)

    assert type(error) is DrsUnreachableError, error
    assert error.retryable


FINAL_HANDSHAKES: dict[str, Callable[[Peer, socket.socket], object]] = {
    "plain HTTP": lambda peer, connection: (connection.recv(2**16), send(connection, b"HTTP/1.1 400 Bad\r\n\r\n")),
    "SSH": lambda peer, connection: (send(connection, b"SSH-2.0-OpenSSH_9.2\r\n"), connection.recv(2**16)),
    "an alert: handshake failure": lambda peer, connection: (
        connection.recv(2**16),
        send(connection, b"\x15\x03\x03\x00\x02\x02\x28"),
    ),
}


@pytest.mark.parametrize("name", FINAL_HANDSHAKES)
def test_a_service_without_common_tls_is_a_final_error(name):
    with Peer(lambda connection, number: FINAL_HANDSHAKES[name](peer, connection)) as peer:
        error = over_tls(peer)

    assert type(error) is DrsTlsError, error
    assert not error.retryable


@pytest.mark.parametrize(
    ("name", "days", "trusted", "reason"),
    [
        (HOST, (-1, 30), True, "IP address mismatch"),
        ("127.0.0.1", (-30, -1), True, "expired"),
        ("127.0.0.1", (1, 30), True, "not yet valid"),
        ("127.0.0.1", (-1, 30), False, "self-signed certificate"),
    ],
    ids=["for another name", "expired", "not yet valid", "self-signed"],
)
def test_a_certificate_that_does_not_verify_is_final_and_nothing_is_sent(tmp_path, name, days, trusted, reason):
    context, pem = certificate(tmp_path, name, days=days)
    received = []

    def script(connection: socket.socket, number: int) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            received.append(secured.recv(2**16))

    with Peer(script) as peer:
        error = over_tls(peer, verify=pem if trusted else True)

    assert type(error) is DrsTlsError, error
    assert reason in str(error)
    assert received == []


def test_a_service_with_outdated_tls_is_a_final_error(tmp_path):
    context, pem = certificate(tmp_path, "127.0.0.1")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-SHA")

    def script(connection: socket.socket, number: int) -> None:
        with context.wrap_socket(connection, server_side=True):
            pass

    with Peer(script) as peer:
        assert type(over_tls(peer, verify=pem)) is DrsTlsError


def test_a_server_that_hangs_up_after_the_handshake_is_an_error_of_the_connection_and_not_of_tls(tmp_path):
    context, pem = certificate(tmp_path, "127.0.0.1")

    def script(connection: socket.socket, number: int) -> None:
        with context.wrap_socket(connection, server_side=True):
            pass

    with Peer(script) as peer:
        error = over_tls(peer, verify=pem)

    assert type(error) in (DrsUnreachableError, DrsConnectionLostError)


# proxies


class Proxied:
    """A service behind a proxy. The test sets the proxy's answer to CONNECT; after a 200, the service answers."""

    def __init__(self, folder: Any, monkeypatch: Any, user: str = "") -> None:
        self._context, self.pem = certificate(folder, HOST)
        self.monkeypatch = monkeypatch
        self.user = user
        self.connects: list[bytes] = []
        self.requests: list[bytes] = []

    def asked(
        self, answer: bytes | Callable[[Peer, socket.socket], object], url: str = f"https://{HOST}", **settings: Any
    ) -> Any:
        def script(connection: socket.socket, number: int) -> None:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(2**16)
            self.connects.append(head)
            if callable(answer):
                answer(peer, connection)
                return
            connection.sendall(answer)
            if b" 200 " in answer:
                with self._context.wrap_socket(connection, server_side=True) as secured:
                    self.requests.append(secured.recv(2**16))
                    secured.sendall(WHOLE)

        with Peer(script) as peer:
            self.monkeypatch.setenv("HTTPS_PROXY", f"http://{self.user}127.0.0.1:{peer.port}")
            return asked(url, verify=self.pem, **settings)


@pytest.fixture
def proxied(tmp_path, monkeypatch):
    for name in ("https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return Proxied(tmp_path, monkeypatch)


ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [ESTABLISHED, b"HTTP/1.0 200 OK\r\nVia: x\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" + ESTABLISHED],
    ids=["1.1", "1.0", "after an interim answer"],
)
def test_the_proxy_forwards_the_connection_and_never_receives_the_token(proxied, answer):
    assert proxied.asked(answer).payload == PAYLOAD

    assert proxied.connects[0].startswith(b"CONNECT drs.example.org:443 HTTP/1.1\r\nHost: drs.example.org:443\r\n")
    assert TOKEN.encode() not in proxied.connects[0]
    assert b"Proxy-Authorization" not in proxied.connects[0]
    assert f"X-Auth-Token: {TOKEN}".encode() in proxied.requests[0]


def test_only_the_proxy_receives_the_credential_of_the_proxy(proxied):
    proxied.user = "alice:p%40ss%3Aword@"

    assert proxied.asked(ESTABLISHED).payload == PAYLOAD

    encoded = base64.b64encode(b"alice:p@ss:word")
    assert b"Proxy-Authorization: Basic " + encoded in proxied.connects[0]
    assert encoded not in proxied.requests[0]
    assert b"Proxy-Authorization" not in proxied.requests[0]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 4\r\n\r\nwho?", DrsTransportError),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n<html>", DrsTransportError),
        (b"HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n", DrsTransportError),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", DrsUnreachableError),
        (b"HTTP/1.1 503 Busy\r\n\r\n", DrsUnreachableError),
        (b"HTTP/1.1 408 Late\r\n\r\n", DrsUnreachableError),
        (b"HTTP/1.1 429 Slow\r\n\r\n", DrsUnreachableError),
        (b"HTTP/1.1 799 Odd\r\n\r\n", DrsUnreachableError),
        (b"SSH-2.0-OpenSSH\r\n", DrsUnreachableError),
        (b"HTTP/1.1 200", DrsUnreachableError),
        (b"", DrsUnreachableError),
        (ESTABLISHED + WHOLE, DrsUnreachableError),
    ],
    ids=["407", "403", "302", "502", "503", "408", "429", "799", "garbage", "half", "nothing", "two answers"],
)
def test_a_proxy_that_refuses_the_connection_raises_the_error_of_its_answer(proxied, answer, kind):
    error = proxied.asked(lambda peer, connection: connection.sendall(answer))

    assert type(error) is kind, error
    assert error.retryable == (kind is DrsUnreachableError)
    assert proxied.requests == []


def test_a_proxy_that_drips_or_stays_silent_times_out_at_the_deadline(proxied):
    drip = proxied.asked(lambda peer, connection: peer.drip(connection, b"HTTP/1.1 200", b"x"), connect_timeout=SOON)
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    more = proxied.asked(lambda peer, connection: peer.drip(connection, b"", interim), connect_timeout=SOON)
    silent = proxied.asked(lambda peer, connection: peer.over.wait(30), connect_timeout=SOON)
    stopped = proxied.asked(
        lambda peer, connection: (connection.sendall(ESTABLISHED), peer.over.wait(30)), connect_timeout=SOON
    )

    for error in (drip, more, silent, stopped):
        assert type(error) is DrsUnreachableError
        assert "timed out" in str(error)


@pytest.mark.parametrize(
    "proxy", ["https://proxy.example.org", "socks5://proxy:1080", "http://", "http://p:x", "http://["]
)
def test_a_proxy_url_that_is_not_plain_http_is_refused_and_the_error_names_the_variable(proxied, monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    error = asked(f"https://{HOST}")

    assert isinstance(error, DrsInputError), error
    assert "HTTPS_PROXY" in str(error)


def test_an_unknown_host_name_of_a_proxy_is_a_retryable_error(proxied, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://a..b")
    error = asked(f"https://{HOST}")

    assert isinstance(error, DrsUnreachableError)
    assert "host name was not found" in str(error)


def test_an_ipv6_address_is_sent_to_a_proxy_in_brackets(proxied):
    proxied.asked(b"HTTP/1.1 403 No\r\n\r\n", url="https://[2001:db8::7]")

    assert proxied.connects[0].startswith(b"CONNECT [2001:db8::7]:443 HTTP/1.1\r\nHost: [2001:db8::7]:443\r\n")


@pytest.mark.parametrize("url", [f"https://{HOST}", "https://127.0.0.1:1"], ids=["by a proxy", "directly"])
def test_a_failed_connection_leaves_no_socket_open(proxied, monkeypatch, url):
    if url != f"https://{HOST}":
        monkeypatch.setenv("NO_PROXY", "*")
    # sockets that earlier tests let go are none of this connection
    gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        error = proxied.asked(b"HTTP/1.1 403 No\r\n\r\n", url=url)
        assert isinstance(error, DrsError)
        del error
        gc.collect()

    assert [str(each.message) for each in caught if "unclosed" in str(each.message)] == []


def test_all_proxy_is_used_without_https_proxy_and_http_proxy_never_is(proxied, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy:1080")
    error = asked(f"https://{HOST}")

    assert isinstance(error, DrsInputError)
    assert "ALL_PROXY" in str(error)


def test_a_host_in_no_proxy_is_reached_without_the_proxy(proxied, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "example.org")
    error = proxied.asked(ESTABLISHED)

    assert isinstance(error, DrsUnreachableError)
    assert proxied.connects == []


def test_no_error_and_no_traceback_shows_the_credential_of_a_proxy(proxied, monkeypatch):
    proxied.user = "alice:Tr0ub4dor%263@"
    errors = [proxied.asked(b"HTTP/1.1 407 Who\r\n\r\n"), proxied.asked(b"SSH\r\n"), proxied.asked(b"")]
    for url in ("https://alice:Tr0ub4dor%263@proxy", "http://alice:Tr0ub4dor%263@p:x"):
        monkeypatch.setenv("HTTPS_PROXY", url)
        errors.append(asked(f"https://{HOST}"))

    for error in errors:
        assert isinstance(error, DrsError)
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        for secret in ("Tr0ub4dor", base64.b64encode(b"alice:Tr0ub4dor&3").decode(), TOKEN):
            assert secret not in shown + repr(error) + str(error.to_dict())
