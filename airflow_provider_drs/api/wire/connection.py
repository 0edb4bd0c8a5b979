"""One connection and its HTTP: each exchange ends at a deadline, and returns only a complete and valid answer."""

from __future__ import annotations

import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import h11
import requests
from requests.structures import CaseInsensitiveDict

from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.model.hidden import HiddenBytes, HiddenDict, HiddenText
from airflow_provider_drs.api.operation import MAX_BODY

MAX_HEAD = 2**16
"""The most bytes of the status line with headers, of one chunk's length, or of the trailers."""
MAX_HEADERS = 100
_READ = 2**16
_HTTP = b"HTTP/1."


class GarbledError(Exception):
    """The received bytes are not HTTP, or exceed a limit. The text is a predicate, such as ``is not valid HTTP``."""


class BrokenConnectionError(Exception):
    """The connection ended before the answer was complete.

    :param received: number of body bytes received before that.
    """

    def __init__(self, received: int = 0) -> None:
        super().__init__(received)
        self.received = received


class Deadline:
    """The moment at which an exchange times out.

    :param seconds: seconds from now to that moment.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left, more than 0.

        :raises TimeoutError: when the deadline has passed.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


@dataclass(frozen=True)
class RawAnswer:
    """A complete answer, not interpreted yet.

    :param status: the HTTP status.
    :param headers: the headers by case-insensitive name. Values of one name are joined with commas.
    :param body: the bytes of the body.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: HiddenBytes


class Connection:
    """HTTP/1.1 on a connected socket, one exchange at a time.

    :param sock: the connected socket; :meth:`close` closes it.
    :param cancellation: interrupts an exchange.
    """

    def __init__(self, sock: socket.socket, cancellation: Cancellation) -> None:
        self._sock = sock
        self._cancellation = cancellation
        self.reusable = True
        """Whether another exchange may follow. False during an exchange, and after an unusual one."""

    @property
    def tls_version(self) -> str | None:
        """Version of TLS such as ``TLSv1.3``, or ``None`` without TLS."""
        return self._sock.version() if isinstance(self._sock, ssl.SSLSocket) else None

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def start_tls(self, context: ssl.SSLContext, host: str, deadline: Deadline) -> None:
        """Do the TLS handshake, and verify the server's certificate.

        :param context: the trusted authorities.
        :param host: name or address that the certificate must be valid for.
        :param deadline: when the handshake times out.
        :raises OSError: when the handshake fails; ``ssl.SSLError`` and ``TimeoutError`` are subclasses.
        """
        self._sock = context.wrap_socket(self._sock, server_hostname=host, do_handshake_on_connect=False)
        with self._interruptible():
            self._sock.settimeout(deadline.left())
            self._sock.do_handshake()

    def tunnel(self, target: str, user: HiddenText, deadline: Deadline) -> int:
        """Send ``CONNECT`` to a proxy, and return the HTTP status of its answer.

        :param target: ``host:port`` of the service.
        :param user: ``name:password`` for the proxy, or an empty text.
        :param deadline: when the exchange times out.
        :raises GarbledError: when the answer is not HTTP, or bytes follow it.
        :raises OSError: when the connection breaks, or the deadline passes.
        """
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        headers = HiddenDict({"Host": target})
        if user:
            headers["Proxy-Authorization"] = f"Basic {b64encode(user.encode()).decode()}"
        with self._interruptible():
            request = HiddenBytes(
                http.send(h11.Request(method="CONNECT", target=target, headers=list(headers.items())))
                + http.send(h11.EndOfMessage())
            )
            self._send(request, deadline)
            while not isinstance(event := self._next_event(http, deadline), h11.Response):
                pass
        if event.status_code // 100 == 2 and http.trailing_data[0]:
            raise GarbledError("sends bytes before the request")
        return event.status_code

    def quiet(self) -> bool:
        """Return whether the connection is open, and no byte has arrived since the last exchange."""
        self._sock.settimeout(0)
        try:
            self._sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def exchange(self, request: requests.PreparedRequest, deadline: Deadline, max_body: int = MAX_BODY) -> RawAnswer:
        """Send one request and return the complete answer.

        :param request: the request, with its credential.
        :param deadline: when the exchange times out.
        :param max_body: the most bytes of the answer's body.
        :raises GarbledError: when the answer is not valid HTTP, or exceeds a limit.
        :raises BrokenConnectionError: when the connection ends before the answer is complete.
        :raises TimeoutError: when the deadline passes.
        """
        self.reusable = False
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        answer = _Answer()
        try:
            with self._interruptible():
                self._send(_serialized(http, request), deadline)
                while answer.take(self._next_event(http, deadline)):
                    if answer.size > max_body:
                        raise GarbledError(f"is longer than {max_body} bytes")
        except TimeoutError:
            raise
        except OSError:
            head = b"" if answer.begun else http.trailing_data[0][: len(_HTTP)]
            if not _HTTP.startswith(head):
                raise GarbledError("is not valid HTTP") from None
            raise BrokenConnectionError(answer.size) from None
        raw = answer.whole()
        kept_alive = http.our_state is h11.DONE and http.their_state is h11.DONE and not http.trailing_data[0]
        self.reusable = kept_alive and not answer.interim and answer.size > 0 and not 300 <= raw.status < 400
        return raw

    def _send(self, data: HiddenBytes, deadline: Deadline) -> None:
        rest = memoryview(data)
        while rest:
            self._sock.settimeout(deadline.left())
            rest = rest[self._sock.send(rest) :]

    def _next_event(self, http: h11.Connection, deadline: Deadline) -> object:
        ended = False
        while True:
            try:
                event = http.next_event()
            except h11.RemoteProtocolError:
                if ended:
                    raise ConnectionResetError("it hung up") from None
                raise GarbledError("is not valid HTTP") from None
            if event is not h11.NEED_DATA:
                return event
            self._sock.settimeout(deadline.left())
            received = HiddenBytes(self._sock.recv(_READ))
            ended = not received
            http.receive_data(received)

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        sock = self._sock
        with self._cancellation.interrupting(lambda: shut(sock)):
            yield


