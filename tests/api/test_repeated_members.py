"""A result may repeat what was sent for its endpoint; where it repeats another thing, it is not believed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from raw_answers import answer
from samples import endpoint, job_id

from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.operations.connection_test import CONNECTION_TEST, judge

SECRET = "correct horse battery"
KAFKA = {
    "type": "SASL_PLAINTEXT",
    "sasl_mechanism": "PLAIN",
    "delegation_tokens": False,
    "trust_store_password": SECRET,
}
SENT: dict[str, Any] = {
    "db_name": "Shop",
    "inst_id": "0123456789abcdef0123456789abcdefin01",
    "region": "cn-north-4",
    "project_id": "0123456789abcdef0123456789abcdef",
    "vpc_id": "vpc-1",
    "subnet_id": "subnet-1",
    "ssl_link": False,
    "kafka_security_config": KAFKA,
    "customized_dns": {"is_set_dns": True, "set_dns_action": "add", "dns_ip": "192.0.2.53"},
}
HOSTS = {"db_type": "mongodb", "ip": "192.0.2.7:8635,Db.example.org:8635", "db_port": 0}


def verdict(repeated, **sent):
    """Return the verdict on an endpoint whose good result repeats this."""
    [one] = parse_endpoints([endpoint(1, **{**SENT, **sent})])
    result = {"id": job_id(1), "status": "success", "success": True, **repeated}
    secrets = CONNECTION_TEST.secrets_in(one.wire())
    return judge([one], answer({"results": [result], "count": 1}, secrets=secrets).payload)[0]


def named(value):
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize(
    "repeated",
    [
        endpoint(1, **SENT),
        {"dbType": "MYSQL", "DB-PORT": "3306", "dbport": 3306.0, "nettype": "EIP", "endPointType": "source"},
        {"instanceId": SENT["inst_id"], "instid": SENT["inst_id"], "user_name": "DRS", "dbName": "shop"},
        {"ssl_link": "false", "ssllink": 0, "job_id": job_id(1), "jobId": None, "ID": job_id(1)},
        {"db_type": "", "ip": None, "db_user": "***", "region": "********", "db_name": [], "db_port": "", "host": " "},
        {"db_user": "d*s", "inst_id": "0123****in01", "db_password": "******", "ip": "192.0.*.*"},
        {"db_port": 0},
        {"ip": "192.0.2.10:3306"},
        {"ip": "192.0.2.10:****"},
        {"ip": ["192.0.2.10"], "host": "192.0.2.10", "port": "3306"},
        {"endpoint": {"id": "of the endpoint", "ip": "192.0.2.10", "db_type": "mysql"}},
        {"target_endpoint": {"ip": "198.51.100.7"}, "inst_info": {"ip": "198.51.100.8"}},
        {"kafka_security_config": None, "customized_dns": {}},
        {"kafkaSecurityConfig": {"type": "sasl_plaintext", "key_password": "***", "trust_store_password": SECRET}},
        {"ssl_cert_name": "not-sent.pem"},
    ],
    ids=named,
)
def test_what_a_result_repeats_in_any_spelling_is_no_objection(repeated):
    assert verdict(repeated).text is None


@pytest.mark.parametrize(
    "ip",
    [
        HOSTS["ip"],
        "db.example.org:8635,192.0.2.7:8635",
        "db.example.org., 192.0.2.7",
        ["192.0.2.7:8635", "db.example.org:8635"],
        "192.0.2.7:8635,198.51.100.7:8635",  # what the name stands for
    ],
    ids=named,
)
def test_several_hosts_may_come_back_in_another_order_without_ports_or_looked_up(ip):
    assert verdict({"ip": ip, "db_port": 8635}, **HOSTS).passed


def test_an_address_of_six_may_come_back_in_another_spelling():
    assert verdict({"ip": "[2001:DB8:0::1]:3306"}, ip="2001:db8::1").passed
    assert not verdict({"ip": "2001:db8::2"}, ip="2001:db8::1").passed


OTHER = [
    ("db_type", "oracle"),
    ("DbType", "oracle"),
    ("ip", "198.51.100.7"),
    ("ip", "192.0.2.10:3307"),
    ("ip", "192.0.2.10,198.51.100.7"),
    ("ip", "db.example.org"),
    ("ip", ["198.51.100.7"]),
    ("ip", {"address": "198.51.100.7"}),
    ("ip", 7),
    ("host", "198.51.100.7"),
    ("db_port", 3307),
    ("dbport", "3307"),
    ("port", 3307),
    ("db_name", "0"),
    ("end_point_type", "ta"),
    ("endpointtype", "target"),
    ("endpoint_role", "ta"),
    ("net_type", "vpc"),
    ("user_name", "root"),
    ("db_user", "root"),
    ("db_user", "r**t"),
    ("db_user", "*** has no access"),
    ("db_user", "***has no access***"),
    ("db_name", "other"),
    ("inst_id", "0123****in02"),
    ("instance_id", "another"),
    ("region", "eu-west-101"),
    ("project_id", "another"),
    ("projectId", "another"),
    ("vpc_id", "vpc-2"),
    ("subnetId", "subnet-2"),
    ("ssl_link", True),
    ("sslLink", "true"),
    ("ID", job_id(2)),
    ("job_id", [job_id(1)]),
]


@pytest.mark.parametrize("member", OTHER, ids=named)
def test_a_result_that_repeats_another_thing_than_was_sent_has_not_passed(member):
    name, value = member
    actual = verdict({name: value})

    assert not actual.passed
    assert f"{name} was sent as " in str(actual.text)
    assert f" and came back as {value!r}"[:40] in str(actual.text)


@pytest.mark.parametrize(
    ("repeated", "path"),
    [
        ({"kafka_security_config": {"type": "PLAINTEXT"}}, "kafka_security_config.type"),
        ({"kafka_security_config": {"delegation_tokens": True}}, "kafka_security_config.delegation_tokens"),
        ({"customized_dns": {"dns_ip": "192.0.2.54"}}, "customized_dns.dns_ip"),
        ({"endpoint": {"ip": "198.51.100.7"}}, "endpoint.ip"),
        ({"source_endpoint": {"db_type": "oracle"}}, "source_endpoint.db_type"),
        ({"source_endpoint": {"kafkaSecurityConfig": {"type": "SSL"}}}, "source_endpoint.kafkaSecurityConfig.type"),
    ],
)
def test_so_has_one_that_repeats_it_within_an_object(repeated, path):
    assert f"{path} was sent as " in str(verdict(repeated).text)


@pytest.mark.parametrize("ip", ["192.0.2.7:8635", "192.0.2.7:8635,db.example.org:8636", "192.0.2.7,db.example.net"])
def test_a_result_about_some_of_the_hosts_or_others_has_not_passed(ip):
    assert not verdict({"ip": ip}, **HOSTS).passed


@pytest.mark.parametrize("name", ["endpoint", "kafka_security_config", "customized_dns", "db_password", "other"])
def test_what_speaks_against_a_result_is_seen_beside_what_it_repeats(name):
    assert not verdict({name: {"type": "SASL_PLAINTEXT", "error_msg": "access was denied"}}).passed


def test_a_secret_that_is_a_name_as_well_is_not_told():
    actual = verdict({"db_user": "root"}, db_user=SECRET, db_password=SECRET)

    assert not actual.passed
    assert "db_user" in str(actual.text)
    assert SECRET not in str(actual.text)
    assert verdict({"db_user": SECRET}, db_user=SECRET, db_password=SECRET).passed
