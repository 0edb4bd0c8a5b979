"""From the Airflow Connection of a database to the members of an endpoint."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_drs._compat import AirflowNotFoundException, BaseHook
from airflow_provider_drs._masking import mask
from airflow_provider_drs.api.certificates import CertificateError, read_file
from airflow_provider_drs.api.endpoint import secrets_in
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.rules import DOCUMENTED_DB_TYPES
from airflow_provider_drs.api.secrets import HiddenDict

if TYPE_CHECKING:
    from airflow.sdk import Connection

Members = dict[str, Any]


class _UnfitError(Exception):
    """What a connection lacks, or says that DRS has no way to take."""


def members_of_connection(conn_id: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the members of an endpoint that a database's Connection stands for, its secrets masked.

    :param conn_id: a Connection of type ``mysql``, ``postgres``, ``mongo``, ``oracle``, ``kafka``, or ``generic``.
    :param given: what the endpoint gives itself, which decides what the Connection has to say.
    :raises DrsInputError: when there is no such Connection, or it does not fit; no value of it is repeated.
    """
    try:
        members = HiddenDict(_members(conn_id, given))
    except AirflowNotFoundException:
        raise DrsInputError([f"there is no connection {conn_id}"]) from None
    except _UnfitError as why:
        raise DrsInputError([f"connection {conn_id} {why}"]) from None
    mask(secrets_in([members]))
    return members


def _members(conn_id: str, given: Mapping[str, Any]) -> Members:
    connection = BaseHook.get_connection(conn_id)
    kind = _KINDS.get(str(connection.conn_type))
    if kind is None:
        raise _UnfitError(f"is of type {connection.conn_type}, not {', '.join(_KINDS)}")
    db_type = given.get("db_type", kind.db_type)
    if db_type is None:
        raise _UnfitError(f"is of type {connection.conn_type}, so db_type has to be given beside it")
    if kind.db_types and db_type in DOCUMENTED_DB_TYPES | {"dds"} and db_type not in kind.db_types:
        raise _UnfitError(f"is of type {connection.conn_type}, which does not fit db_type {db_type}")
    members = {"db_type": db_type, **kind.read(connection, given)}
    return {name: value for name, value in members.items() if value not in (None, "")}


def _plain(connection: Connection, given: Mapping[str, Any]) -> Members:
    port = connection.port or _PORTS.get(str(connection.conn_type))
    return {
        "ip": connection.host,
        "db_port": port,
        "db_user": connection.login,
        "db_password": connection.password,
    }


def _mysql(connection: Connection, given: Mapping[str, Any]) -> Members:
    extra = connection.extra_dejson
    ssl = _object(extra.get("ssl"))
    mode = str(extra.get("ssl_mode") or ssl.get("mode") or "").upper()
    off = mode == "DISABLED" or _is_true(extra.get("ssl_disabled"))
    wanted = None if mode in ("", "PREFERRED") and not ssl else True
    authority = ssl.get("ca") or extra.get("ssl_ca")
    return {**_plain(connection, given), **_tls(given, False if off else wanted, authority)}


def _postgres(connection: Connection, given: Mapping[str, Any]) -> Members:
    extra = connection.extra_dejson
    wanted = {"disable": False, "require": True, "verify-ca": True, "verify-full": True}.get(str(extra.get("sslmode")))
    tls = _tls(given, wanted, extra.get("sslrootcert"))
    return {**_plain(connection, given), "db_name": connection.schema, **tls}


def _mongo(connection: Connection, given: Mapping[str, Any]) -> Members:
    extra = connection.extra_dejson
    if _is_true(extra.get("srv")) and "ip" not in given:
        raise _UnfitError("finds its hosts by a DNS seed list (srv), so ip has to be given beside it")
    switches = [extra[name] for name in ("ssl", "tls") if name in extra]
    wanted = any(map(_is_true, switches)) if switches else None
    return {
        **_plain(connection, given),
        "ip": _hosts(connection.host, connection.port or 27017),
        "db_port": 0,
        "db_name": extra.get("authSource") or connection.schema,
        **_tls(given, wanted, extra.get("tlsCAFile") or extra.get("ssl_ca_certs")),
    }


def _oracle(connection: Connection, given: Mapping[str, Any]) -> Members:
    extra = connection.extra_dejson
    if extra.get("sid") and not extra.get("service_name") and "db_name" not in given:
        raise _UnfitError("names a SID, while DRS takes a service name: give db_name beside it")
    wallet = extra.get("wallet_location")
    return {
        **_plain(connection, given),
        "db_name": extra.get("service_name") or connection.schema,
        **_tls(given, True if wallet else None, wallet and str(Path(wallet, "ewallet.p12"))),
        "ssl_cert_password": extra.get("wallet_password"),
    }


