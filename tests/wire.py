"""A server on loopback that records its requests, and answers as the test defines."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Message
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        payload: dict[str, Any] = json.loads(self.body)
        return payload

    @property
    def entries(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.json["jobs"]
        return entries


@dataclass(frozen=True)
class Reply:
    payload: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    @property
    def body(self) -> bytes:
        return json.dumps(self.payload).encode() if self.raw is None else self.raw


def all_pass(request: Request) -> Reply:
    """Affirm every endpoint, and report the status CONFIGURATION for every job."""
    if request.path.endswith("/batch-status"):
        page = request.json.get("page_req", {}).get("per_page", 5)
        results = [{"id": job_id, "status": "CONFIGURATION"} for job_id in request.json["jobs"]][:page]
        return Reply({"results": results, "count": len(results)})
    results = [{"id": entry["id"], "status": "success", "success": True} for entry in request.entries]
    return Reply({"results": results, "count": len(results)})


class Service:
    """``with Service(answer) as service``: serves on ``service.url``, and records ``service.requests``.

    It counts ``service.connections``, too.

    :param answer: makes the reply to each request.
    """

    def __init__(self, answer: Callable[[Request], Reply] = all_pass) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.answer = answer
        self._lock = Lock()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                with service._lock:
                    service.connections += 1

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.command, self.path, self.headers, body)
                with service._lock:
                    service.requests.append(request)
                reply = service.answer(request)
                self.send_response_only(reply.status)
                headers = {
                    "Date": self.date_time_string(),
                    "Content-Type": "application/json",
                    "Content-Length": str(len(reply.body)),
                    **reply.headers,
                }
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

            do_POST = do_GET = do_PUT = _serve  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Service:
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def calls(self, operation: str) -> list[Request]:
        return [request for request in self.requests if request.path.endswith(f"/{operation}")]
