"""MySQL, MariaDB and GaussDB for MySQL (``taurus``), through PyMySQL."""

from __future__ import annotations

import pymysql
from pymysql.constants import CLIENT, CR, ER

from ..errors import RefusedError
from . import FAILED, WRONG_ACCOUNT, Entry, Host
from .certificates import ca_context

_LOCKED = {3118, 4151}  # by MySQL, by MariaDB
_ACCOUNT_ERRORS = {ER.ACCESS_DENIED_ERROR, 1698, *_LOCKED}  # 1698: the account has no password to log in with


class _Connection(pymysql.Connection):
    """Does not go on in clear where TLS is wanted and the server has none, as PyMySQL does by itself before 1.2."""

    def _get_server_information(self) -> None:
        super()._get_server_information()  # type: ignore[misc]
        offered: int = self.server_capabilities  # type: ignore[attr-defined]
        if self.ssl and not offered & CLIENT.SSL:
            raise pymysql.OperationalError(
                CR.CR_SSL_CONNECTION_ERROR, "SSL is required but the server doesn't support it"
            )


def login(entry: Entry, host: Host, timeout: float) -> None:
    """Log in, and choose the database if the entry names one."""
    tls = ca_context(entry) if entry.get("ssl_link") else None
    try:
        _Connection(
            host=host.ip,
            port=host.port,
            user=entry["db_user"],
            password=entry["db_password"].encode(),  # of text it would take Latin-1
            database=entry.get("db_name") or None,
            ssl=tls,
            # Without ssl_link DRS speaks plain, so a server that insists on TLS has to fail here as well.
            ssl_disabled=tls is None,
            connect_timeout=timeout,
            read_timeout=timeout,
            write_timeout=timeout,
        ).close()
    except (pymysql.Error, RuntimeError) as error:  # RuntimeError: a way to log in that PyMySQL lacks a package for
        number = error.args[0]
        raise RefusedError(WRONG_ACCOUNT if number in _ACCOUNT_ERRORS else FAILED, str(error.args[-1])) from None
