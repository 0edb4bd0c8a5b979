"""What is recorded can be replayed, and a real answer that breaks the contract shows as such."""

from __future__ import annotations

import json

import pytest
from checking import check, ends, refuses_the_targets, world
from test_records import read_as, schema_of

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
