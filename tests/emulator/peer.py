"""A server on loopback that speaks the beginning of a database's protocol, as much as a login needs."""

from __future__ import annotations

import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from types import TracebackType
from typing import Any


class Wire:
    """One connection: reads as much as is asked for, or ends the conversation."""

    def __init__(self, handler: StreamRequestHandler) -> None:
        self.write = handler.wfile.write
        self._read = handler.rfile.read
        self.port: int = handler.request.getsockname()[1]

    def read(self, size: int) -> bytes:
        content = self._read(size)
        if len(content) < size:
            raise EOFError
        return content

    def unpack(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(form, self.read(struct.calcsize(form)))


class Peer:
    """``with Peer(converse) as peer``: holds a conversation with everyone who connects to ``peer.port``.

    :param converse: called with each connection, in a thread of its own.
    :param tls: what the server shows; without it no TLS is spoken.
    """

    def __init__(self, converse: Callable[[Wire], None], tls: ssl.SSLContext | None = None) -> None:
        class Handler(StreamRequestHandler):
            def setup(self) -> None:
                if tls:
                    self.request = tls.wrap_socket(self.request, server_side=True)
                super().setup()

            def handle(self) -> None:
                converse(Wire(self))

        class Server(ThreadingTCPServer):
            daemon_threads = True

            def process_request_thread(self, request: Any, client_address: Any) -> None:
                # A client that hangs up, or will not have the certificate, is none of its worries.
                with suppress(EOFError, OSError):
                    self.finish_request(request, client_address)
                self.shutdown_request(request)

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Peer:
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
