"""Really dials a database: a TCP connection for every engine, a login where there is a driver for it."""

from __future__ import annotations

import logging
import math
import re
import socket
from collections.abc import Callable, Mapping
from typing import Any

from .errors import RefusedError

log = logging.getLogger(__name__)

Entry = Mapping[str, Any]
"""One entry of a ``batchValidateConnections`` request that keeps the contract."""

Probe = Callable[[Entry], None]
"""Tests one entry: returns when the connection is good, raises `RefusedError` when it is not."""

WRONG_ACCOUNT = "DRS.KE0002"
FAILED = "DRS.M01501"

DEFAULT_PORTS = {
    "mysql": 3306,
    "taurus": 3306,
    "postgresql": 5432,
    "gaussdbv5": 8000,
    "gaussdbv5ha": 8000,
    "mongodb": 27017,
    "dds": 8635,
    "oracle": 1521,
    "kafka": 9092,
}


def dial(entry: Entry, timeout: float = 3.0) -> None:
    """Test one entry of ``batchValidateConnections`` by dialling it; blocks meanwhile.

    Like the service, it is content as soon as one of several hosts answers.

    :param timeout: seconds for each host to answer.
    :raises RefusedError: ``DRS.KE0002`` for a wrong account, ``DRS.M01501`` for anything else, in the words of the
        database or the operating system.
    """
    code, texts = FAILED, []
    for address in entry["ip"].split(","):
        try:
            return _dial_host(entry, address, timeout)
        except RefusedError as refusal:
            code = refusal.code
            texts.append(refusal.text)
        if code == WRONG_ACCOUNT:
            # Another host would only count one more failed login, and that may lock the account.
            break
    raise RefusedError(code, without_password("; ".join(texts), entry))


def without_password(text: str, entry: Entry) -> str:
    """Make sure that a text about an entry does not hold its password."""
    return text.replace(entry["db_password"], "***") if "db_password" in entry else text


def _dial_host(entry: Entry, address: str, timeout: float) -> None:
    db_type = entry["db_type"]
    host, port = _host_and_port(entry, address)
    shown = without_password(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", entry)
    try:
        with socket.create_connection((host, port), timeout) as connection:
            answering = connection.getpeername()[0]
        if login := LOGINS.get(db_type):
            login(entry, host, answering, port, timeout)
        else:
            log.info("%s: only the port was reached, there is no login for %s yet", shown, db_type)
    except ImportError:
        log.warning(
            "%s: only the port was reached, a login needs: pip install 'airflow-provider-drs[emulator-%s]'",
            shown,
            db_type,
        )
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RefusedError(FAILED, f"{shown}: {reason}") from None
    except RefusedError as refusal:
        raise RefusedError(refusal.code, f"{shown}: {refusal.text}") from None


def _host_and_port(entry: Entry, address: str) -> tuple[str, int]:
    bracketed = re.fullmatch(r"\[(.+)\](?::(\d+))?", address)
    pair = bracketed or re.fullmatch(r"([^:]+):(\d+)", address)
    # An IPv6 address without brackets has colons but no port.
    host, port = pair.groups() if pair else (address, None)
    number = int(port or entry.get("db_port") or DEFAULT_PORTS.get(entry["db_type"], 0))
    if not 0 < number < 65536:
        raise RefusedError(FAILED, f"{address}: no usable port is given")
    return host, number


def _login_postgresql(entry: Entry, host: str, answering: str, port: int, timeout: float) -> None:
    import psycopg

    try:
        psycopg.connect(
            host=host,
            hostaddr=answering,
            port=port,
            user=entry["db_user"],
            password=entry["db_password"],
            dbname=entry.get("db_name") or "postgres",
            # Without ssl_link DRS speaks plain, so a server that insists on TLS has to fail here as well.
            sslmode="require" if entry.get("ssl_link") else "disable",
            connect_timeout=max(2, math.ceil(timeout)),  # libpq reads less than 2 as 2, and 0 as for ever
        ).close()
    except psycopg.Error as error:
        said = re.sub(r"^connection failed: (connection to server at .+?, port \d+ failed: )?", "", str(error))
        # libpq does not hand on the SQLSTATE of a failed login, so the server's words have to decide.
        wrong_account = re.search(
            r'authentication failed for user|role ".*" (does not exist|is not permitted to log in)', said
        )
        raise RefusedError(WRONG_ACCOUNT if wrong_account else FAILED, " ".join(said.split())) from None


Login = Callable[[Entry, str, str, int, float], None]
"""Logs in to one host, given by name, by the IP address that answered and by port, within so many seconds.

It raises `RefusedError` with what the database said, and `ImportError` when its driver is not installed.
"""

LOGINS: dict[str, Login] = {"postgresql": _login_postgresql}
"""By ``db_type``; the driver of each comes with the extra ``emulator-<db_type>``."""
