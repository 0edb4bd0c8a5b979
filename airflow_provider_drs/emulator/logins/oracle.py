"""Oracle, through python-oracledb in its thin mode, which needs no Oracle client."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import oracledb

from ..errors import RefusedError
from . import FAILED, WRONG_ACCOUNT, Entry, Host
from .certificates import ca_context

_ACCOUNT_ERRORS = {1017, 28000}  # wrong name or password, account is locked


def login(entry: Entry, host: Host, timeout: float) -> None:
    """Log in to the service that the entry names in ``db_name``."""
    tls: dict[str, Any] = {"protocol": "tcp"}
    if entry.get("ssl_link"):
        tls = {"protocol": "tcps", "ssl_context": ca_context(entry), "ssl_server_dn_match": False}

    async def connect() -> None:
        connection = await oracledb.connect_async(
            host=host.ip,
            port=host.port,
            user=entry["db_user"],
            password=entry["db_password"],
            service_name=entry.get("db_name"),
            tcp_connect_timeout=timeout,
            **tls,
        )
        await connection.close()

    try:
        # Once the connection stands the driver waits for ever, so the limit is set from outside.
        asyncio.run(asyncio.wait_for(connect(), timeout))
    except asyncio.TimeoutError:
        raise RefusedError(FAILED, "timed out") from None
    except oracledb.Error as error:
        (problem,) = error.args
        code = WRONG_ACCOUNT if problem.code in _ACCOUNT_ERRORS else FAILED
        reason = re.sub(r" \(CONNECTION_ID=\S*\)|\nHelp:.*", "", problem.message)
        raise RefusedError(code, " ".join(reason.split())) from None
