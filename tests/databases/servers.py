"""MariaDB and PostgreSQL as the system has them, each in a directory of its own and without root."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from running_airflow import free_ports, wait_until
from tls import Authority

_MARIADB_ACCOUNTS = """\
CREATE USER reader@'%' IDENTIFIED BY 'right';
GRANT SELECT ON *.* TO reader@'%';
CREATE USER narrow@'%' IDENTIFIED BY 'right';
CREATE USER locked@'%' IDENTIFIED BY 'right' ACCOUNT LOCK;
CREATE USER abroad@'%' IDENTIFIED BY 'pässwörd-密碼';
CREATE DATABASE shop;
"""

_POSTGRES_ACCOUNTS = """\
CREATE ROLE reader LOGIN PASSWORD 'right';
CREATE DATABASE shop;
"""


class MariaDb:
    """A running MariaDB, as a context manager; gone without a trace afterwards.

    :param authority: vouches for the server; without one it speaks no TLS.
    :param insists: whether it takes nobody without TLS.
    """

    account = "mysql"

    def __init__(self, authority: Authority | None = None, insists: bool = False) -> None:
        self._authority = authority
        self._insists = insists
        self.port = free_ports(1)[0]

    def __enter__(self) -> MariaDb:
        self._directory = _private_directory(self.account)
        data = self._directory / "data"
        accounts = self._directory / "accounts.sql"
        accounts.write_text(_MARIADB_ACCOUNTS, encoding="utf-8")
        _run(self.account, "mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db")
        if self._authority:
            certificate, key = self._authority.issue(self._directory)
            _hand_over(key, self.account)
            tls = [f"--ssl-cert={certificate}", f"--ssl-key={key}", f"--require-secure-transport={int(self._insists)}"]
        else:
            tls = ["--skip-ssl"]
        self._process = subprocess.Popen(
            [
                *("mariadbd", "--no-defaults", f"--datadir={data}", f"--tmpdir={data}", f"--socket={data}/socket"),
                *("--bind-address=127.0.0.1", f"--port={self.port}", f"--init-file={accounts}"),
                *("--character-set-server=utf8mb4", f"--log-error={self._directory}/log.err", *tls),
            ],
            user=_user(self.account),
            cwd=self._directory,
            stderr=subprocess.DEVNULL,  # it has a log
        )
        wait_until("MariaDB answers", self._answers, 60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(60)
        shutil.rmtree(self._directory)

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._directory / "log.err").read_text()
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0


class Postgres:
    """A running PostgreSQL, as a context manager; gone without a trace afterwards.

    :param authority: vouches for the server; without one it speaks no TLS.
    :param insists: whether it takes nobody without TLS.
    """

    account = "postgres"

    def __init__(self, authority: Authority | None = None, insists: bool = False) -> None:
        self._authority = authority
        self._insists = insists
        self.port = free_ports(1)[0]
        # Debian keeps every version in a folder of its own, and none of them in PATH.
        self._programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))

    def __enter__(self) -> Postgres:
        self._directory = _private_directory(self.account)
        self._data = self._directory / "data"
        _run(self.account, self._programs / "initdb", "--pgdata", self._data, "--username=postgres", "--auth=trust")
        kind = "hostssl" if self._insists else "host"
        (self._data / "pg_hba.conf").write_text(f"local all all trust\n{kind} all all 127.0.0.1/32 scram-sha-256\n")
        options = f"-h 127.0.0.1 -p {self.port} -k {self._directory}"
        if self._authority:
            certificate, key = self._authority.issue(self._directory)
            _hand_over(key, self.account)
            options += f" -c ssl=on -c ssl_cert_file={certificate} -c ssl_key_file={key}"
        self._control("start", "-l", self._directory / "log", "-o", options)
        connection: list[str | Path] = ["-h", self._directory, "-p", str(self.port), "-U", "postgres"]
        for statement in _POSTGRES_ACCOUNTS.splitlines():
            _run(self.account, self._programs / "psql", *connection, "-c", statement)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._control("stop", "-m", "fast")
        shutil.rmtree(self._directory)

    def _control(self, command: str, *arguments: str | Path) -> None:
        _run(self.account, self._programs / "pg_ctl", command, "-w", "-D", self._data, *arguments)


def _user(account: str) -> str | None:
    # The servers refuse to run as root; Debian brings an account for each.
    return account if os.geteuid() == 0 else None


def _hand_over(path: Path, account: str) -> None:
    if user := _user(account):
        shutil.chown(path, user)


def _private_directory(account: str) -> Path:
    # Short, since a Unix socket's path may have 107 characters at most.
    directory = Path(tempfile.mkdtemp(prefix="drs-"))
    _hand_over(directory, account)
    return directory


def _run(account: str, *command: str | Path) -> None:
    environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin", "LC_ALL": "C"}
    subprocess.run(
        command, user=_user(account), cwd="/", env=environment, check=True, stdout=subprocess.DEVNULL, timeout=120
    )
