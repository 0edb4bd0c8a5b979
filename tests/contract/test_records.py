"""Records of a live check: the client reads each answer as it read the real one, and each keeps the contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from calls import OPERATIONS
from contract_schemas import CONTRACT
from jsonschema import Draft202012Validator
from wire import Reply, Service

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.wire.transport import Transport, no_credential

JUDGED = {"age", "cache-status", "content-encoding", "warning", "x-cache"}
"""The headers by which the client takes an answer for one of another service or of an earlier call."""
BY_NAME = {operation.name: operation for operation in OPERATIONS.values()}


def read(file: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(file.read_text())
    return record


# an exchange without an answer has nothing to replay
RECORDS = [file for file in sorted((Path(__file__).parent / "records").glob("*.json")) if read(file)["answer"]]


def read_as(record: dict[str, Any]) -> str:
    answer, operation = record["answer"], BY_NAME[record["operation"]]
    body = json.dumps(answer["body"]).encode() if answer["body"] is not None else b"<html>"
    headers = {name: value for name, value in answer["headers"].items() if name in JUDGED}
    with Service(lambda request: Reply(status=answer["status"], headers=headers, raw=body)) as service:
        transport = Transport(service.url)
        try:
            transport.exchange(operation, operation.path, b"{}", auth=no_credential)
        except DrsError as error:
            return type(error).__name__
        finally:
            transport.close()
    return "good"


def schema_of(record: dict[str, Any]) -> dict[str, Any] | None:
    (responses,) = [
        call["responses"]
        for item in CONTRACT["paths"].values()
        for call in item.values()
        if isinstance(call, dict) and call.get("operationId") == record["operation"]
    ]
    status = str(record["answer"]["status"])
    response = responses.get(status) or responses.get(f"{status[0]}XX")
    if response is None:
        return None
    name = response.get("$ref", "").rpartition("/")[2]
    response = CONTRACT["components"]["responses"][name] if name else response
    return {**response["content"]["application/json"]["schema"], "components": CONTRACT["components"]}


def test_there_are_records_of_each_read():
    recorded = {read(file)["operation"] for file in RECORDS}

    assert recorded >= {"showJobList", "batchListJobStatus", "batchListJobDetails", "batchCheckResults", "listJobsV5"}


@pytest.mark.parametrize("file", RECORDS, ids=lambda file: file.stem)
def test_the_client_reads_the_record_as_it_read_the_answer(file):
    record = read(file)

    assert read_as(record) == record["read_as"]


@pytest.mark.parametrize("file", RECORDS, ids=lambda file: file.stem)
def test_the_answer_of_the_record_keeps_the_contract(file):
    record = read(file)
    schema = schema_of(record)

    assert schema is not None, "the contract has no such HTTP status for this call"
    assert [error.message for error in Draft202012Validator(schema).iter_errors(record["answer"]["body"])] == []
