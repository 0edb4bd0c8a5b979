"""A pre-check as a real run against the emulator, with a wait in the worker and one in the triggerer."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from airflow_runs import load_dag, run_dag, run_loaded
from samples import endpoint, job_id

pytestmark = pytest.mark.usefixtures("airflow_db")

MODES = ("worker", "deferred")
TTL = {"item": "srcCollHasTtlIndex", "result": "ALARM", "failed_reason": "SRC_HAS_TTL_INDEXES"}
DISK = {**TTL, "item": "dstDbDiskSize", "group": "db_disk_size", "failed_reason": "DST_DB_DISK_SIZE_UP_ALARM"}
FAILED = {"item": "srcDbBinlogIsOff", "result": "FAILED", "failed_reason": "SRC_BINLOG_OFF"}
TOMORROW = (date.today() + timedelta(days=2)).isoformat()


def have(emulator, number, *items, **order):
    """Have a job in the emulator whose ends are stored, and return its id."""
    # a check that is seen below 100 % is known to be new at once
    emulator.world.add_job(
        job_id(number), "CONFIGURATION", precheck={"items": list(items), "ready_after_polls": 2, **order}
    )
    for side, end_point_type in (("source", "so"), ("target", "ta")):
        end = endpoint(number, end_point_type=end_point_type)
        stored = {name: value for name, value in end.items() if name not in ("id", "end_point_type", "net_type")}
        emulator.world.change_stored(job_id(number), side, **stored)
    return job_id(number)


def requests_in(emulator):
    return [call for call in emulator.world.calls if call.operation == "batch-precheck"]


def without_times(report):
    """Return a report without what differs between two runs of the same check."""
    jobs = [{**job, "checked_at": "", "request_id": ""} for job in report["jobs"]]
    return {**report, "jobs": jobs, "checked_at": "", "summary": report["summary"].split("Checked at")[0]}


def test_a_green_check_passes_with_the_same_xcom_from_worker_and_triggerer(drs_emulator):
    ids = [have(drs_emulator, number) for number in range(25)]

    run = run_dag("prechecked.py", {"job_ids": ids})

    assert run.states == {"worker": "success", "deferred": "success", "waived": "success"}
    assert [len(call.job_ids) for call in requests_in(drs_emulator)] == [10, 10, 5] * 3
    worker, deferred = (run.xcoms[mode] for mode in MODES)
    assert without_times(worker) == without_times(deferred)
    assert (worker["schema"], worker["kind"], worker["passed"], worker["failed"]) == (1, "precheck", True, 0)
    assert [job["job_id"] for job in worker["jobs"]] == ids
    assert {(job["items_passed"], len(job["items"])) for job in worker["jobs"]} == {(7, 0)}
    assert {(job["items_passed"], len(job["items"])) for job in run.xcoms["waived"]["jobs"]} == {(7, 7)}


def test_alarms_shut_the_gate_and_waivers_of_a_file_open_it(drs_emulator, console):
    have(drs_emulator, 1, TTL, {**DISK, "raw_error_msg": "the target has 500 GB"})

    run = run_dag("prechecked.py", {"job_ids": [job_id(1)]})

    assert run.states == {"worker": "failed", "deferred": "failed", "waived": "success"}
    assert without_times(run.xcoms["worker"]) == without_times(run.xcoms["deferred"])
    (job,) = run.xcoms["waived"]["jobs"]
    assert [(item["item"], item["waiver"]) for item in job["items"] if item["result"] == "ALARM"] == [
        ("dstDbDiskSize", {"reason": "The target is larger on purpose.", "until": "2099-12-31", "by": "Ada"}),
        ("srcCollHasTtlIndex", {"reason": "The sessions expire anyway.", "until": "2099-12-31", "by": None}),
    ]
    log = console()
    assert "srcCollHasTtlIndex ALARM [SRC_HAS_TTL_INDEXES]" in log
    assert json.dumps({"item": "srcCollHasTtlIndex", "job_id": job_id(1), "reason": "", "until": ""}) in log


def test_the_printed_waivers_open_the_gate_once_they_have_reason_and_date_until_that_day_is_over(drs_emulator, console):
    names = ["srcCollHasTtlIndex", "dstReplicationRoleCheck", "pgSrcHasLargeColumnTypeCheck", "dstDbDiskSize"]
    have(drs_emulator, 1, *({**TTL, "item": name} for name in names))
    run_dag("prechecked.py", {"job_ids": [job_id(1)]})
    printed = console().split("To let these alarms pass", 1)[1]
    start = printed.index("\n[{") + 1
    waivers = json.JSONDecoder(strict=False).raw_decode(printed[start:])[0]
    assert sorted(waiver["item"] for waiver in waivers) == sorted(names)

    for waiver in waivers:
        waiver |= {"reason": "agreed", "until": TOMORROW}
    opened = run_dag("prechecked.py", {"job_ids": [job_id(1)], "waivers": json.dumps(waivers)})
    for waiver in waivers:
        waiver["until"] = (date.today() - timedelta(days=2)).isoformat()
    shut = run_dag("prechecked.py", {"job_ids": [job_id(1)], "waivers": json.dumps(waivers)})

    assert [opened.states[mode] for mode in MODES] == ["success", "success"]
    assert [shut.states[mode] for mode in MODES] == ["failed", "failed"]
    assert "The waiver for it expired on" in console()


def test_each_job_that_does_not_pass_is_told_and_the_others_pass(drs_emulator):
    have(drs_emulator, 1)
    have(drs_emulator, 2, FAILED)
    drs_emulator.world.add_job(job_id(3), "CONFIGURATION")  # nothing is stored of it
    ids = [job_id(number) for number in (1, 2, 3, 4)]  # and the emulator makes the fourth up

    run = run_dag("prechecked.py", {"job_ids": ids})

    for mode in MODES:
        assert run.states[mode] == "failed"
        report = run.xcoms[mode]
        assert [job["passed"] for job in report["jobs"]] == [True, False, False, False]
        assert report["failed"] == 3
        assert report["jobs"][1]["items"][0]["item"] == "srcDbBinlogIsOff"
        assert report["jobs"][2]["code"] == "DRS.M01501"


def test_bad_input_is_one_error_that_names_every_violation_and_nothing_is_sent(drs_emulator, console):
    run = run_dag("prechecked.py", {"job_ids": ["no job"], "waivers": json.dumps([{"item": "a", "until": "soon"}])})

    assert run.states["worker"] == run.states["deferred"] == "failed"
    assert requests_in(drs_emulator) == []
    log = console()
    for violation in ("job_ids[0]: ", "waivers[0]: reason is missing", "waivers[0]: until must be a date"):
        assert violation in log
    assert len(run.xcoms["worker"]["errors"]) == 3


@pytest.mark.parametrize("mode", MODES)
def test_a_check_that_stands_still_ends_when_its_time_is_up_and_says_how_far_it_was(drs_emulator, mode):
    have(drs_emulator, 1, stops_at=35)
    have(drs_emulator, 2)
    dag = load_dag("prechecked.py").partial_subset(mode, include_upstream=False)
    dag.get_task(mode).timeout = 3

    run = run_loaded(dag, run_conf={"job_ids": [job_id(1), job_id(2)]})

    assert run.states == {mode: "failed"}
    late, done = run.xcoms[mode]["jobs"]
    assert (late["passed"], late["process"], done["passed"]) == (False, "35%", True)
    assert late["text"] == "the pre-check has not finished within 3 s"


@pytest.mark.parametrize("mode", MODES)
def test_an_old_green_result_does_not_count_and_the_log_says_what_told_the_new_one(drs_emulator, console, mode):
    have(drs_emulator, 1, ready_after_polls=0)
    drs_emulator.world.request_precheck(job_id(1), "forStartJob")
    drs_emulator.world.change(job_id(1), precheck={"items": [FAILED], "stale_polls": 3, "ready_after_polls": 0})

    run = run_loaded(
        load_dag("prechecked.py").partial_subset(mode, include_upstream=False), run_conf={"job_ids": [job_id(1)]}
    )

    assert run.states == {mode: "failed"}
    assert run.xcoms[mode]["jobs"][0]["items"][0]["item"] == "srcDbBinlogIsOff"
    # what a trigger logs on Airflow 2 is not on this console
    if mode == "worker":
        assert "the result is new, because it differs from the one before the request" in console()
