"""What is recorded can be replayed, and a real answer that breaks the contract shows as such."""

from __future__ import annotations

import json

import pytest
from checking import check, ends, refuses_the_targets, world
from test_records import read_as, schema_of
from wire import Reply, Service

from airflow_provider_drs.emulator.choices import Choices
from airflow_provider_drs.emulator.server import Emulator


@pytest.mark.parametrize("choices", [Choices(), Choices(failed_test="refused results", v5=True, actions=True)], ids=str)
def test_every_record_of_a_run_is_read_as_the_answer_was(monkeypatch, tmp_path, choices):
    emulated = world()
    emulated.choices = choices
    with Emulator(emulated, probe=refuses_the_targets) as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", emulator.connection_json)
        result = check(tmp_path / "run", test=ends())
    records = [json.loads(file.read_text()) for file in sorted((result.folder / "records").iterdir())]

    assert [read_as(record) for record in records] == [record["read_as"] for record in records]
    assert {record["operation"] for record in records} >= {"batchValidateConnections", "listJobsV5"}
    assert all(schema_of(record) for record in records)


@pytest.mark.parametrize("password", ["emulator-password", "another"])
def test_what_iam_was_asked_is_recorded_and_can_be_replayed(monkeypatch, tmp_path, password):
    with Emulator(world()) as emulator:
        extra = {"auth_type": "password", "domain_name": "emulator-account", "region": "emulator-1"}
        connection = {"conn_type": "drs", "host": emulator.url, "login": "emulator-user", "password": password}
        members = {**connection, "extra": {**extra, "iam_endpoint": emulator.url}}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(members))
        result = check(tmp_path / "run")
        project = emulator.world.project_id
    texts = [file.read_text() for file in sorted((result.folder / "records").iterdir())]
    records = [json.loads(text) for text in texts if "keystone" in text]

    reads = [(record["operation"], record["read_as"]) for record in records]
    login, listing = "keystoneCreateUserTokenByPassword", "keystoneListProjects"
    if password == "another":
        assert reads == [(listing, "DrsPermissionError"), (login, "DrsCredentialError")]
    else:
        assert reads == [(listing, "DrsPermissionError"), (login, "good"), (listing, "good")]
    assert [read_as(record) for record in records] == [record["read_as"] for record in records]
    assert all(schema_of(record) for record in records)
    assert not [value for value in (project, password, "emulator-user", "emulator-account") if value in str(texts)]


def test_an_answer_that_the_clock_makes_a_refusal_is_recorded(monkeypatch, tmp_path):
    late = {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}
    refusal = Reply({"error_code": "APIGW.0301", "error_msg": "no"}, 401, late)
    with Service(lambda request: refusal) as service:
        extra = {"auth_type": "aksk", "project_id": "1" * 32}
        connection = {"conn_type": "drs", "host": service.url, "login": "a-key", "password": "a-secret-key"}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps({**connection, "extra": extra}))
        result = check(tmp_path / "run")

    last = json.loads((result.folder / "records" / "002-showJobList.json").read_text())
    assert last["answer"]["status"] == 401


@pytest.mark.parametrize(
    "headers",
    [{"Content-Encoding": "gzip"}, {"Age": "5"}, {"X-Cache": "HIT from proxy-of-somebody"}, {"Warning": "110 - stale"}],
    ids=str,
)
def test_a_record_keeps_the_headers_by_which_the_client_judges(monkeypatch, tmp_path, headers):
    def answer(request):
        if "X-Auth-Token" not in request.headers:
            return Reply({"error_code": "APIGW.0301", "error_msg": "no token"}, 401)
        return Reply({"total_record": 0, "jobs": []}, 200, headers)

    with Service(answer) as service:
        connection = {"conn_type": "drs", "host": service.url, "password": "a-token", "extra": {"project_id": "1" * 32}}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))
        result = check(tmp_path / "run")

    text = (result.folder / "records" / "002-showJobList.json").read_text()
    assert json.loads(text)["read_as"] == read_as(json.loads(text)) == "DrsAnswerError"
    assert "somebody" not in text
