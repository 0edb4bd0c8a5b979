"""The rules of an endpoint; one error names every violation."""

from __future__ import annotations

import json

import pytest
from samples import VENDOR_EXAMPLES, endpoint, job_id

from airflow_provider_drs.api.endpoint import Endpoint, parse_endpoints
from airflow_provider_drs.api.errors import DrsInputError

KAFKA = {"db_type": "kafka", "db_port": None, "db_user": None, "db_password": None}
SELF_MANAGED = {"inst_id": None, "region": None}
TLS = {"ssl_cert_key": "Q0VSVA==", "ssl_cert_name": "ca.pem", "ssl_cert_check_sum": "ab" * 32}
STORE = {"trust_store_key_name": "trust.jks", "trust_store_key": "SktT"}


def violations(*jobs: object) -> list[str]:
    with pytest.raises(DrsInputError) as caught:
        parse_endpoints(list(jobs))
    return caught.value.violations


@pytest.mark.parametrize("example", VENDOR_EXAMPLES, ids=[str(number) for number in range(1, 8)])
def test_every_example_of_the_vendor_is_accepted_and_sent_unchanged(example):
    (read,) = parse_endpoints([example])

    assert read.wire() == example


@pytest.mark.parametrize(
    ("members", "member"),
    [
        ({"id": None}, "id"),
        ({"id": "1234"}, "id"),
        ({"net_type": None}, "net_type"),
        ({"net_type": "wifi"}, "net_type"),
        ({"db_type": None}, "db_type"),
        ({"ip": None}, "ip"),
        ({"ip": "10.0.0.1, 10.0.0.2"}, "ip"),
        ({"end_point_type": None}, "end_point_type"),
        ({"end_point_type": "source"}, "end_point_type"),
        ({"db_user": None}, "db_user"),
        ({"db_password": None}, "db_password"),
        ({"db_port": 65536}, "db_port"),
        ({"db_port": True}, "db_port"),
        ({"db_port": "many"}, "db_port"),
        ({"db_type": "mongodb"}, "db_port"),
        ({"db_type": "mongodb", "db_port": None}, "db_port"),
        ({"db_type": "dds", "db_port": 27017}, "db_port"),
        ({"db_type": "oracle", "db_port": None}, "db_port"),
        ({"db_type": "oracle", "db_port": 0}, "db_port"),
        ({**KAFKA, "db_port": 0}, "db_port"),
        ({**KAFKA, "kafka_security_config": {"type": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"}}, "db_user"),
        ({"ssl_link": True, **TLS, "ssl_cert_key": None}, "ssl_cert_key"),
        ({"ssl_link": True, **TLS, "ssl_cert_name": None}, "ssl_cert_name"),
        ({"ssl_link": True, **TLS, "ssl_cert_check_sum": None}, "ssl_cert_check_sum"),
        ({"ssl_link": "true", **TLS, "ssl_cert_check_sum": None}, "ssl_cert_check_sum"),
        ({"ssl_cert_name": "client.p12"}, "ssl_cert_password"),
        ({"net_type": "vpc", "subnet_id": "s"}, "vpc_id"),
        ({"net_type": "vpc", "vpc_id": "v"}, "subnet_id"),
        ({"inst_id": "0123in01"}, "region"),
        ({"project_id": "no blanks"}, "project_id"),
        ({"kafka_security_config": {"type": "TLS"}}, "kafka_security_config.type"),
        (
            {"kafka_security_config": {"type": "SSL", "trust_store_key": "SktT"}},
            "kafka_security_config.trust_store_key_name",
        ),
        ({"kafka_security_config": {"type": "SASL_SSL", **STORE}}, "kafka_security_config.sasl_mechanism"),
        ({"kafka_security_config": {"sasl_mechanism": "OAUTHBEARER"}}, "kafka_security_config.sasl_mechanism"),
        (
            {"kafka_security_config": {"enable_key_store": True, "key_store_key": "SktT"}},
            "kafka_security_config.key_store_key_name",
        ),
        (
            {
                "kafka_security_config": {
                    "enable_key_store": True,
                    "key_store_key": "SktT",
                    "key_store_key_name": "key.jks",
                    "set_private_key_password": True,
                }
            },
            "kafka_security_config.key_password",
        ),
        ({"kafka_security_config": "PLAINTEXT"}, "kafka_security_config"),
        ({"customized_dns": {"is_set_dns": True, "dns_ip": "10.0.0.2"}}, "customized_dns.set_dns_action"),
        (
            {"customized_dns": {"is_set_dns": True, "set_dns_action": "drop", "dns_ip": ""}},
            "customized_dns.set_dns_action",
        ),
        ({"password": "misplaced"}, "password"),
    ],
)
def test_a_broken_rule_is_reported_by_position_and_member(members, member):
    lines = violations(endpoint(1), endpoint(2, **members))

    assert [line.split(":")[0] for line in lines if line.startswith(f"jobs[1].{member}:")] == [f"jobs[1].{member}"]


def test_one_error_has_all_violations_of_all_endpoints():
    lines = violations(
        endpoint(1, db_type="oracle", db_port=None, net_type="wifi"),
        endpoint(2),
        endpoint(3, ssl_link=True, db_password=None, surprise=1),
        5,
    )

    assert [line.split(":")[0] for line in lines] == [
        "jobs[0].net_type",
        "jobs[0].db_port",
        "jobs[2].surprise",
        "jobs[2].db_password",
        "jobs[2].ssl_cert_key",
        "jobs[2].ssl_cert_name",
        "jobs[2].ssl_cert_check_sum",
        "jobs[3]",
    ]


def test_no_value_of_a_secret_member_is_in_the_error_nor_in_any_repr():
    secret = "s3cr3t-c4nary"
    stores = ("trust_store_key", "trust_store_password", "key_store_key", "key_store_password", "key_password")
    bad = endpoint(
        1, db_password=[secret], ssl_cert_key={"a": secret}, kafka_security_config={"key_password": [secret]}
    )
    good = endpoint(
        2,
        db_password=secret,
        ssl_cert_key=secret,
        ssl_cert_password=secret,
        kafka_security_config=dict.fromkeys(stores, secret),
    )

    with pytest.raises(DrsInputError) as caught:
        parse_endpoints([bad, good])

    assert secret not in f"{caught.value!s} {caught.value!r} {caught.value.to_dict()}"
    assert secret not in repr(Endpoint.model_validate(good))
    assert secret not in str(Endpoint.model_validate(good))
    assert json.dumps(Endpoint.model_validate(good).wire()).count(secret) == 8


def test_none_counts_as_missing_and_a_port_of_zero_is_sent():
    (kafka,) = parse_endpoints(
        [endpoint(1, **KAFKA, kafka_security_config={"type": "PLAINTEXT", "key_password": None})]
    )
    (mongo,) = parse_endpoints([endpoint(1, db_type="mongodb", db_port=0, ip="h1:1,h2:2")])

    assert "db_port" not in kafka.wire()
    assert kafka.wire()["kafka_security_config"] == {"type": "PLAINTEXT"}
    assert mongo.wire()["db_port"] == 0


def test_the_text_of_a_number_or_a_truth_value_is_read_as_its_value():
    (read,) = parse_endpoints([endpoint(1, db_port="3306", ssl_link="False")])

    assert read.wire()["db_port"] == 3306
    assert read.wire()["ssl_link"] is False


def test_a_password_that_looks_like_a_number_stays_text():
    (read,) = parse_endpoints([endpoint(1, db_password="0042", db_name="7")])

    assert read.wire()["db_password"] == "0042"
    assert read.wire()["db_name"] == "7"


def test_the_label_is_for_people_and_never_sent():
    (read,) = parse_endpoints([endpoint(1, label="orders")])

    assert read.label == "orders"
    assert "label" not in read.wire()


def test_an_unlisted_database_type_is_a_doubt_and_not_an_error():
    (read,) = parse_endpoints([endpoint(1, db_type="duckdb")])

    assert [line.split(":")[0] for line in read.doubts()] == ["db_type"]


@pytest.mark.parametrize(
    ("kafka", "doubtful"),
    [
        ({"type": "SASL_SSL", "sasl_mechanism": "PLAIN", **STORE}, ["trust_store_password", "endpoint_algorithm"]),
        ({"type": "SSL", **STORE, "trust_store_password": "hunter22", "endpoint_algorithm": "https"}, []),
        ({"type": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", "delegation_tokens": True}, ["delegation_tokens"]),
        ({"type": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-256", "delegation_tokens": True}, []),
    ],
)
def test_settings_of_kafka_that_are_incomplete_or_without_effect_are_doubts(kafka, doubtful):
    (read,) = parse_endpoints([endpoint(1, db_type="kafka", kafka_security_config=kafka)])

    doubts = [line.split(":")[0].removeprefix("kafka_security_config.") for line in read.doubts()]
    # the store of the sample cannot be opened, which is another doubt
    assert [name for name in doubts if name != "trust_store_key"] == doubtful


def test_a_cloud_instance_in_a_vpc_may_leave_the_vpc_out_with_a_doubt():
    (read,) = parse_endpoints([endpoint(1, net_type="vpc", inst_id="0123in01", region="cn-north-4")])

    assert [line.split(":")[0] for line in read.doubts()] == ["vpc_id", "subnet_id"]


@pytest.mark.parametrize(
    ("members", "address"),
    [
        ({"ip": "db.example.org", "db_port": 5432}, "db.example.org:5432"),
        ({"ip": "2001:db8::7", "db_port": 5432}, "[2001:db8::7]:5432"),
        ({"ip": "[2001:db8::7]", "db_port": 5432}, "[2001:db8::7]:5432"),
        ({"ip": "h1:1,h2:2", "db_port": 0, "db_type": "mongodb"}, "h1:1,h2:2"),
        ({"ip": "db.example.org", "db_port": None}, "db.example.org"),
    ],
)
def test_an_address_is_written_with_its_port_and_with_brackets_for_ipv6(members, address):
    (read,) = parse_endpoints([endpoint(1, **members)])

    assert read.address == address


@pytest.mark.parametrize(
    "jobs",
    [
        [endpoint(1), endpoint(2)],
        (endpoint(1), endpoint(2)),
        json.dumps([endpoint(1), endpoint(2)]),
        str([endpoint(1), endpoint(2)]),
        iter([endpoint(1), endpoint(2)]),
    ],
    ids=["list", "tuple", "json", "text that a template made", "lazy sequence"],
)
def test_endpoints_are_read_from_every_form_of_input(jobs):
    assert [read.id for read in parse_endpoints(jobs)] == [job_id(1), job_id(2)]


def test_a_single_endpoint_is_a_list_of_one():
    assert [read.id for read in parse_endpoints(endpoint(7))] == [job_id(7)]


@pytest.mark.parametrize("jobs", ["", "[]", [], None, 7, "[{'db_password': 's3cr3t-c4nary'", "no list"])
def test_input_without_endpoints_is_refused_and_not_repeated(jobs):
    with pytest.raises(DrsInputError) as caught:
        parse_endpoints(jobs)

    assert "jobs" in str(caught.value)
    assert "s3cr3t-c4nary" not in str(caught.value)


def test_a_member_of_a_wrong_type_is_one_violation_and_further_rules_ignore_it():
    lines = violations(endpoint(1, db_type="mongodb", db_port="many"))

    assert [line.split(":")[0] for line in lines] == ["jobs[0].db_port"]