class _Answer:
    """The received part of an answer: an object, because a traceback would show a local variable with the body."""

    def __init__(self) -> None:
        self.interim = False
        self.begun = False
        self._response: h11.Response | None = None
        self._body = bytearray()

    @property
    def size(self) -> int:
        """Number of body bytes received."""
        return len(self._body)

    def take(self, event: object) -> bool:
        """Add an event of h11. Return whether the answer is still incomplete."""
        self.begun = True
        if isinstance(event, h11.Data):
            self._body += event.data
        elif isinstance(event, h11.Response):
            self._response = event
        elif isinstance(event, h11.InformationalResponse):
            self.interim = True
        return not isinstance(event, h11.EndOfMessage)

    def whole(self) -> RawAnswer:
        """Return the complete answer.

        :raises GarbledError: when it has too many headers, or two statements of its length.
        """
        if self._response is None or len(self._response.headers) > MAX_HEADERS:
            raise GarbledError("is not valid HTTP")
        headers = CaseInsensitiveDict[str]()
        for name, value in self._response.headers:
            key, text = name.decode("latin-1"), _decoded(value)
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        if "Content-Length" in headers and "Transfer-Encoding" in headers:
            # a proxy may read the length from the other header, and so see another end of the answer
            raise GarbledError("is not valid HTTP")
        return RawAnswer(self._response.status_code, headers, HiddenBytes(self._body))


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _serialized(http: h11.Connection, request: requests.PreparedRequest) -> HiddenBytes:
    body = request.body.encode() if isinstance(request.body, str) else request.body
    head = http.send(
        h11.Request(method=str(request.method), target=request.path_url, headers=list(request.headers.items()))
    )
    return HiddenBytes(head + (http.send(h11.Data(data=body)) if body else b"") + http.send(h11.EndOfMessage()))


def shut(sock: socket.socket) -> None:
    """Interrupt another thread that reads from or writes to a socket.

    :param sock: the socket; TLS may run on it.
    """
    with suppress(OSError):
        # the method of ssl.SSLSocket would first drop the TLS object that the other thread uses
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
