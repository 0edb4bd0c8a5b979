"""Servers on loopback that misbehave on purpose, in HTTP, in single bytes and in the TLS handshake."""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
import socket
import ssl
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Script = Callable[[int, dict[str, Any]], Iterable[bytes]]
"""Gets the number of earlier requests and the JSON of this one. Yields the bytes to send; then the server hangs up."""


class Reset(bytes):
    """Stands in place of bytes to send, and resets the connection."""


RESET = Reset()


class Hostile:
    """``with Hostile(script) as server``: plays the script on ``server.url``, and counts ``server.requests``.

    :param script: makes the answers.
    :param tls: the TLS settings of an ``https`` endpoint; ``None`` for plain http.
    :param refuses: gets the number of earlier connections. Returns the bytes that the server sends before it closes
        this connection without reading from it, or ``None`` to serve the connection.
    """

    def __init__(
        self,
        script: Script,
        tls: ssl.SSLContext | None = None,
        *,
        refuses: Callable[[int], bytes | None] = lambda before: None,
    ) -> None:
        self.requests = 0
        self.connections = 0
        self._script = script
        self._tls = tls
        self._refuses = refuses
        self._lock = Lock()
        self._over = Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Hostile:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._listening.close()

    def wait_for_the_end(self) -> None:
        """Wait until the test is over."""
        self._over.wait(30)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with self._lock:
                before, self.connections = self.connections, self.connections + 1
            if (farewell := self._refuses(before)) is not None:
                with connection:
                    _send(connection, farewell)
                return
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as incoming:
                length = 0
                while (line := incoming.readline().strip()) != b"":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                request = json.loads(incoming.read(length))
                with self._lock:
                    before, self.requests = self.requests, self.requests + 1
                for part in self._script(before, request):
                    _send(connection, part)
        except (OSError, ValueError):
            pass  # the client has hung up, or sent nothing


def _send(connection: socket.socket, part: bytes) -> None:
    if isinstance(part, Reset):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    else:
        connection.sendall(part)


class Peer:
    """``with Peer(script) as peer``: plays the script on every connection to ``peer.port``, byte by byte.

    :param script: gets the connection and its number, which starts at 0. When it returns, the connection is closed.
    """

    def __init__(self, script: Callable[[socket.socket, int], object]) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.over = Event()
        self._script = script
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Peer:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.over.set()
        # without this, accept would go on in its thread, and take one more connection
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def read(self, connection: socket.socket) -> bytes:
        """Return a whole request, and add it to ``requests``. Return no bytes when the client has hung up."""
        request = b""
        while b"\r\n\r\n" not in request:
            request += (part := connection.recv(2**16))
            if not part:
                return b""
        head, _, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        while length and len(body) < int(length[1]):
            body += (part := connection.recv(2**16))
            if not part:
                return b""
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]

    def drip(self, connection: socket.socket, start: bytes, drop: bytes) -> None:
        """Send the start, and then the drop every 20 ms until the test is over."""
        connection.sendall(start)
        while not self.over.wait(0.02):
            connection.sendall(drop)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            Thread(target=self._play, args=(connection, self.connections - 1), daemon=True).start()

    def _play(self, connection: socket.socket, number: int) -> None:
        with connection, suppress(OSError):
            self._script(connection, number)


def http(
    body: bytes | str | object, status: str = "200 OK", kind: str = "application/json", **headers: str
) -> Iterator[bytes]:
    """Yield a whole answer. A body that is neither bytes nor text is sent as JSON."""
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes):
        body = json.dumps(body).encode()
    defaults = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in {**defaults, **headers}.items()]
    yield "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()
    yield body


def passing(request: dict[str, Any]) -> dict[str, Any]:
    """Return the answer that affirms every endpoint."""
    results = [{"id": entry["id"], "status": "success", "success": True} for entry in request["jobs"]]
    return {"results": results, "count": len(results)}


def reads_statuses(request: dict[str, Any]) -> bool:
    """Return whether a request is the operator's first call, which reads the statuses of the jobs."""
    return "page_req" in request


def in_configuration(request: dict[str, Any]) -> dict[str, Any]:
    """Return the answer that every job is in CONFIGURATION."""
    results = [{"id": job, "status": "CONFIGURATION"} for job in request["jobs"]]
    return {"results": results, "count": len(results)}


def certificate(folder: Path, name: str, *, days: tuple[int, int] = (-1, 30)) -> tuple[ssl.SSLContext, str]:
    """Make a self-signed certificate for a host name or address.

    :param folder: the folder for the files of certificate and key.
    :param name: the host name or address.
    :param days: start and end of the validity, in days from now.
    :return: the TLS settings of the server, and the path of the PEM file that a client can trust.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    try:
        host: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        host = x509.DNSName(name)
    now = datetime.datetime.now(datetime.timezone.utc)
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days[0]))
        .not_valid_after(now + datetime.timedelta(days[1]))
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key_file)
    return context, str(pem)
