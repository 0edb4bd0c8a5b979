"""Make the members of an endpoint from the Airflow Connection of a database."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_provider_drs._masking import mask
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.input_secrets import secrets_in
from airflow_provider_drs.api.model.hidden import HiddenDict
from airflow_provider_drs.api.model.rules import CONNECTION_ID, DOCUMENTED_DB_TYPES, NO_CONNECTION_ID
from airflow_provider_drs.api.model.values import Address, UnreadableError, addresses, truth
from airflow_provider_drs.api.texts import printable
from airflow_provider_drs.hooks import kafka, tls
from airflow_provider_drs.hooks.connection_fields import ConnectionFields, Extra, read_connection, read_fields

Members = dict[str, Any]
Overrides = Mapping[str, Any]


def members_of_connection(conn_id: str, overrides: Overrides) -> Mapping[str, Any]:
    """Return the members of an endpoint that a database's Connection holds, and mask the secrets among them.

    :param conn_id: a Connection of type ``mysql``, ``mariadb``, ``postgres``, ``postgresql``, ``mongo``, ``mongodb``,
        ``oracle``, ``kafka`` or ``generic``.
    :param overrides: members that the endpoint sets itself; a Connection need not hold them.
    :raises DrsInputError: when the Connection does not fit or cannot be read; it names every violation and no value.
    :raises DrsUnreachableError: when Airflow has no such Connection, or cannot read it right now.
    """
    if not re.fullmatch(CONNECTION_ID, conn_id):
        raise DrsInputError([NO_CONNECTION_ID])
    fields = read_fields(read_connection(conn_id))
    members = HiddenDict(_members(fields, overrides))
    if fields.violations:
        raise DrsInputError([f"connection {conn_id}: {line}" for line in fields.violations])
    mask(secrets_in([members]))
    return members


def _members(fields: ConnectionFields, overrides: Overrides) -> Members:
    kind = _KINDS.get(fields.conn_type)
    db_type = overrides.get("db_type", kind and kind.db_type)
    wrong = fields.violations
    if kind is None:
        wrong.append(f"is of type {printable(fields.conn_type)}, not {', '.join(_KINDS)}")
        return {}
    if db_type is None:
        wrong.append(f"is of type {fields.conn_type}, so the endpoint must set db_type")
    elif kind.db_types and db_type in list((DOCUMENTED_DB_TYPES | {"dds"}) - kind.db_types):
        wrong.append(f"is of type {fields.conn_type}, which does not fit db_type {db_type}")
    members = {"db_type": db_type, **kind.read(_Source(fields, kind, overrides))}
    return {name: value for name, value in members.items() if value not in (None, "")}


class _Source:
    """A Connection while it is read, and the members that the endpoint overrides."""

    def __init__(self, fields: ConnectionFields, kind: _Kind, overrides: Overrides) -> None:
        self.fields = fields
        self.overrides = overrides
        self.kind = kind
        self.wrong = fields.violations
        self.extra = Extra(tls.spread_out(fields.extra) if kind.table is tls.MYSQL else fields.extra, self.wrong)
        self.tls_override = _tls_override(overrides)
        self.hosts = self._hosts(kafka.servers(fields, self.extra) if kind.table is tls.KAFKA else fields.host)
        if self.tls_override is None and tls.mentions_tls(fields.schema):
            self.wrong.append("schema: asks for TLS: set that in the extra")

    def _hosts(self, text: str) -> list[Address]:
        member = "host" if text == self.fields.host else "extra.bootstrap.servers"
        connection_decides_tls = self.tls_override is None
        try:
            hosts = addresses(text) if text else []
        except UnreadableError as error:
            if "ip" not in self.overrides or (connection_decides_tls and tls.mentions_tls(text)):
                self.wrong.append(f"{member}: {error}")
            return []
        unknown_schemes = {host.scheme for host in hosts} - {"", *self.kind.schemes}
        if unknown_schemes and ("ip" not in self.overrides or connection_decides_tls):
            self.wrong.append(f"{member}: names a scheme that does not fit the type of the connection")
            return []
        return hosts

    def account(self) -> Members:
        """Return user and password."""
        return {"db_user": self.fields.login, "db_password": self.fields.password}

    def address(self) -> Members:
        """Return host and port as two members; several hosts stay in one member, each with its own port."""
        if len(self.hosts) != 1:
            port = self.fields.port or self.kind.port
            return {"ip": ",".join(map(str, self.hosts)), "db_port": port}
        host = self.hosts[0]
        if host.port and self.fields.port and host.port != self.fields.port and "db_port" not in self.overrides:
            self.wrong.append("port: differs from the port in host")
        return {"ip": host.host, "db_port": host.port or self.fields.port or self.kind.port}

    def tls(self, ca_path: str | None) -> Members:
        """Return the members for TLS. DRS knows TLS on and TLS off, and needs a CA certificate for TLS.

        :param ca_path: path of the CA certificate that the Connection names.
        """
        wanted = self.tls_override
        if wanted is None:
            schemes = [self.kind.schemes[host.scheme] for host in self.hosts if host.scheme]
            wanted = tls.asks_for_tls(self.extra, self.kind.table, schemes)
            if wanted is False:
                return {"ssl_link": False}
            if wanted and not ca_path:
                # No fallback to an unencrypted login: the Connection asks for TLS.
                self.wrong.append(
                    "asks for TLS and names no CA certificate: set ssl_cert_file or ssl_link false in the endpoint"
                )
        if not wanted:
            return {}
        overridden = self.overrides.keys() & {"ssl_cert_file", "ssl_cert_key"}
        return {"ssl_link": True, "ssl_cert_file": None if overridden else ca_path}

    def certificate(self, *names: str) -> str | None:
        """Return the path that these options hold, or ``None`` when the endpoint switches TLS off."""
        if self.tls_override is False:
            return None
        paths = {path for name in names if (path := self.extra.text(name))}
        if len(paths) > 1:
            self.wrong.append("extra: names several CA certificates: set ssl_cert_file in the endpoint")
        return min(paths, default=None)


def _tls_override(overrides: Overrides) -> bool | None:
    try:
        return truth(overrides["ssl_link"])
    except (KeyError, UnreadableError):
        return True if overrides.keys() & {"ssl_cert_file", "ssl_cert_key"} else None


def _generic(source: _Source) -> Members:
    return {**source.address(), **source.account(), **source.tls(None)}


def _mysql(source: _Source) -> Members:
    return {**source.address(), **source.account(), **source.tls(source.certificate("ssl_ca"))}


def _postgres(source: _Source) -> Members:
    ca_path = source.certificate("sslrootcert")
    # libpq reads "system" as the CA certificates of the machine, which DRS does not see.
    tls_members = source.tls(None if ca_path == "system" else ca_path)
    return {**source.address(), **source.account(), "db_name": source.fields.schema, **tls_members}


def _mongo(source: _Source) -> Members:
    if source.extra.get("srv", truth) and "ip" not in source.overrides:
        source.wrong.append("gets its hosts from a DNS seed list (srv), so the endpoint must set ip")
    hosts = [Address(each.host, each.port or source.fields.port or source.kind.port) for each in source.hosts]
    return {
        **source.account(),
        "ip": ",".join(map(str, hosts)),
        "db_port": 0,
        "db_name": source.extra.text("authSource") or source.fields.schema,
        **source.tls(source.certificate("tlsCAFile", "ssl_ca_certs", "sslCA")),
    }


def _oracle(source: _Source) -> Members:
    service = source.extra.text("service_name")
    if source.extra.text("sid") and not service and "db_name" not in source.overrides:
        source.wrong.append("names a SID, while DRS takes a service name: set db_name in the endpoint")
    wallet = source.certificate("wallet_location")
    tls_members = source.tls(str(Path(wallet, "ewallet.p12")) if wallet else None)
    if tls_members.get("ssl_cert_file"):
        tls_members["ssl_cert_password"] = source.extra.text("wallet_password")
    return {**source.address(), **source.account(), "db_name": service or source.fields.schema, **tls_members}


def _kafka(source: _Source) -> Members:
    return kafka.members(source.fields, source.extra, source.hosts, source.overrides)


@dataclass(frozen=True)
class _Kind:
    """A connection type and how it is read.

    :param db_type: the ``db_type`` of its endpoints; ``None`` if each endpoint must set it.
    :param read: makes the members of an endpoint.
    :param other_db_types: further values of ``db_type`` that an endpoint may set.
    :param port: the engine's default port.
    :param table: the TLS options that its drivers know.
    :param schemes: the URL schemes that a host may have, and whether each asks for TLS.
    """

    db_type: str | None
    read: Callable[[_Source], Members]
    other_db_types: tuple[str, ...]
    port: int | None
    table: tls.Table
    schemes: Mapping[str, tls.Wish]

    @property
    def db_types(self) -> set[str]:
        return {self.db_type, *self.other_db_types} if self.db_type else set()


_NONE, _OFF, _ON = tls.Wish.NONE, tls.Wish.OFF, tls.Wish.ON
_MYSQL = _Kind("mysql", _mysql, ("taurus",), 3306, tls.MYSQL, {"mysql": _NONE, "mariadb": _NONE})
_POSTGRES = _Kind(
    "postgresql",
    _postgres,
    ("gaussdbv5", "gaussdbv5ha"),
    5432,
    tls.POSTGRESQL,
    {"postgres": _NONE, "postgresql": _NONE},
)
_MONGO = _Kind("mongodb", _mongo, ("dds",), 27017, tls.MONGODB, {"mongodb": _NONE, "mongo": _NONE})
_KINDS = {
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "postgres": _POSTGRES,
    "postgresql": _POSTGRES,
    "mongo": _MONGO,
    "mongodb": _MONGO,
    "oracle": _Kind("oracle", _oracle, (), 1521, tls.ORACLE, {"tcp": _OFF, "tcps": _ON}),
    "kafka": _Kind("kafka", _kafka, (), None, tls.KAFKA, dict.fromkeys(kafka.SCHEMES, _NONE)),
    "generic": _Kind(None, _generic, (), None, {}, {}),
}
