"""An emulator for the tests of DAGs: it dials nothing, and all goes well unless the test says otherwise."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass

from .errors import RefusedError
from .logins import FAILED, WRONG_ACCOUNT, Entry
from .server import Emulator
from .state import World
from .stored import SIDES


@dataclass(frozen=True)
class Login:
    """One login that DRS was asked to try.

    :param job_id: the DRS job.
    :param side: ``source`` or ``target``.
    :param host: one host of the endpoint's ``ip``, as it was sent.
    :param port: its ``db_port``; 0 where none was sent.
    :param user: its ``db_user``, if there is one.
    """

    job_id: str
    side: str
    host: str
    port: int
    user: str | None


class Databases:
    """The databases that are tested: each accepts every login, unless a test says otherwise.

    An address is a host as it stands in the endpoint's ``ip``; with a colon and the ``db_port`` it means that port
    alone. Safe to use from any thread while the emulator serves.
    """

    def __init__(self) -> None:
        self.logins: list[Login] = []
        self._accounts: dict[str, tuple[str, str]] = {}
        self._refusals: dict[str, tuple[str, str, float]] = {}
        self._lock = threading.Lock()

    def admit_only(self, address: str, user: str, password: str) -> None:
        """Have a database refuse every account but one, with ``DRS.KE0002``."""
        with self._lock:
            self._accounts[address] = (user, password)

    def refuse(self, address: str, text: str, *, code: str = FAILED, times: float = float("inf")) -> None:
        """Have a database refuse every login.

        :param address: which one.
        :param text: the words that DRS hands on, such as ``Connection refused``.
        :param code: ``DRS.KE0002`` for a wrong account, ``DRS.M01501`` for anything else.
        :param times: how many logins it refuses before all is well with it.
        """
        with self._lock:
            self._refusals[address] = (code, text, times)

    def test(self, entry: Entry) -> None:
        """Test one entry of a connection test; like the service, be content as soon as one of several hosts answers.

        :raises RefusedError: none of its hosts lets it in; the last one's reason.
        """
        refusal = None
        for host in entry["ip"].split(","):
            refusal = self._refusal(entry, host)
            if refusal is None:
                return
        assert refusal is not None
        raise refusal

    def _refusal(self, entry: Entry, host: str) -> RefusedError | None:
        port, user = int(entry.get("db_port") or 0), entry.get("db_user")
        name, _, last = host.rpartition(":")
        # of a cluster, or one of several hosts: the port stands in ip
        with_port = not port and last.isdecimal() and (":" not in name or name.endswith("]"))
        side = SIDES[entry["end_point_type"]]
        with self._lock:
            self.logins.append(Login(entry["id"], side, host, port, user))
            for address in (host, name if with_port else f"{host}:{port}"):
                if address in self._refusals:
                    code, text, times = self._refusals[address]
                    self._refusals[address] = (code, text, times - 1)
                    if times > 0:
                        return RefusedError(code, text)
                account = (user, entry.get("db_password"))
                if self._accounts.get(address, account) != account:
                    return RefusedError(WRONG_ACCOUNT, f"Access denied for user '{user}'")
        return None


class RehearsalEmulator(Emulator):
    """A running emulator as a test wants it, as a context manager.

    Every job exists and is in ``CONFIGURATION``, every database lets everybody in, and none is dialled. What a test
    wants otherwise it says to ``world`` (jobs and faults; ``world.calls`` is what was asked) and to ``databases``.
    """

    def __init__(self) -> None:
        self.databases = Databases()
        super().__init__(World(ready_after_polls=0), probe=self.databases.test)

    def connection_instead_of(self, stored: str) -> str:
        """Return a connection that leads here: the stored one if it leads nowhere else, or the emulator's own.

        :param stored: the JSON text of an ``AIRFLOW_CONN_...`` variable; any other text leads elsewhere.
        """
        try:
            connection = json.loads(stored)
            extra = connection.get("extra") or {}
            extra = json.loads(extra) if isinstance(extra, str) else extra
            # a region alone names an IAM in the cloud
            iam = extra.get("iam_endpoint") or ("" if extra.get("region") else self.url)
            leads_here = connection.get("host") == iam == self.url and not (connection.keys() & {"port", "schema"})
        except (ValueError, AttributeError):
            leads_here = False
        return stored if leads_here else self.connection_json