def _kafka(connection: Connection, given: Mapping[str, Any]) -> Members:
    extra = connection.extra_dejson
    said = {name: value for name, value in extra.items() if value not in (None, "")}
    security: Members = {
        "type": str(said.get("security.protocol", "PLAINTEXT")).upper(),
        "sasl_mechanism": said.get("sasl.mechanism") or said.get("sasl.mechanisms"),
        "endpoint_algorithm": said.get("ssl.endpoint.identification.algorithm"),
    }
    if security["endpoint_algorithm"] == "none":
        security["endpoint_algorithm"] = ""
    if security["type"] in ("SSL", "SASL_SSL"):
        security |= _stores(said, _object(given.get("kafka_security_config")))
    return {
        "ip": _hosts(said.get("bootstrap.servers") or connection.host, connection.port or 9092),
        "db_user": said.get("sasl.username") or connection.login,
        "db_password": said.get("sasl.password") or connection.password,
        "kafka_security_config": {name: value for name, value in security.items() if value is not None},
    }


def _stores(said: Mapping[str, Any], given: Mapping[str, Any]) -> Members:
    if ("ssl.ca.pem" in said or "ssl.certificate.pem" in said) and "trust_store_key" not in given:
        raise _UnfitError("holds certificates as text, while DRS takes files: name them in ssl.ca.location")
    if "ssl.certificate.location" in said and "key_store_key" not in given:
        raise _UnfitError("has its client certificate in PEM files, while DRS takes a key store: ssl.keystore.location")
    stores: Members = {}  # librdkafka knows a CA file only; the trust store is Java's, and what DRS speaks of
    trust = said.get("ssl.truststore.location") or said.get("ssl.ca.location")
    if trust and "trust_store_key" not in given:
        password = given.get("trust_store_password") or said.get("ssl.truststore.password")
        stores["trust_store_key"], stores["trust_store_key_name"] = _store("trust store", trust, password)
        stores["trust_store_password"] = password
    keys = said.get("ssl.keystore.location")
    if keys and "key_store_key" not in given:
        password = given.get("key_store_password") or said.get("ssl.keystore.password")
        stores["key_store_key"], stores["key_store_key_name"] = _store("key store", keys, password)
        stores |= {"enable_key_store": True, "key_store_password": password}
        if key_password := said.get("ssl.key.password"):
            stores |= {"set_private_key_password": True, "key_password": key_password}
    return stores


def _store(what: str, path: str, password: str | None) -> tuple[str, str]:
    try:
        key, name, _ = read_file(path, password)
    except CertificateError as why:
        raise _UnfitError(f"names a {what} that {why}") from None
    return key, name


def _tls(given: Mapping[str, Any], wanted: bool | None, authority: object) -> Members:
    """Return the TLS members; ``wanted`` is ``None`` where the connection leaves it open."""
    if wanted is False or (wanted is None and not authority):
        return {} if wanted is None else {"ssl_link": False}
    if authority:
        return {"ssl_link": True, "ssl_cert_file": str(authority)}
    if not given.keys() & {"ssl_link", "ssl_cert_file", "ssl_cert_key"}:
        # without a certificate DRS cannot, and unencrypted is not what the connection asks for
        raise _UnfitError("asks for TLS and names no CA certificate: give ssl_cert_file, or ssl_link false, beside it")
    return {"ssl_link": True}


def _hosts(hosts: str | None, port: int) -> str | None:
    listed = [host.strip() for host in (hosts or "").split(",") if host.strip()]
    return ",".join(host if re.search(r":\d+$", host) else f"{host}:{port}" for host in listed) or None


def _object(value: object) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    return value if isinstance(value, Mapping) else {}


def _is_true(value: object) -> bool:
    return str(value).lower() in ("true", "1", "yes")


@dataclass(frozen=True)
class _Kind:
    """A connection type: the ``db_type`` it means, others it may be used for, and how it is read."""

    db_type: str | None
    read: Callable[[Connection, Mapping[str, Any]], Members]
    also: tuple[str, ...] = ()

    @property
    def db_types(self) -> set[str]:
        return {self.db_type, *self.also} if self.db_type else set()


_MYSQL = _Kind("mysql", _mysql, ("taurus",))
_POSTGRES = _Kind("postgresql", _postgres, ("gaussdbv5", "gaussdbv5ha"))
_MONGO = _Kind("mongodb", _mongo, ("dds",))
_KINDS = {
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "postgres": _POSTGRES,
    "postgresql": _POSTGRES,
    "mongo": _MONGO,
    "mongodb": _MONGO,
    "oracle": _Kind("oracle", _oracle),
    "kafka": _Kind("kafka", _kafka),
    "generic": _Kind(None, _plain),
}
_PORTS = {"mysql": 3306, "mariadb": 3306, "postgres": 5432, "postgresql": 5432, "oracle": 1521}
