"""The request of a cluster's test, whose members stand in a text, and the one result that belongs to its end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from calls import client
from contract_schemas import SCHEMAS, validator
from samples import endpoint, job_id
from wire import Reply, Service

from airflow_provider_drs.api.endpoint import Endpoint, parse_endpoints
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.operations.cluster_connection_test import CLUSTER_CONNECTION_TEST, body


def cluster(**members: Any) -> Endpoint:
    (one,) = parse_endpoints([endpoint(1, cluster=True, **members)])
    return one


def sent(**members: Any) -> dict[str, Any]:
    (entry,) = body(cluster(**members))["jobs"]
    (inner,) = json.loads(entry["property"])
    return dict(inner)


def test_an_entry_names_the_job_and_holds_one_endpoint_as_text():
    (entry,) = body(cluster())["jobs"]

    assert entry.keys() == {"action", "job_id", "property"}
    assert (entry["action"], entry["job_id"]) == ("testConnection", job_id(1))
    assert json.loads(entry["property"]) == [
        {
            "dbtype": "mysql",
            "nettype": "eip",
            "endpointtype": "so",
            "dbuser": "drs",
            "dbpassword": "correct horse battery",
            "ip": "192.0.2.10:3306",
            "ssllink": False,
        }
    ]


@pytest.mark.parametrize(
    ("members", "ip"),
    [
        ({"ip": "db.example.org"}, "db.example.org:3306"),
        ({"ip": "db.example.org:3307"}, "db.example.org:3307"),
        ({"ip": "2001:db8::1"}, "[2001:db8::1]:3306"),
        ({"ip": "a:27017,b:27017", "db_type": "mongodb", "db_port": 0}, "a:27017,b:27017"),
        ({"ip": "a:27017", "db_type": "mongodb", "db_port": 0}, "a:27017"),
    ],
)
def test_the_port_stands_in_ip(members, ip):
    assert sent(**members)["ip"] == ip


def test_mongodb_has_the_port_0_and_the_name_of_its_database():
    inner = sent(db_type="mongodb", db_port=0, ip="a:27017", db_name="admin")

    assert (inner["dbport"], inner["dbName"]) == (0, "admin")


def test_every_member_keeps_the_contract():
    inner = sent(
        inst_id="in01",
        region="cn-north-4",
        project_id="p",
        vpc_id="vpc",
        subnet_id="subnet",
        ssl_link=True,
        ssl_cert_key="S0VZ",
        ssl_cert_name="ca.pem",
        ssl_cert_check_sum="0" * 64,
        kafka_security_config={"type": "PLAINTEXT"},
    )

    validator("ClusterEndpoint").validate(inner)
    assert inner.keys() <= SCHEMAS["ClusterEndpoint"]["properties"].keys()
    assert inner["ssllink"] is True


@pytest.mark.parametrize(
    "members",
    [
        {"ssl_cert_password": "x"},
        {"customized_dns": {"is_set_dns": True, "set_dns_action": "add", "dns_ip": "192.0.2.1"}},
    ],
)
def test_a_member_that_this_test_has_no_place_for_is_bad_input(members):
    with pytest.raises(DrsInputError, match="has no place in the test of a cluster"):
        cluster(**members)


def test_every_secret_in_the_text_is_known_as_one():
    kafka = {
        "type": "SSL",
        "trust_store_key_name": "t.jks",
        "trust_store_key": "canary-store",
        "trust_store_password": 'x"y',
    }
    request = body(cluster(db_password='can"ary', ssl_cert_key="canary-key", kafka_security_config=kafka))

    secrets = CLUSTER_CONNECTION_TEST.secrets_in(request)

    assert {'can"ary', "canary-key", "canary-store", 'x"y', request["jobs"][0]["property"]} <= {*secrets}
    assert "ary" not in repr(request)


def test_a_password_that_the_answer_repeats_as_json_in_json_is_left_out():
    password = 'can"ary\\password'

    def answer(request: Any) -> Reply:
        echo = json.dumps({"seen": request.json["jobs"][0]["property"]})
        result = {"id": job_id(1), "status": "false", "error_code": "DRS.KE0002", "error_msg": f"bad {echo}"}
        return Reply({"results": [result], "count": 1})

    with Service(answer) as service, client(service) as drs:
        (verdict,) = drs.test_connections([cluster(db_password=password)])

    assert not verdict.passed
    assert "ary" not in repr(verdict)


@pytest.mark.parametrize(("word", "passed"), [("true", True), ("success", True), ("false", False), ("failed", False)])
def test_the_result_is_that_of_the_parent_job(word, passed):
    reply = Reply({"results": [{"id": job_id(1), "status": word}], "count": 1})
    with Service(lambda request: reply) as service, client(service) as drs:
        (verdict,) = drs.test_connections([cluster()])

    assert (verdict.passed, verdict.job_id) == (passed, job_id(1))


def test_two_endpoints_of_clusters_are_never_in_one_call():
    with Service() as service, client(service) as drs, pytest.raises(ValueError, match="too many values"):
        drs.test_connections([cluster(), cluster(end_point_type="ta")])

    assert service.requests == []
