"""What is sent to store tested endpoints, and which answer says that they are stored."""

from __future__ import annotations

from typing import Any

import pytest
from calls import client
from contract_schemas import validator
from hypothesis import given
from hypothesis import strategies as st
from samples import VENDOR_EXAMPLES, endpoint, job_id
from wire import Reply, Service

from airflow_provider_drs.api.endpoint import Endpoint, parse_endpoints
from airflow_provider_drs.api.operations.job_modification import JOB_MODIFICATION, StoreRequest, body, judge
from airflow_provider_drs.api.wire.answers import Answer

SETTINGS = {"node_type": "high", "engine_type": "mysql", "job_direction": "up", "replace_definer": True}
KAFKA = {
    "type": "SASL_SSL",
    "sasl_mechanism": "PLAIN",
    "trust_store_key_name": "trust.jks",
    "trust_store_key": "canary-trust-store",
    "trust_store_password": "canary-trust-password",
    "enable_key_store": True,
    "key_store_key": "canary-key-store",
    "key_store_key_name": "key.jks",
    "key_store_password": "canary-key-store-password",
    "set_private_key_password": True,
    "key_password": "canary-key-password",
}


def pair(number: int = 1, **members: Any) -> StoreRequest:
    source, target = parse_endpoints([endpoint(number, **members), endpoint(number, end_point_type="ta")])
    return StoreRequest(source, target, SETTINGS)


def verdict(*results: Any, number: int = 1, **beside: Any) -> Any:
    requests = [pair(one) for one in range(1, number + 1)]
    return judge(requests, Answer({"results": list(results), "count": len(results), **beside}, "a-request", {}))


def test_the_request_keeps_the_contract():
    stored = {
        "az_code": "az1",
        "security_group_id": "sg",
        "inst_name": "rds",
        "mongo_ha_mode": "replica",
        "cluster_mode": "Sharding4.0+",
        "safe_mode": 1,
        "topic": "orders",
    }
    requests = [
        pair(1, **stored),
        pair(2, db_type="kafka", db_port=None, ip="h:9093", kafka_security_config=KAFKA),
        pair(3, customized_dns={"is_set_dns": True, "set_dns_action": "add", "dns_ip": "192.0.2.1"}),
    ]

    sent = body(requests)

    validator("BatchModifyJobReq").validate(sent)
    assert stored.items() <= sent["jobs"][0]["source_endpoint"].items()
    assert sent["jobs"][1]["source_endpoint"]["kafka_security_config"] == KAFKA
    assert "customized_dns" not in sent["jobs"][2]["source_endpoint"]


@pytest.mark.parametrize("entry", VENDOR_EXAMPLES, ids=[str(number) for number in range(1, 8)])
def test_every_member_of_a_tested_endpoint_is_stored_but_those_of_the_job(entry):
    (tested,) = parse_endpoints([entry])

    form = tested.stored_form()

    of_the_job = {"id", "net_type", "end_point_type", "customized_dns"}
    assert form == {name: value for name, value in tested.wire().items() if name not in of_the_job}


def test_what_is_only_stored_is_not_tested():
    (one,) = parse_endpoints([endpoint(1, az_code="az1", topic="orders", cluster=True)])

    assert not {"az_code", "topic", "cluster"} & one.wire().keys()
    assert Endpoint.only_stored & one.stored_form().keys() == {"az_code", "topic"}


def test_a_request_shows_none_of_its_secrets():
    request = pair(1, db_type="kafka", db_port=None, ip="h:9093", kafka_security_config=KAFKA)

    assert "canary" not in repr(request) + repr(body([request]))
    secrets = JOB_MODIFICATION.secrets_in(body([request]))
    assert {text for name, text in KAFKA.items() if str(text).startswith("canary")} <= {*secrets}


@pytest.mark.parametrize("status", [200, 202])
def test_either_good_status_is_read_and_the_result_decides(status):
    results = [{"id": job_id(1), "status": "success"}, {"id": job_id(2), "status": "failed", "error_msg": "no"}]
    with Service(lambda request: Reply({"results": results, "count": 2}, status)) as service, client(service) as drs:
        first, second = drs.store_endpoints([pair(1), pair(2)])

    assert (first.passed, first.stored) == (True, True)
    assert (second.passed, second.stored, second.text) == (False, False, "not stored: no")


GOOD = {"id": job_id(1), "status": "success"}


@pytest.mark.parametrize(
    "results",
    [
        [],
        [GOOD, GOOD],
        [{**GOOD, "id": job_id(9)}],
        [{**GOOD, "status": "failed"}],
        [{**GOOD, "error_code": "DRS.M00304"}],
        [{**GOOD, "result": "FAILED"}],
        [GOOD, "x"],
    ],
)
def test_only_one_plain_success_is_a_store(results):
    (job,) = verdict(*results)

    assert (job.passed, job.stored, job.request_id) == (False, False, "a-request")
    assert (job.text or "").startswith("not stored: ")


@given(status=st.none() | st.booleans() | st.integers() | st.text(max_size=12))
def test_no_other_status_is_a_store(status):
    (job,) = verdict({"id": job_id(1), "status": status})

    assert job.stored is (isinstance(status, str) and status.lower() == "success")


def test_the_results_may_come_in_another_order():
    first, second = verdict({"id": job_id(2), "status": "failed"}, GOOD, number=2)

    assert (first.job_id, first.stored) == (job_id(1), True)
    assert (second.job_id, second.stored) == (job_id(2), False)
