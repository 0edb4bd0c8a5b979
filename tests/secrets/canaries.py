"""Canaries: a unique value for each kind of secret. After the runs, no canary may be anywhere in Airflow."""

from __future__ import annotations

import base64
import itertools
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_NASTY = ("'", '"', "%", "\n", "ñ密", "\\", "&<>", "{}", "$ ;", "+/=")
_SECRET_MEMBERS = ("db_password", "ssl_cert_key", "ssl_cert_password")
_SECRET_KAFKA_MEMBERS = (
    "trust_store_key",
    "trust_store_password",
    "key_store_key",
    "key_store_password",
    "key_password",
)
_CONNECTIONS = ("mysql", "postgres", "mongo", "oracle", "kafka_sasl", "kafka_trust", "kafka_keys", "kafka_key")

CREDENTIALS = ("token", "iam_password", "secret_key", "security_token", "pod_token")
PROJECT = "0123456789abcdef0123456789abcdef"
PLANTED = ("planted_log", "planted_xcom", "planted_trigger")
SENT = (*_SECRET_MEMBERS, *_SECRET_KAFKA_MEMBERS, *(f"of_{name}" for name in _CONNECTIONS), "token")
"""Canaries that must reach the service, in a body or a header."""
REFUSED = (
    "misspelt",
    "misspelt_kafka",
    "nested",
    "number",
    "bytes",
    "in_an_address",
    "in_a_connection_id",
    "in_a_job_id",
    "in_job_settings",
)
"""Canaries in a wrong place. They reach no service."""
NAMES = (*SENT, *CREDENTIALS[1:], *REFUSED)


@dataclass(frozen=True)
class Canary:
    """A secret of two recognisable halves, with characters between them that some formats escape.

    The halves are letters and digits, which no format escapes. A leak of one half is a leak of the secret.
    """

    name: str
    head: str
    middle: str
    tail: str

    @property
    def value(self) -> str:
        return f"{self.head}{self.middle}{self.tail}"

    def traces(self) -> Iterator[bytes]:
        """Yield the bytes to search for: each half as it is, and each half inside Base64 of a longer text."""
        for half in (self.head, self.tail):
            yield half.encode()
            for before in range(3):
                # Base64 depends on the position within three bytes; letters that mix in other bytes are cut off
                encoded = base64.b64encode(b"\0" * before + half.encode()).decode()
                yield encoded[4 if before else 0 : len(half) // 3 * 4].encode()


def make_canaries() -> dict[str, Canary]:
    """Return a new canary for every secret member, database connection, credential and planted leak."""
    digits = "123456789"
    letters = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    pick = random.SystemRandom()

    def half(name: str) -> str:
        return "".join(pick.choices(digits if name == "number" else letters, k=14))

    middles = itertools.cycle(_NASTY)
    # headers and URLs do not allow all characters
    plain = {"token", "security_token", "pod_token", "in_an_address", "in_a_connection_id", "in_a_job_id", *PLANTED}

    def middle(name: str) -> str:
        return "0" if name == "number" else "-" if name in plain else next(middles)

    return {name: Canary(name, half(name), middle(name), half(name)) for name in (*NAMES, *PLANTED)}


def environment(
    canaries: Mapping[str, Canary], services: Mapping[str, str], postgres_port: int, stores: Path
) -> dict[str, str]:
    """Return what Airflow runs with: connections and variables that hold the canaries, and all that it can log.

    :param canaries: the canaries by name.
    :param services: the URL of each connection to DRS, by connection id.
    :param postgres_port: port of the database, on loopback.
    :param stores: the folder with ``trust.p12``, ``keys.p12`` and ``pod_token``.
    """
    secret = {name: canary.value for name, canary in canaries.items()}
    here = {"host": "127.0.0.1", "port": postgres_port, "login": "drs"}
    connections = {
        "mysql_db": {"conn_type": "mysql", **here, "password": secret["of_mysql"]},
        "postgres_db": {"conn_type": "postgres", **here, "schema": "postgres", "password": secret["of_postgres"]},
        "mongo_db": {
            "conn_type": "mongo",
            "host": f"127.0.0.1:{postgres_port},127.0.0.1:{postgres_port}",
            "login": "drs",
            "password": secret["of_mongo"],
        },
        "oracle_db": {"conn_type": "oracle", **here, "schema": "ORCL", "password": secret["of_oracle"]},
        "kafka_db": {
            "conn_type": "kafka",
            "extra": {
                "bootstrap.servers": f"127.0.0.1:{postgres_port}",
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "PLAIN",
                "sasl.username": "drs",
                "sasl.password": secret["of_kafka_sasl"],
                "ssl.truststore.location": str(stores / "trust.p12"),
                "ssl.truststore.password": secret["of_kafka_trust"],
                "ssl.keystore.location": str(stores / "keys.p12"),
                "ssl.keystore.password": secret["of_kafka_keys"],
                "ssl.key.password": secret["of_kafka_key"],
            },
        },
    }
    for name, url in services.items():
        connections[name] = {
            "conn_type": "drs",
            "host": url,
            "password": secret["token"],
            "extra": {"project_id": PROJECT},
        }
    for kind in ("agency", "pod"):
        # an agency alone reads the endpoint of its metadata service
        where = {"metadata_endpoint": services["drs_gate"]} if kind == "agency" else {}
        connections[f"drs_{kind}"] = {
            "conn_type": "drs",
            "host": services["drs_gate"],
            "extra": {"project_id": PROJECT, "auth_type": kind, **where},
        }
    for user in ("drs", "nobody"):
        connections[f"{user}_user"] = {
            "conn_type": "drs",
            "host": services["drs_emulator"],
            "login": user,
            "password": secret["iam_password"],
            "extra": {
                "project_id": PROJECT,
                "auth_type": "password",
                "domain_name": "drs",
                "iam_endpoint": services["drs_emulator"],
            },
        }
        connections[f"{user}_key"] = {
            "conn_type": "drs",
            "host": services["drs_emulator"],
            "login": user,
            "password": secret["secret_key"],
            "extra": {"project_id": PROJECT, "auth_type": "aksk", "security_token": secret["security_token"]},
        }
    return {
        **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(connection) for name, connection in connections.items()},
        "AIRFLOW_VAR_CANARIES": json.dumps(
            {name: secret[name] for name in (*_SECRET_MEMBERS, *_SECRET_KAFKA_MEMBERS, *REFUSED)}
        ),
        "AIRFLOW_VAR_DATABASE_PORT": str(postgres_port),
        "HC_CONTAINER_CREDENTIALS_FULL_URI": f"{services['drs_gate']}/v1/credentials",
        "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(stores / "pod_token"),
        **{name.upper(): secret[name] for name in PLANTED},
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
    }
