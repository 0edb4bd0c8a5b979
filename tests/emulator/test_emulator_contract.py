"""What a body must look like, and that a refusal never repeats what was in it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from drs_calls import JOB, Drs, cluster_end, cluster_job, end, entry, stored
from jsonschema import Draft202012Validator

from airflow_provider_drs.emulator import contract
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

DOCUMENT = yaml.safe_load(Path(contract.__file__).with_name("contract.yaml").read_text(encoding="utf-8"))
CANARY = "canary-7d1f"
KAFKA: dict[str, Any] = {"db_type": "kafka", "db_port": None, "ip": "127.0.0.1:1", "db_user": None, "db_password": None}


@pytest.fixture(scope="module")
def drs() -> Iterator[Drs]:
    with Emulator(World(ready_after_polls=0), probe=lambda _: None) as emulator:
        yield Drs(emulator)


def breaches(drs: Drs, body: Any, operation: str = "batch-connection") -> list[str]:
    response = drs.post(operation, json=body)
    assert (response.status_code, response.json()["error_code"]) == (400, "DRS.M00202"), response.text
    text: str = response.json()["error_msg"]
    return text.split("; ")


def test_a_call_holds_ten_entries_at_most(drs: Drs) -> None:
    assert breaches(drs, {"jobs": [entry()] * 11}) == ["jobs: must hold at most 10 items"]


@pytest.mark.parametrize(
    "body", ["[" * 100_000 + "]" * 100_000, '{"jobs":' * 50_000, '{"x": ' + "[" * 21 + "]" * 21 + "}"]
)
@pytest.mark.parametrize("operation", ["batch-connection", "batch-status", "auth/tokens"])
def test_what_is_nested_too_deep_is_refused(drs: Drs, body: str, operation: str) -> None:
    url = f"{drs.emulator.url}/v3/" + (
        operation if "/" in operation else f"{drs.emulator.world.project_id}/jobs/{operation}"
    )
    headers = {"X-Auth-Token": drs.emulator.world.token, "Content-Type": "application/json"}

    answer = requests.post(url, data=body, headers=headers, timeout=30)

    assert answer.status_code == 400
    assert "body: is nested more than 20 deep" in answer.text


def test_brackets_in_texts_nest_nothing(drs: Drs) -> None:
    response = drs.post("batch-connection", json={"jobs": [entry(db_password='"' + "[" * 100 + "\\")]})

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("members", "breach"),
    [
        ({"db_type": "mongodb"}, "jobs[0].db_port: must be 0"),
        ({"db_type": "mongodb", "db_port": None}, "jobs[0].db_port: is missing"),
        ({"db_type": "oracle", "db_port": None}, "jobs[0].db_port: is missing"),
        ({**KAFKA, "db_port": 0}, "jobs[0].db_port: must be at least 1"),
        ({"db_port": 65536}, "jobs[0].db_port: must be at most 65535"),
        ({"db_port": "5432"}, 'jobs[0].db_port: must be of type "integer"'),
        ({"net_type": "lan"}, 'jobs[0].net_type: must be one of ["vpn", "vpc", "eip"]'),
        ({"end_point_type": None}, "jobs[0].end_point_type: is missing"),
        ({"db_password": None}, "jobs[0].db_password: is missing"),
        ({"db_user": ""}, "jobs[0].db_user: must have at least 1 character"),
        ({"inst_id": "in01"}, "jobs[0].region: is missing"),
        ({"ip": "one two"}, r'jobs[0].ip: must match "^[^\\s,]+(,[^\\s,]+)*$"'),
        ({"db_pasword": "x"}, "jobs[0].db_pasword: is not a member"),
        ({"no name at all": "x"}, "jobs[0].?: is not a member"),
        (
            {**KAFKA, "kafka_security_config": {"type": "SASL_PLAINTEXT"}, "db_user": "u", "db_password": "p"},
            "jobs[0].kafka_security_config.sasl_mechanism: is missing",
        ),
    ],
)
def test_a_breach_is_named_by_path_and_rule(drs: Drs, members: dict[str, Any], breach: str) -> None:
    assert breaches(drs, {"jobs": [entry(**members)]}) == [breach]


def test_every_breach_of_every_entry_is_named_once(drs: Drs) -> None:
    actual = breaches(drs, {"jobs": [entry(net_type="vpc", ssl_link=True, db_port=-1), entry(), entry(id="job")]})
    assert sorted(actual) == [
        "jobs[0].db_port: must be at least 0",
        "jobs[0].ssl_cert_check_sum: is missing",
        "jobs[0].ssl_cert_key: is missing",
        "jobs[0].ssl_cert_name: is missing",
        "jobs[0].subnet_id: is missing",
        "jobs[0].vpc_id: is missing",
        'jobs[2].id: must match "^[0-9A-Za-z]{8}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{12}$"',
    ]


@pytest.mark.parametrize(
    ("body", "breach"),
    [
        ({}, "jobs: is missing"),
        ([], 'body: must be of type "object"'),
        ({"jobs": []}, "jobs: must hold at least 1 item"),
        ({"jobs": [], "page_req": {"per_page": 0, "cur_page": 2}}, "page_req.cur_page: must be one of [0, 1]"),
    ],
)
def test_a_status_call_is_checked_as_well(drs: Drs, body: Any, breach: str) -> None:
    assert breach in breaches(drs, body, "batch-status")


@pytest.mark.parametrize(
    ("job", "breach"),
    [
        (stored(target_endpoint=None), "jobs[0].target_endpoint: is missing"),
        (stored(node_type=None), "jobs[0].node_type: is missing"),
        (stored(engine_type=None, replace_definer=None), "jobs[0].engine_type: is missing"),
        (stored(replace_definer=None), "jobs[0].replace_definer: is missing"),
        (stored(net_type=None), "jobs[0].net_type: is missing"),
        (stored(store_db_info=None), "jobs[0].store_db_info: is missing"),
        (stored(source_endpoint=end(ip=None)), "jobs[0].source_endpoint.ip: is missing"),
        (stored(source_endpoint=end(db_password=None)), "jobs[0].source_endpoint.db_password: is missing"),
        (stored(source_endpoint=end(inst_id="in01", ip=None)), "jobs[0].source_endpoint.region: is missing"),
        (stored(source_endpoint=end(net_type="eip")), "jobs[0].source_endpoint.net_type: is not a member"),
        (stored(source_endpoint=end(db_port=65536)), "jobs[0].source_endpoint.db_port: must be at most 65535"),
        ({"job_id": JOB, "name": "1st"}, 'jobs[0].name: must match "^[A-Za-z][A-Za-z0-9_-]{3,49}$"'),
        ({"name": "gate"}, "jobs[0].job_id: is missing"),
    ],
)
def test_a_modification_is_checked_as_well(drs: Drs, job: Any, breach: str) -> None:
    response = drs.post("batch-modification", method="PUT", json={"jobs": [job]})
    assert (response.status_code, response.json()["error_code"]) == (400, "DRS.M00202")
    assert response.json()["error_msg"] == breach


@pytest.mark.parametrize(
    "job",
    [
        stored(job_direction=None),
        stored(engine_type="postgresql", replace_definer=None),
        stored(target_endpoint=end(ip=None, db_port=None, inst_id="in01", region="cn-north-4")),
        stored(source_endpoint=end(db_port="3306"), target_endpoint=end(db_port=0)),
        stored(target_endpoint=end(db_type="kafka", db_user=None, db_password=None)),
    ],
)
def test_what_documented_examples_leave_out_may_be_left_out(drs: Drs, job: Any) -> None:
    assert drs.post("batch-modification", method="PUT", json={"jobs": [job]}).status_code == 200


@pytest.mark.parametrize(
    ("text", "breach"),
    [
        ("[{", "jobs[1].property: must be JSON"),
        ("{}", 'jobs[1].property: must be of type "array"'),
        ("[]", "jobs[1].property: must hold at least 1 item"),
        ("[" * 21 + "]" * 21, "jobs[1].property: is nested more than 20 deep"),
        ("[" * 100_000, "jobs[1].property: is nested more than 20 deep"),
        (cluster_job(cluster_end(dbtype=None))["property"], "jobs[1].property[0].dbtype: is missing"),
        (cluster_job(cluster_end(dbpassword=None))["property"], "jobs[1].property[0].dbpassword: is missing"),
        (
            cluster_job(cluster_end(), cluster_end(db_user="u"))["property"],
            "jobs[1].property[1].db_user: is not a member",
        ),
        (cluster_job(cluster_end(dbport="1"))["property"], 'jobs[1].property[0].dbport: must be of type "integer"'),
    ],
)
def test_the_text_of_a_cluster_test_is_checked_as_well(drs: Drs, text: str, breach: str) -> None:
    jobs = [cluster_job(cluster_end()), {**cluster_job(), "property": text}]
    assert breaches(drs, {"jobs": jobs}, "cluster/batch-connection") == [breach]


def test_every_breach_in_every_text_of_a_cluster_test_is_named(drs: Drs) -> None:
    jobs = [cluster_job(cluster_end(ip=None, ssllink=True)), {**cluster_job(), "property": "no JSON"}]
    assert sorted(breaches(drs, {"jobs": jobs}, "cluster/batch-connection")) == [
        "jobs[0].property[0].ip: is missing",
        "jobs[0].property[0].sslcertchecksum: is missing",
        "jobs[0].property[0].sslcertkey: is missing",
        "jobs[0].property[0].sslcertname: is missing",
        "jobs[1].property: must be JSON",
    ]


def test_a_malformed_job_id_refuses_the_whole_status_call(drs: Drs) -> None:
    assert len(breaches(drs, {"jobs": [JOB, "job"]}, "batch-status")) == 1


@pytest.mark.parametrize(
    ("data", "content_type"),
    [(b"{", "application/json"), (b"", "application/json"), (b"\xff", "application/json"), (b"{}", "text/plain")],
)
def test_a_body_that_is_no_json_is_refused(drs: Drs, data: bytes, content_type: str) -> None:
    response = drs.post("batch-status", data=data, headers={"Content-Type": content_type})
    assert response.json()["error_code"] == "DRS.M00202"
    assert response.json()["error_msg"] == "body: must be JSON, with Content-Type application/json"


def test_an_unknown_language_is_refused_and_the_known_ones_are_not(drs: Drs) -> None:
    body = {"jobs": [JOB]}
    refused = drs.post("batch-status", json=body, headers={"X-Language": "tlh"})
    assert refused.json()["error_msg"] == 'parameter X-Language: must be one of ["en-us", "zh-cn"]'
    assert drs.post("batch-status", json=body, headers={"X-Language": "zh-cn"}).status_code == 200


def example_bodies() -> Iterator[Any]:
    for path, item in DOCUMENT["paths"].items():
        _, jobs, operation = path.partition("/jobs")
        if not jobs:
            continue
        ((method, call),) = ((name, value) for name, value in item.items() if name != "parameters")
        if "requestBody" not in call:
            continue
        media = call["requestBody"]["content"]["application/json"]
        for name, example in media.get("examples", {"example": {"value": media.get("example")}}).items():
            yield pytest.param(method, operation.removeprefix("/"), example["value"], id=name)


@pytest.mark.parametrize(("method", "operation", "body"), list(example_bodies()))
def test_the_examples_of_the_contract_are_accepted(drs: Drs, method: str, operation: str, body: Any) -> None:
    assert drs.post(operation, method=method, json=body).status_code in (200, 202)


def example_answers() -> Iterator[Any]:
    for item in DOCUMENT["paths"].values():
        ((_, call),) = ((name, value) for name, value in item.items() if name != "parameters")
        for status, response in call["responses"].items():
            media = response.get("content", {}).get("application/json", {})
            examples = [media["example"]] if "example" in media else []
            for example in examples + [each["value"] for each in media.get("examples", {}).values()]:
                yield pytest.param(media["schema"], example, id=f"{call['operationId']}-{status}")


@pytest.mark.parametrize(("schema", "example"), list(example_answers()))
def test_the_answers_of_its_examples_keep_the_contract(schema: Any, example: Any) -> None:
    assert Draft202012Validator({**schema, "components": DOCUMENT["components"]}).is_valid(example)


def test_the_contract_holds_nothing_that_it_does_not_use() -> None:
    text = str(DOCUMENT)
    for kind, parts in DOCUMENT["components"].items():
        if kind != "securitySchemes":
            for name in parts:
                assert f"'#/components/{kind}/{name}'" in text, name


def bodies_with_a_canary_in_every_secret() -> list[Any]:
    tls = {
        "ssl_link": True,
        "ssl_cert_key": CANARY,
        "ssl_cert_name": "ca.p12",
        "ssl_cert_check_sum": CANARY,
        "ssl_cert_password": CANARY,
    }
    kafka = {
        "type": "SASL_SSL",
        "sasl_mechanism": "PLAIN",
        "trust_store_key_name": "trust.jks",
        "trust_store_key": CANARY,
        "trust_store_password": CANARY,
        "enable_key_store": True,
        "key_store_key": CANARY,
        "key_store_key_name": "key.jks",
        "key_store_password": CANARY,
        "set_private_key_password": True,
        "key_password": CANARY,
    }
    good = [
        entry(db_port=1, db_password=CANARY, **tls),
        entry(**{**KAFKA, "db_user": "u", "db_password": CANARY}, kafka_security_config=kafka),
    ]
    broken = [
        entry(db_password=[CANARY], ssl_cert_key={CANARY: CANARY}, ssl_cert_password=7, ssl_link=CANARY),
        entry(**KAFKA, kafka_security_config=CANARY, db_name=[CANARY], customized_dns=[CANARY]),
        entry(**KAFKA, kafka_security_config={**kafka, "type": CANARY, "key_password": [CANARY]}),
        entry(id=CANARY, net_type=CANARY, db_type=CANARY, ip=f"{CANARY} x", end_point_type=CANARY, region=[CANARY]),
        entry(**{f"{CANARY} {CANARY}": CANARY}, db_pasword=CANARY, db_port=CANARY, project_id=f"{CANARY} x"),
    ]
    return [*([each] for each in good), good, *([each] for each in broken), [CANARY, [CANARY], {"x": CANARY}], CANARY]


@pytest.mark.parametrize("jobs", bodies_with_a_canary_in_every_secret())
def test_no_secret_is_ever_repeated(jobs: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.INFO)
    with Emulator(World(ready_after_polls=0, token=f"token-{CANARY}")) as emulator:
        drs = Drs(emulator)
        answers = [
            drs.post("batch-connection", json={"jobs": jobs}),
            drs.post("batch-status", json={"jobs": jobs, "page_req": {"cur_page": CANARY}}),
            drs.post("batch-connection", data=f'{{"jobs": "{CANARY}"', headers={"Content-Type": "application/json"}),
            drs.post("batch-connection", data=CANARY, headers={"Content-Type": f"text/{CANARY}"}),
            drs.post("batch-connection", json={"jobs": jobs}, headers={"X-Language": CANARY}),
            drs.post("batch-connection", json={"jobs": jobs}, headers={"X-Auth-Token": f"stale-{CANARY}"}),
            drs.post("batch-connection", json={"jobs": jobs}, project=CANARY),
            drs.post("batch-modification", method="PUT", json={"jobs": jobs}),
            drs.post("cluster/batch-connection", json={"jobs": jobs}),
            drs.post("cluster/batch-connection", json={"jobs": [{**cluster_job(), "property": json.dumps(jobs)}]}),
            drs.post("", json={"db_use_type": jobs, CANARY: jobs, "tags": {CANARY: jobs}, "status": CANARY}),
        ]
    for answer in answers:
        assert CANARY not in answer.text
        assert CANARY not in str(answer.headers)
    assert caplog.records
    assert CANARY not in caplog.text
    assert CANARY not in str(emulator.world.calls)
