"""The rules between the members of an endpoint, from the vendor's field tables.

A rule is an error only if all of the vendor's documents agree on it. If they disagree, a breach is a doubt: it is
logged, and the service decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Broken = tuple[str, str]
"""A member, and the rule that it breaks; never its value."""

JOB_ID = r"^[0-9A-Za-z]{8}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{12}$"
NO_JOB_ID = "is not a DRS job id: 36 characters in groups of 8-4-4-4-12"
PROJECT_ID = r"^[0-9a-zA-Z_-]{1,64}$"
NO_PROJECT_ID = "must be 1 to 64 letters, digits, - or _"
# Airflow's rule for an id, without URIs, which may hold a password
CONNECTION_ID = r"(?!.*://)[\w#!()\-.:/\\]{1,250}"
NO_CONNECTION_ID = "must be the id of a Connection, and no URL"
LANGUAGES = ("en-us", "zh-cn")
HOSTS = r"^[^\s,/@]+(,[^\s,/@]+)*$"

DOCUMENTED_DB_TYPES = frozenset(
    {"mysql", "mongodb", "gaussdbv5", "gaussdbv5ha", "taurus", "kafka", "postgresql", "oracle"}
)
MAX_DB_NAME = 128
_NOT_IN_NAMES = frozenset("!<>&'\"")
_SASL = ("SASL_PLAINTEXT", "SASL_SSL")
_TLS = ("SSL", "SASL_SSL")


def broken_by_endpoint(values: Mapping[str, Any]) -> Iterator[Broken]:
    """Yield the broken rules of the vendor's ``TestEndPoint`` table.

    :param values: the members by their API names; a member may have a wrong type.
    """
    db_type, port = values.get("db_type"), values.get("db_port")
    if db_type == "kafka":
        kafka = values.get("kafka_security_config")
        if isinstance(kafka, Mapping) and kafka.get("type") in _SASL:
            yield from _need(values, f"when Kafka's security type is {kafka['type']}", "db_user", "db_password")
        if port == 0:
            yield "db_port", "must be left out for kafka, whose ports stand in ip: the service refuses a 0"
    else:
        yield from _need(values, "except for Kafka without SASL", "db_user", "db_password")
    if db_type in ("mongodb", "dds") and port != 0:
        yield "db_port", f"must be 0 for {db_type}, whose ports stand in ip"
    if db_type == "oracle" and port in (None, 0):
        yield "db_port", "is mandatory for oracle"
    if values.get("ssl_link") is True:
        yield from _need(values, "when ssl_link is true", "ssl_cert_key", "ssl_cert_name", "ssl_cert_check_sum")
    if str(values.get("ssl_cert_name", "")).lower().endswith(".p12"):
        yield from _need(values, "when the certificate is a .p12", "ssl_cert_password")
    if "inst_id" in values:
        yield from _need(values, "when inst_id names a cloud instance", "region")
    elif values.get("net_type") == "vpc":
        yield from _need(values, "when net_type is vpc", "vpc_id", "subnet_id")


def broken_by_cluster(values: Mapping[str, Any]) -> Iterator[Broken]:
    """Yield the members that the test of a cluster or primary/standby job has no place for.

    :param values: the members by their API names.
    """
    if values.get("cluster") is True:
        for member in ("ssl_cert_password", "customized_dns"):
            if member in values:
                yield member, "has no place in the test of a cluster"


def broken_when_stored(values: Mapping[str, Any], side: str) -> Iterator[Broken]:
    """Yield the broken rules of the vendor's table of the stored ``Endpoint``, beside those of a test.

    :param values: the members of a valid endpoint by their API names.
    :param side: ``source`` or ``target``.
    """
    name = values.get("db_name", "")
    if len(name) > MAX_DB_NAME or set(name) & _NOT_IN_NAMES:
        yield "db_name", f"may have at most {MAX_DB_NAME} characters to be stored, and none of {' '.join('!<>&')} ' \""
    if "cluster_mode" in values and side != "source":
        yield "cluster_mode", "is for a source only"


def broken_by_kafka_security(values: Mapping[str, Any]) -> Iterator[Broken]:
    """Yield the broken rules of the vendor's ``KafkaSecurity`` table.

    :param values: the members by their API names; a member may have a wrong type.
    """
    kind = values.get("type")
    if kind in _TLS:
        yield from _need(values, f"when type is {kind}", "trust_store_key_name", "trust_store_key")
    if kind in _SASL:
        yield from _need(values, f"when type is {kind}", "sasl_mechanism")
    if values.get("enable_key_store") is True:
        yield from _need(values, "when enable_key_store is true", "key_store_key", "key_store_key_name")
        if values.get("set_private_key_password") is True:
            yield from _need(values, "when set_private_key_password is true", "key_password")


def doubtful(sent: Mapping[str, Any]) -> Iterator[Broken]:
    """Yield the members about which the vendor's documents disagree, or whose value is allowed but rarely intended.

    :param sent: a valid endpoint as it goes over the wire.
    """
    db_type, kafka = sent["db_type"], sent.get("kafka_security_config", {})
    if db_type not in DOCUMENTED_DB_TYPES:
        yield "db_type", "is not among the documented types " + ", ".join(sorted(DOCUMENTED_DB_TYPES))
    if sent["net_type"] == "vpc" and "inst_id" in sent:
        for member in ("vpc_id", "subnet_id"):
            if member not in sent:
                yield member, "some documents ask for it when net_type is vpc, even beside inst_id"
    if sent["net_type"] == "eip" and sent.get("ssl_link") is False:
        yield "ssl_link", "is false on a public address: the database password travels unencrypted"
    if kafka and "type" not in kafka:
        yield (
            "kafka_security_config.type",
            "some documents make it mandatory as soon as Kafka asks for a login",
        )
    if kafka.get("type") in _TLS:
        if "trust_store_password" not in kafka:
            yield "kafka_security_config.trust_store_password", "older documents make it mandatory with TLS"
        if not kafka.get("endpoint_algorithm"):
            yield (
                "kafka_security_config.endpoint_algorithm",
                "is empty, so the broker's host name is not verified",
            )
    scram = kafka.get("type") in _SASL and str(kafka.get("sasl_mechanism")).startswith("SCRAM")
    if kafka.get("delegation_tokens") and not scram:
        yield "kafka_security_config.delegation_tokens", "has no effect without SASL and a SCRAM mechanism"


def _need(values: Mapping[str, Any], when: str, *members: str) -> Iterator[Broken]:
    for member in members:
        if member not in values:
            yield member, f"is mandatory {when}"
