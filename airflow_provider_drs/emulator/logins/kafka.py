"""Kafka, through librdkafka."""

from __future__ import annotations

import logging
import time
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from ..errors import RefusedError
from . import FAILED, WRONG_ACCOUNT, Entry, Host
from .certificates import ca_certificates, client_identity

log = logging.getLogger(__name__)


def login(entry: Entry, host: Host, timeout: float) -> None:
    """Have the broker let a client in, and describe its cluster; no other broker is dialled."""
    security = entry.get("kafka_security_config", {})
    if security.get("sasl_mechanism") == "GSSAPI" and security.get("type", "").startswith("SASL"):
        log.warning("%s:%s: only the port was reached, Kerberos is not spoken here", host.name, host.port)
        return
    errors: list[KafkaError] = []
    milliseconds = int(timeout * 1000)
    settings: dict[str, Any] = {
        "bootstrap.servers": f"[{host.name}]:{host.port}" if ":" in host.name else f"{host.name}:{host.port}",
        "error_cb": errors.append,
        "log_level": 0,
        "socket.connection.setup.timeout.ms": max(1000, milliseconds),
        # Never a second time: it would be one more failed login.
        "reconnect.backoff.ms": 10 * milliseconds,
        "reconnect.backoff.max.ms": 10 * milliseconds,
    }
    client = AdminClient(settings | _security_settings(entry, security))
    answer = client.describe_cluster(request_timeout=timeout)
    deadline = time.monotonic() + timeout
    while not (answer.done() or errors) and time.monotonic() < deadline:
        client.poll(0.05)
    if errors:
        wrong_account = errors[0].code() == KafkaError._AUTHENTICATION and "handshake" not in errors[0].str()
        raise RefusedError(WRONG_ACCOUNT if wrong_account else FAILED, _reason(errors[0]))
    if not answer.done():
        raise RefusedError(FAILED, "timed out")
    try:
        answer.result()
    except KafkaException as error:
        raise RefusedError(FAILED, _reason(error.args[0])) from None


def _security_settings(entry: Entry, security: Entry) -> dict[str, Any]:
    protocol = security.get("type", "PLAINTEXT")
    settings: dict[str, Any] = {"security.protocol": protocol}
    if protocol.startswith("SASL"):
        settings |= {
            "sasl.mechanism": security["sasl_mechanism"],
            "sasl.username": entry["db_user"],
            "sasl.password": entry["db_password"],
        }
    if protocol.endswith("SSL"):
        settings |= {
            "ssl.ca.pem": ca_certificates(security["trust_store_key"], security.get("trust_store_password")),
            "ssl.endpoint.identification.algorithm": security.get("endpoint_algorithm") or "none",
        }
        if security.get("enable_key_store"):
            identity = client_identity(security["key_store_key"], security.get("key_store_password"))
            settings |= {"ssl.certificate.pem": identity.certificates, "ssl.key.pem": identity.key}
    return settings


def _reason(error: KafkaError) -> str:
    return error.str()
