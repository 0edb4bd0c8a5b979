"""Endpoints and job ids for tests."""

from __future__ import annotations

from typing import Any


def job_id(number: int) -> str:
    """Return a well-formed job id. Its last group ends in ``jb...``, as in real ids."""
    return f"{number:08x}-2222-4333-8444-5555555jb101"


def endpoint(number: int, **members: Any) -> dict[str, Any]:
    """Return a valid endpoint of job ``number``. A member with the value ``None`` is left out."""
    defaults = {
        "id": job_id(number),
        "net_type": "eip",
        "db_type": "mysql",
        "ip": "192.0.2.10",
        "db_port": 3306,
        "db_user": "drs",
        "db_password": "correct horse battery",
        "end_point_type": "so",
    }
    return {name: value for name, value in {**defaults, **members}.items() if value is not None}


def both_ends(number: int) -> list[dict[str, Any]]:
    """Return source and target of job ``number``, with all that DRS needs to store them."""
    cloud = {"region": "cn-north-4", "project_id": "p"}
    source = endpoint(number, label="old shop", **cloud)
    target = endpoint(number, label="new shop", end_point_type="ta", ip="10.0.0.5", inst_id="in01", **cloud)
    return [source, target]


_MYSQL_TO_KAFKA = {
    "id": "3bc38fe4-da50-4aad-903e-5db76d8jb20i",
    "ip": "xxxxxxx:xxxx",
    "net_type": "eip",
    "db_type": "kafka",
    "project_id": "5237e10fe9aa4ad5b16b6a5245248314",
    "end_point_type": "ta",
}
_ACCOUNT = {"db_user": "xxxxxxx", "db_password": "xxxxxxx"}
_TRUST_STORE = {
    "type": "SSL",
    "trust_store_key_name": "client.truststore.jks",
    "trust_store_key": "xxxxxx",
    "trust_store_password": "xxxxxx",
    "endpoint_algorithm": "",
    "enable_key_store": False,
}
_MYSQL = {
    "id": "140b5236-88ad-43c8-811c-1268453jb101",
    "net_type": "eip",
    "db_type": "mysql",
    "db_port": 3306,
    "db_user": "root",
    "db_password": "********",
}

VENDOR_EXAMPLES: list[dict[str, Any]] = [
    {
        **_MYSQL,
        "ip": "192.168.4.66:8635,192.168.4.83:8635",
        "db_type": "mongodb",
        "db_port": 0,
        "inst_id": "3cadd5a0ef724f55ac7fa5bcb5f4fc5fin02",
        "project_id": "0549a6a31000d4e82fd1c00c3d6f2d76",
        "region": "region-1",
        "end_point_type": "ta",
    },
    {
        **_MYSQL,
        "ip": "192.168.0.131",
        "inst_id": "e05a3679efe241d8b5dee80b17c1a863in01",
        "project_id": "054ba152d480d55b2f5dc0069e7ddef0",
        "region": "region-1",
        "end_point_type": "ta",
    },
    {**_MYSQL, "ip": "192.168.0.27", "ssl_link": False, "end_point_type": "so"},
    {**_MYSQL_TO_KAFKA, "kafka_security_config": {"type": "PLAINTEXT"}},
    {
        **_MYSQL_TO_KAFKA,
        **_ACCOUNT,
        "kafka_security_config": {"type": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"},
    },
    {**_MYSQL_TO_KAFKA, "kafka_security_config": _TRUST_STORE},
    {**_MYSQL_TO_KAFKA, **_ACCOUNT, "kafka_security_config": _TRUST_STORE},
]
"""The request examples of the vendor's page *Testing Connections in Batches*, entry by entry, in its order."""
