"""MongoDB and DDS, through PyMongo."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError, ServerSelectionTimeoutError

from ..errors import RefusedError
from . import FAILED, WRONG_ACCOUNT, Entry, Host
from .certificates import ca_file

_AUTHENTICATION_FAILED = 18


def login(entry: Entry, host: Host, timeout: float) -> None:
    """Log in against the authentication database ``db_name``, or else ``admin``; no other member is asked for."""
    with ExitStack() as stack:
        tls: dict[str, Any] = {"tls": False}
        if entry.get("ssl_link"):
            # The host's name is not compared: databases are dialled by address, and their certificates name none.
            file = stack.enter_context(ca_file(entry))
            tls = {"tls": True, "tlsCAFile": file, "tlsAllowInvalidHostnames": True}
        milliseconds = int(timeout * 1000)
        client: MongoClient[dict[str, Any]] = stack.enter_context(
            MongoClient(
                f"[{host.ip}]" if ":" in host.ip else host.ip,
                host.port,
                username=entry["db_user"],
                password=entry["db_password"],
                authSource=entry.get("db_name") or "admin",
                directConnection=True,
                connectTimeoutMS=milliseconds,
                socketTimeoutMS=milliseconds,
                serverSelectionTimeoutMS=milliseconds,
                **tls,
            )
        )
        try:
            client.admin.command("ping")
        except OperationFailure as error:
            reason = (error.details or {}).get("errmsg") or str(error)
            raise RefusedError(WRONG_ACCOUNT if error.code == _AUTHENTICATION_FAILED else FAILED, reason) from None
        except PyMongoError as error:
            # What selecting a server says is mostly a drawing of the cluster; what went wrong stands at the server.
            servers = client.topology_description.server_descriptions().values()
            cause = next((str(server.error) for server in servers if server.error), "")
            if not cause:
                cause = "timed out" if isinstance(error, ServerSelectionTimeoutError) else str(error)
            reason = re.sub(r" ?\(configured timeouts: .*\)$", "", cause).replace(f"{host.ip}:{host.port}: ", "")
            raise RefusedError(FAILED, reason) from None
