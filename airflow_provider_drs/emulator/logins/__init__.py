"""Logins through the drivers of the databases: a module for each engine, which is loaded when it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

Entry = Mapping[str, Any]
"""One entry of a ``batchValidateConnections`` request that keeps the contract."""

WRONG_ACCOUNT = "DRS.KE0002"
FAILED = "DRS.M01501"

ENGINES = {
    "mysql": "mysql",
    "taurus": "mysql",
    "postgresql": "postgresql",
    "mongodb": "mongodb",
    "dds": "mongodb",
    "kafka": "kafka",
    "oracle": "oracle",
}
"""By ``db_type``: the module here that logs in, and the end of ``emulator-...``, the extra that brings its driver."""


class Host(NamedTuple):
    """One host of an entry: what it was called, the IP address that answered, and the port."""

    name: str
    ip: str
    port: int


Login = Callable[[Entry, Host, float], None]
"""Logs in to one host within so many seconds; raises `RefusedError` with the text of the database."""


def load_login(engine: str) -> Login:
    """Give the login of an engine.

    :param engine: one of the values of `ENGINES`.
    :raises ImportError: its driver is not installed.
    """
    login: Login = import_module(f"{__name__}.{engine}").login
    return login
