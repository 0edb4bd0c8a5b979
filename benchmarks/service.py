"""A service on loopback with TLS. It runs in a separate process, so that its CPU time is not that of the client.

It answers four operations of DRS, and the status calls of the peers about a job, run or replication that never ends;
the waits for a job of DRS and for a run of dbt Cloud may be given an end.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from benchmarks.child import ROOT, command

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Counts:
    """The numbers of connections and calls that the service got, and of the ids in the calls."""

    connections: int
    calls: int
    asked: int

    def __sub__(self, before: Counts) -> Counts:
        return Counts(self.connections - before.connections, self.calls - before.calls, self.asked - before.asked)


class Service:
    """``with Service() as service``: runs the service.

    :param seconds_a_test: seconds before the answer to a connection test or a store.
    :param idle_seconds: seconds after which the service closes an idle connection.
    :param status: the status of every job.
    :param seconds_a_wait: seconds from the first status call about a job or run until it is there.
    """

    def __init__(
        self,
        *,
        seconds_a_test: float = 0,
        idle_seconds: float = 60,
        status: str = "CREATING",
        seconds_a_wait: float = math.inf,
    ) -> None:
        self._arguments = (seconds_a_test, idle_seconds, status, seconds_a_wait)

    def __enter__(self) -> Service:
        self._running = ExitStack()
        folder = Path(self._running.enter_context(tempfile.TemporaryDirectory(prefix="drs-bench-")))
        self.certificate = str(folder / "certificate.pem")
        _write_certificate(folder)
        self._process = self._running.enter_context(
            subprocess.Popen(
                command("service", folder, *self._arguments),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        self.port = int(self._read_line())
        self.address = f"{HOST}:{self.port}"
        self.url = f"https://{self.address}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._running.close()

    def counts(self) -> Counts:
        """Return the numbers so far."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Counts(*json.loads(self._read_line()))

    def _read_line(self) -> str:
        assert self._process.stdout
        line: str = self._process.stdout.readline()
        return line


def _write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(timezone.utc)
    public = key.public_key()
    certificate = (
        x509.CertificateBuilder(name, name, public, x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


class _Connection(asyncio.Protocol):
    counts = Counts(0, 0, 0)
    seconds_a_test = 0.0
    idle_seconds = 60.0
    status = ""
    seconds_a_wait = math.inf
    stored: ClassVar[dict[str, dict[str, Any]]] = {}
    first_asked: ClassVar[dict[str, float]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""
        self._loop = asyncio.get_running_loop()
        self._hang_up = self._loop.call_later(self.idle_seconds, transport.close)
        self._count(Counts(-1, 0, 0))

    def connection_lost(self, exc: Exception | None) -> None:
        self._hang_up.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, rest = self._received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if not blank or len(rest) < length:
            return
        self._received = rest[length:]
        self._hang_up.cancel()
        path = head.split(b" ", 2)[1].decode()
        asked, payload = _answer(path, rest[:length], self.status, self.stored, self._is_there)
        self._count(Counts(0, -1, -asked))
        body = json.dumps(payload).encode()
        # as DRS does; clients search it for what they sent
        facts = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nX-Request-Id: {uuid4().hex}"
        headers = f"HTTP/1.1 200 OK\r\n{facts}\r\n\r\n"
        delay = self.seconds_a_test if path.endswith(("/batch-connection", "/batch-modification")) else 0
        self._loop.call_later(delay, self._transport.write, headers.encode() + body)
        self._hang_up = self._loop.call_later(delay + self.idle_seconds, self._transport.close)

    def _is_there(self, name: str) -> bool:
        now = self._loop.time()
        return now - self.first_asked.setdefault(name, now) >= self.seconds_a_wait

    def _count(self, fewer: Counts) -> None:
        _Connection.counts -= fewer


def _answer(
    path: str, body: bytes, status: str, stored: dict[str, dict[str, Any]], is_there: Callable[[str], bool]
) -> tuple[int, Any]:
    """Return the number of ids in a call, and the JSON of its answer."""
    if path.endswith("/batch-status"):
        ids = json.loads(body)["jobs"]
        results = [{"id": job_id, "status": "CONFIGURATION" if is_there(job_id) else status} for job_id in ids]
        return len(ids), {"results": results, "count": len(ids)}
    if path.endswith("/batch-connection"):
        ids = [entry["id"] for entry in json.loads(body)["jobs"]]
        results = [{"id": job_id, "status": "success", "success": True} for job_id in ids]
        return len(ids), {"results": results, "count": len(ids)}
    if path.endswith("/batch-modification"):
        entries = json.loads(body)["jobs"]
        stored.update({entry["job_id"]: entry for entry in entries})
        results = [{"id": entry["job_id"], "status": "success"} for entry in entries]
        return len(entries), {"results": results, "count": len(entries)}
    if path.endswith("/batch-detail"):
        ids = json.loads(body)["jobs"]
        node = {"engine_type": "mysql", "inst_type": "high", "ip": "10.0.0.40", "status": "active"}
        results = [
            {"id": job_id, "status": status, "inst_info": node, "replace_definer": True, **stored.get(job_id, {})}
            for job_id in ids
        ]
        return len(ids), {"results": results, "count": len(ids)}
    if path.endswith("/jobs/runs/get"):  # Databricks
        return 1, {"state": {"life_cycle_state": "RUNNING", "state_message": ""}}
    if "/runs/" in path:  # dbt Cloud
        return 1, {"data": {"status": 10 if is_there(path) else 3}}
    # DMS
    return 1, {"Replications": [{"Status": "running", "ProvisionData": {"ProvisionState": "provisioned"}}]}


async def _serve(folder: str, seconds_a_test: float, idle_seconds: float, status: str, seconds_a_wait: float) -> None:
    _Connection.seconds_a_test, _Connection.idle_seconds = seconds_a_test, idle_seconds
    _Connection.status, _Connection.seconds_a_wait = status, seconds_a_wait
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{folder}/certificate.pem", f"{folder}/key.pem")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, HOST, 0, ssl=context, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)

    def print_counts() -> None:
        if sys.stdin.readline():
            now = _Connection.counts
            print(json.dumps([now.connections, now.calls, now.asked]), flush=True)
        else:
            os._exit(0)

    loop.add_reader(sys.stdin, print_counts)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4], float(sys.argv[5])))
