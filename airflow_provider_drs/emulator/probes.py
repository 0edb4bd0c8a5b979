"""Really dials a database: a TCP connection for every engine, a login where there is a driver for it."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Callable

from .errors import RefusedError
from .logins import ENGINES, FAILED, WRONG_ACCOUNT, Entry, Host, load_login

log = logging.getLogger(__name__)

Probe = Callable[[Entry], None]
"""Tests one entry: returns when the connection is good, raises `RefusedError` when it is not."""

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
    """Make sure that a text about an entry holds none of its passwords."""
    for holder in (entry, entry.get("kafka_security_config", {})):
        for name, value in holder.items():
            if name.endswith("password") and isinstance(value, str) and value:
                text = text.replace(value, "***")
    return text


def _dial_host(entry: Entry, address: str, timeout: float) -> None:
    name, port = _host_and_port(entry, address)
    shown = without_password(f"[{name}]:{port}" if ":" in name else f"{name}:{port}", entry)
    try:
        with socket.create_connection((name, port), timeout) as connection:
            host = Host(name, connection.getpeername()[0], port)
        engine = ENGINES.get(entry["db_type"])
        if engine is None:
            log.info("%s: only the port was reached, there is no login for %s", shown, entry["db_type"])
            return
        try:
            login = load_login(engine)
        except ImportError:
            log.warning(
                "%s: only the port was reached, a login needs: pip install 'airflow-provider-drs[emulator-%s]'",
                shown,
                engine,
            )
            return
        login(entry, host, timeout)
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
