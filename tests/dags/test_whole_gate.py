"""The whole gate as a real run against the emulator: open, and shut at each step."""

from __future__ import annotations

import pytest
from airflow_runs import load_dag, run_loaded
from samples import both_ends, job_id

pytestmark = pytest.mark.usefixtures("airflow_db")

GROUPS = ("here", "deferred")
STEPS = ("wait", "test_connections", "precheck", "start")
TTL = {"item": "srcCollHasTtlIndex", "result": "ALARM", "failed_reason": "SRC_HAS_TTL_INDEXES"}
ACCEPTED = [{"item": "srcCollHasTtlIndex", "reason": "They expire anyway.", "until": "2099-12-31"}]


def run(group, number=1, **conf):
    dag = load_dag("gates.py").partial_subset(f"{group}.", include_upstream=False)
    return run_loaded(dag, run_conf={"endpoints": both_ends(number), "job_ids": [job_id(number)], **conf})


@pytest.mark.parametrize("group", GROUPS)
def test_an_open_gate_starts_each_job_once(drs_emulator, group):
    ended = run(group)

    assert ended.states == {f"{group}.{step}": "success" for step in STEPS}
    assert ended.xcoms[f"{group}.start"]["started"] == [job_id(1)]
    assert drs_emulator.world.job(job_id(1)).starts == 1


@pytest.mark.parametrize("group", GROUPS)
def test_a_failed_endpoint_shuts_it_at_the_test(drs_emulator, group):
    drs_emulator.databases.refuse("10.0.0.5:3306", "Access denied for user 'drs'")

    ended = run(group)

    assert [ended.states[f"{group}.{step}"] for step in STEPS] == ["success", "failed", *["upstream_failed"] * 2]
    assert drs_emulator.world.job(job_id(1)).starts == 0


@pytest.mark.parametrize("group", GROUPS)
def test_an_alarm_shuts_it_at_the_precheck_and_a_waiver_opens_it(drs_emulator, group):
    drs_emulator.world.add_job(job_id(1), "CONFIGURATION", precheck={"items": [TTL], "ready_after_polls": 2})

    shut = run(group)
    opened = run(group, waivers=ACCEPTED)

    assert [shut.states[f"{group}.{step}"] for step in STEPS] == ["success", "success", "failed", "upstream_failed"]
    assert opened.states[f"{group}.start"] == "success"
    assert drs_emulator.world.job(job_id(1)).starts == 1


@pytest.mark.parametrize("group", GROUPS)
def test_a_job_that_cannot_get_ready_shuts_it_at_the_wait(drs_emulator, group):
    drs_emulator.world.add_job(job_id(1), "CREATE_FAILED")

    ended = run(group)

    assert [ended.states[f"{group}.{step}"] for step in STEPS] == ["failed", *["upstream_failed"] * 3]
    assert drs_emulator.world.job(job_id(1)).starts == 0


@pytest.mark.parametrize("group", GROUPS)
def test_a_prepaid_job_shuts_it_at_the_start(drs_emulator, group):
    drs_emulator.world.add_job(job_id(1), "CONFIGURATION", prepaid=True)

    ended = run(group)

    assert [ended.states[f"{group}.{step}"] for step in STEPS] == [*["success"] * 3, "failed"]
    assert drs_emulator.world.job(job_id(1)).starts == 0
