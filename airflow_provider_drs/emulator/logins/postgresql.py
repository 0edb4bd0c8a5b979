"""PostgreSQL, through psycopg."""

from __future__ import annotations

import math
import re
from contextlib import ExitStack
from typing import Any

import psycopg

from ..errors import RefusedError
from . import FAILED, WRONG_ACCOUNT, Entry, Host
from .certificates import ca_file


def login(entry: Entry, host: Host, timeout: float) -> None:
    """Log in to the database that the entry names, or else to ``postgres``."""
    with ExitStack() as stack:
        # Without ssl_link DRS speaks plain, so a server that insists on TLS has to fail here as well.
        tls: dict[str, Any] = {"sslmode": "disable"}
        if entry.get("ssl_link"):
            tls = {"sslmode": "verify-ca", "sslrootcert": stack.enter_context(ca_file(entry))}
        try:
            psycopg.connect(
                host=host.name,
                hostaddr=host.ip,
                port=host.port,
                user=entry["db_user"],
                password=entry["db_password"],
                dbname=entry.get("db_name") or "postgres",
                connect_timeout=max(2, math.ceil(timeout)),  # libpq reads less than 2 as 2, and 0 as for ever
                **tls,
            ).close()
        except psycopg.Error as error:
            reason = re.sub(r"^connection failed: (connection to server at .+?, port \d+ failed: )?", "", str(error))
            # libpq does not hand on the SQLSTATE of a failed login, so the server's words have to decide.
            wrong_account = re.search(
                r'authentication failed for user|role ".*" (does not exist|is not permitted to log in)', reason
            )
            raise RefusedError(WRONG_ACCOUNT if wrong_account else FAILED, " ".join(reason.split())) from None
