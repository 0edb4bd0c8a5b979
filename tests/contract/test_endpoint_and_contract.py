"""The package and the emulator are two readings of the same documents; here they are held against each other."""

from __future__ import annotations

from typing import Any

import pytest
from contract_schemas import SCHEMAS, validator
from hypothesis import example, given, settings
from hypothesis import strategies as st
from samples import VENDOR_EXAMPLES, endpoint

from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.model.rules import DOCUMENTED_DB_TYPES

ENDPOINT = validator("TestEndPoint")

words = st.sampled_from(["", "x", "ca.pem", "client.p12"])
flags = st.booleans()


def some_of(members: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=members)


KAFKA = some_of(
    {
        "type": st.sampled_from(["PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL", "TLS"]),
        "sasl_mechanism": st.sampled_from(["GSSAPI", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]),
        **dict.fromkeys(("delegation_tokens", "enable_key_store", "set_private_key_password"), flags),
        **dict.fromkeys(
            ("trust_store_key_name", "trust_store_key", "trust_store_password", "endpoint_algorithm"), words
        ),
        **dict.fromkeys(("key_store_key", "key_store_key_name", "key_store_password", "key_password", "other"), words),
    }
)
DNS = some_of(
    {
        "is_set_dns": flags,
        "set_dns_action": st.sampled_from(["add", "keep", "update", "recover", "drop"]),
        "dns_ip": words,
    }
)
CHANGES = some_of(
    {
        "id": st.sampled_from([endpoint(1)["id"], "1", ""]),
        "net_type": st.sampled_from(["vpn", "vpc", "eip", "lan"]),
        "db_type": st.sampled_from(["mysql", "mongodb", "dds", "postgresql", "oracle", "kafka", "taurus"]),
        "ip": st.sampled_from(["h", "h:1,h:2", "h, h", "", "h,"]),
        "end_point_type": st.sampled_from(["so", "ta", "source"]),
        "db_port": st.sampled_from([0, 1, 3306, 65535, 65536, -1, 1.5]),
        "project_id": st.sampled_from(["p", "a b", ""]),
        "ssl_link": flags,
        **dict.fromkeys(
            ("inst_id", "region", "db_user", "db_password", "db_name", "vpc_id", "subnet_id", "other"), words
        ),
        **dict.fromkeys(("ssl_cert_key", "ssl_cert_name", "ssl_cert_check_sum", "ssl_cert_password"), words),
        "kafka_security_config": KAFKA,
        "customized_dns": DNS,
    }
)


def accepted(entry: dict[str, Any]) -> bool:
    try:
        parse_endpoints([entry])
    except DrsInputError:
        return False
    return True


def without_blanks(members: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out empty text where the contract wants some: that is what a template makes of what it did not find."""
    properties = {name: _resolved(schema["properties"].get(name, {})) for name in members}
    return {
        name: without_blanks(value, properties[name]) if isinstance(value, dict) else value
        for name, value in members.items()
        if value != "" or (properties[name].keys() <= {"type", "format", "description"} and properties[name])
    }


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    return SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


@settings(max_examples=400)
@given(changes=CHANGES, left_out=st.sets(st.sampled_from(sorted(endpoint(1)))))
@example(changes={"db_type": "kafka"}, left_out={"db_user", "db_password", "db_port"})
def test_an_endpoint_is_accepted_exactly_when_it_keeps_the_contract(changes, left_out):
    entry = {name: value for name, value in endpoint(1).items() if name not in left_out} | changes

    assert accepted(entry) == ENDPOINT.is_valid(without_blanks(entry, SCHEMAS["TestEndPoint"]))


@pytest.mark.parametrize("entry", VENDOR_EXAMPLES, ids=[str(number) for number in range(1, 8)])
def test_the_vendors_examples_keep_the_contract(entry):
    assert ENDPOINT.is_valid(entry)


def test_every_engine_of_the_contract_is_accepted_and_only_the_documented_ones_without_a_doubt():
    doubted = set()
    for db_type in SCHEMAS["AnyDbType"]["enum"]:
        port = 0 if db_type in ("mongodb", "dds") else 1521
        (read,) = parse_endpoints([endpoint(1, db_type=db_type, db_port=port)])
        doubted |= {db_type} if read.doubts() else set()

    assert set(SCHEMAS["AnyDbType"]["enum"]) - doubted == DOCUMENTED_DB_TYPES


def test_both_readings_know_the_same_members():
    from airflow_provider_drs.api.endpoint import CustomizedDns, Endpoint, KafkaSecurity

    sent = set(Endpoint.model_fields) - Endpoint.not_on_the_wire
    assert sent == set(SCHEMAS["TestEndPoint"]["properties"])
    assert len(sent) == 21
    assert set(KafkaSecurity.model_fields) == set(SCHEMAS["KafkaSecurity"]["properties"])
    assert len(KafkaSecurity.model_fields) == 13
    assert set(CustomizedDns.model_fields) == set(SCHEMAS["CustomizedDns"]["properties"])
    assert len(CustomizedDns.model_fields) == 3


def test_the_statuses_are_those_of_the_vendors_list():
    (listed,) = (rule["enum"] for rule in SCHEMAS["TaskStatus"]["anyOf"] if "enum" in rule)

    assert {JobStatus(text) for text in listed} == set(JobStatus)
