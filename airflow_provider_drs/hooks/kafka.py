"""Make the members of an endpoint from the Airflow Connection of a Kafka cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_drs.api.model.certificates import CertificateError, read_file
from airflow_provider_drs.api.model.values import Address, plain
from airflow_provider_drs.hooks.connection_fields import ConnectionFields, Extra
from airflow_provider_drs.hooks.tls import KAFKA, asks_for_tls

_PORT = 9092
_PROTOCOLS = {plain(name): name for name in ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")}
SCHEMES = frozenset(name.lower() for name in _PROTOCOLS.values())
_TLS = ("SSL", "SASL_SSL")


def servers(fields: ConnectionFields, extra: Extra) -> str:
    """Return the text that names the brokers: ``bootstrap.servers``, or else the host.

    :param fields: the Connection.
    :param extra: its extra.
    """
    return extra.text("bootstrap.servers") or extra.text("metadata.broker.list") or fields.host


def members(
    fields: ConnectionFields, extra: Extra, hosts: list[Address], overrides: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the members of an endpoint; violations are added to those of the extra.

    Its ``kafka_security_config`` follows the contract's ``KafkaSecurity``.

    :param fields: the Connection.
    :param extra: its extra.
    :param hosts: the brokers.
    :param overrides: members that the endpoint sets itself.
    """
    configured = overrides.get("kafka_security_config")
    security_overrides = configured if isinstance(configured, Mapping) else {}
    security = {
        "type": security_overrides.get("type") or _protocol(extra, hosts),
        "sasl_mechanism": extra.text("sasl.mechanism") or extra.text("sasl.mechanisms"),
        "endpoint_algorithm": extra.text("ssl.endpoint.identification.algorithm"),
    }
    if security["endpoint_algorithm"] == "none":
        security["endpoint_algorithm"] = ""
    if security["type"] in _TLS:
        security |= _stores(extra, security_overrides)
    return {
        "ip": ",".join(str(Address(each.host, each.port or fields.port or _PORT)) for each in hosts),
        "db_user": extra.text("sasl.username") or fields.login,
        "db_password": extra.text("sasl.password") or fields.password,
        "kafka_security_config": {name: value for name, value in security.items() if value is not None},
    }


def _protocol(extra: Extra, hosts: list[Address]) -> str:
    named = {_PROTOCOLS[plain(each.scheme)] for each in hosts if plain(each.scheme) in _PROTOCOLS}
    configured = _PROTOCOLS.get(plain(extra.text("security.protocol") or ""))
    if configured:
        named.add(configured)
    wanted = asks_for_tls(extra, KAFKA)
    if len(named) > 1:
        extra.violations.append(
            "extra: names several security protocols: set kafka_security_config.type in the endpoint"
        )
    elif wanted and not named & set(_TLS):
        extra.violations.append(
            "extra: asks for TLS, and security.protocol does not: set kafka_security_config.type in the endpoint"
        )
    return named.pop() if named else "PLAINTEXT"


def _stores(extra: Extra, overrides: Mapping[str, Any]) -> dict[str, Any]:
    stores: dict[str, Any] = {}
    if "trust_store_key" not in overrides:
        # DRS expects a trust store as Java has it; librdkafka knows a CA file only.
        for name in ("ssl.ca.pem", "ssl.ca", "ssl.truststore.certificates"):
            if extra.text(name):
                extra.fail(name, "holds a certificate as text, while DRS takes a file: name it in ssl.ca.location")
        stores |= _store(extra, "trust_store", ("ssl.truststore.location", "ssl.ca.location", "ssl_cafile"), overrides)
    if "key_store_key" not in overrides:
        for name in ("ssl.certificate.location", "ssl.certificate.pem", "ssl.certificate", "ssl_certfile"):
            if extra.text(name):
                extra.fail(name, "is a client certificate in PEM, while DRS takes a key store: ssl.keystore.location")
        if keys := _store(extra, "key_store", ("ssl.keystore.location",), overrides):
            stores |= {"enable_key_store": True, **keys}
            if key_password := extra.text("ssl.key.password"):
                stores |= {"set_private_key_password": True, "key_password": key_password}
    return stores


def _store(extra: Extra, store: str, names: tuple[str, ...], overrides: Mapping[str, Any]) -> dict[str, Any]:
    name = next((name for name in names if extra.text(name)), None)
    if name is None:
        return {}
    password = overrides.get(f"{store}_password") or extra.text(f"ssl.{store.replace('_', '')}.password")
    try:
        key, file, _ = read_file(extra.text(name) or "", password)
    except CertificateError as why:
        extra.fail(name, f"names a file that {why}")
        return {}
    return {f"{store}_key": key, f"{store}_key_name": file, f"{store}_password": password}
