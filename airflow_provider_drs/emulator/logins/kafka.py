"""Kafka, through librdkafka."""

from __future__ import annotations

import logging
import re
import time
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from ..errors import RefusedError
from . import FAILED, WRONG_ACCOUNT, Entry, Host
from .certificates import ca_certificates, client_identity

log = logging.getLogger(__name__)


def login(entry: Entry, host: Host, timeout: float) -> None:
    """Have the broker let a client in, and the controller that it names describe the cluster.

    So an address that a broker advertises has to be reachable as well: no client of Kafka gets far without.
    """
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
    try:
        client = AdminClient(settings | _security_settings(entry, security))
        answer = client.describe_cluster(request_timeout=timeout)
        deadline = time.monotonic() + timeout
        while not (answer.done() or errors) and time.monotonic() < deadline:
            client.poll(0.05)
        if errors:
            raise _refusal(errors)
        answer.result(0)
    except KafkaException as error:
        raise _refusal([error.args[0]]) from None
    except FutureTimeoutError:
        raise RefusedError(FAILED, "timed out") from None


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


def _refusal(errors: list[KafkaError]) -> RefusedError:
    # That no broker is left follows from the error that tells why, if there is one.
    error = next((each for each in errors if each.code() != KafkaError._ALL_BROKERS_DOWN), None)
    if error is None:
        return RefusedError(FAILED, "the broker hung up or did not answer")
    # A mechanism that the broker does not offer is called a failed authentication, too.
    wrong_account = error.code() == KafkaError._AUTHENTICATION and "handshake failed" not in error.str()
    reason = re.sub(r"^\S+/bootstrap: | \(after \d+ms in state \w+\)$", "", error.str())
    return RefusedError(WRONG_ACCOUNT if wrong_account else FAILED, reason)
