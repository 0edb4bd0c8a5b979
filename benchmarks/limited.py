"""``python -m benchmarks.limited HEADERS TEXT MAX_CONCURRENCY`` makes a run under a rate limit, and prints its cost."""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints

CALLS, PER_SECOND, SECONDS = 100, 10, 2.0


class Limited(ThreadingHTTPServer):
    """Accepts ``PER_SECOND`` calls in any second, and refuses the rest at once."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, headers: dict[str, str], text: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.refusal = headers, json.dumps({"error_code": "APIGW.0308", "error_msg": text}).encode()
        self.refused = 0
        self._accepted: list[float] = []
        self._lock = threading.Lock()

    def accepts(self) -> bool:
        with self._lock:
            now = time.monotonic()
            self._accepted = [start for start in self._accepted if now - start < 1]
            if len(self._accepted) < PER_SECOND:
                self._accepted.append(now)
                return True
            self.refused += 1
            return False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Limited

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.accepts():
            time.sleep(SECONDS)
            results = [{"id": entry["id"], "status": "success"} for entry in request["jobs"]]
            self._answer(200, {}, json.dumps({"results": results, "count": len(results)}).encode())
        else:
            self._answer(429, *self.server.refusal)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def run(headers: dict[str, str], text: str, max_concurrency: int) -> dict[str, float]:
    """Run once, and return the number of passed verdicts, the seconds, and the number of refusals.

    :param headers: headers of each refusal.
    :param text: error text of each refusal.
    :param max_concurrency: the most concurrent calls.
    """
    server = Limited(headers, text)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    entry = {
        "net_type": "eip",
        "db_type": "mysql",
        "ip": "db",
        "db_user": "u",
        "db_password": "p",
        "end_point_type": "so",
    }
    endpoints = parse_endpoints(
        [{"id": f"{number:08d}-2222-4333-8444-5555555jb101", **entry} for number in range(CALLS * 10)]
    )
    client = DrsClient(f"http://127.0.0.1:{server.server_port}", "p", TokenAuth("t"))
    started = time.monotonic()
    report = run_tests(client, endpoints, max_concurrency=max_concurrency)
    seconds = time.monotonic() - started
    server.shutdown()
    passed = len(report.endpoints) - len(report.failed)
    return {"passed": passed, "seconds": seconds, "refusals": server.refused}


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
