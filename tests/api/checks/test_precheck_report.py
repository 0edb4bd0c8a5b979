"""The report names all that stopped the gate, prints the waivers to paste, and stays small and without secrets."""

from __future__ import annotations

import json
from copy import copy
from datetime import date, datetime, timedelta, timezone

import pytest
from prechecks import JOB, alarm, failed, finished, read, red
from samples import job_id

from airflow_provider_drs.api.checks.precheck import judge_job
from airflow_provider_drs.api.checks.precheck_report import MAX_TEXTS, PrecheckReport
from airflow_provider_drs.api.checks.waivers import parse_waivers
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.precheck import PrecheckResult
from airflow_provider_drs.api.model.shown_reports import ShownReports
from airflow_provider_drs.api.model.summary import MAX_ROWS
from airflow_provider_drs.api.texts import MAX_TEXT

TODAY = date(2026, 11, 27)
CHECKED_AT = datetime(2026, 11, 27, 8, 30, tzinfo=timezone.utc)
FOUR = [
    alarm("srcCollHasTtlIndex", "SRC_HAS_TTL_INDEXES"),
    alarm("dstDbDiskSize", "DST_DB_DISK_SIZE_UP_ALARM"),
    alarm("pgSrcHasLargeColumnTypeCheck", "PG_HAS_LARGE_COLUMN_TYPE_TABLES"),
    alarm("neverHeardOf", "NEVER_HEARD_OF_EITHER"),
]


def report_on(*entries, waivers=(), today=TODAY, list_all=False, on_alarm="fail", results=()):
    accepted = tuple(parse_waivers(list(waivers)))
    each = [*results, *(read_of(entry) for entry in entries)]
    jobs = tuple(judge_job(result, accepted, today, on_alarm=on_alarm) for result in each)
    return PrecheckReport(jobs, accepted, today, checked_at=CHECKED_AT, list_all=list_all)


def read_of(entry):
    result = read({**entry, "precheck_id": JOB})
    return PrecheckResult(**{**vars(result), "job_id": entry["precheck_id"]})


# --- alarms and their waivers ---


def printed_waivers(error):
    return json.loads("[" + str(error).split("\n[", 1)[1])


def test_four_alarms_shut_the_gate_with_the_four_waivers_that_would_open_it():
    report = report_on(finished(*FOUR))
    printed = printed_waivers(report.failure())

    assert not report.passed
    assert printed == [{"item": entry["item"], "job_id": JOB, "reason": "", "until": ""} for entry in FOUR]
    filled = [{**waiver, "reason": "agreed", "until": str(TODAY + timedelta(3))} for waiver in printed]
    assert report_on(finished(*FOUR), waivers=filled).passed
    assert report_on(finished(*FOUR), waivers=filled, today=TODAY + timedelta(3)).passed
    late = report_on(finished(*FOUR), waivers=filled, today=TODAY + timedelta(4))
    assert not late.passed
    assert str(late.failure()).count("The waiver for it expired on 2026-11-30.") == 4
    assert printed_waivers(late.failure()) == printed


def test_only_alarms_get_a_waiver_to_paste_and_each_once():
    report = report_on(
        red(failed("a"), alarm("b")), finished(alarm("b"), alarm("b")), finished(alarm("c"), job=job_id(2))
    )

    assert [(waiver["item"], waiver["job_id"]) for waiver in report.blank_waivers] == [("b", JOB), ("c", job_id(2))]
    assert "[" not in str(report_on(red(failed("a", ""))).failure())


# --- the error ---


def test_the_error_names_every_item_that_stopped_the_gate_by_job_with_reason_and_explanation():
    report = report_on(
        red(
            failed("srcDbBinlogIsOff", "BINLOG_OFF", raw_error_msg="log_bin is OFF"),
            alarm("srcCollHasTtlIndex"),
            failed("neverHeardOf", ""),
        ),
        finished(job=job_id(2)),
    )
    error = report.failure()

    assert str(error).splitlines()[0] == "1 of 2 jobs failed the pre-check:"
    assert error.failed == [
        "srcDbBinlogIsOff FAILED [BINLOG_OFF]: To be checked: The source writes a binary log. log_bin is OFF "
        f"(job {JOB}, request id r-1)",
        "srcCollHasTtlIndex ALARM [SRC_HAS_TTL_INDEXES]: A TTL index deletes documents of the source while they are "
        "moved, so both sides may differ. Drop the TTL indexes until the migration has ended, or accept the "
        f"difference. (job {JOB}, request id r-1)",
        f"neverHeardOf FAILED (job {JOB}, request id r-1)",
    ]
    assert str(copy(error)) == str(error)


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (PrecheckResult(JOB, code="X.1", text="no", hint="Do it."), f"no [X.1] Do it. (job {JOB})"),
        (read(finished(result=False)), f"DRS does not allow the start (job {JOB}, request id r-1)"),
        (read(finished(alarm("a", ""), alarm("a", ""))), f"the item a has 2 results (job {JOB}, request id r-1)"),
    ],
)
def test_a_job_that_something_else_stopped_has_a_line_for_that(result, line):
    assert report_on(results=[result]).lines[-1] == line


# --- the report ---


def test_the_report_has_an_entry_for_every_job_and_counts_the_items_that_passed():
    waivers = [{"item": "srcCollHasTtlIndex", "reason": "agreed", "until": "2026-12-31", "by": "Ada"}]
    report = report_on(finished(FOUR[0]), red(job=job_id(2)), waivers=waivers).to_dict()

    assert {name: report[name] for name in ("schema", "kind", "passed", "failed", "checked_at")} == {
        "schema": 1,
        "kind": "precheck",
        "passed": False,
        "failed": 1,
        "checked_at": "2026-11-27T08:30:00+00:00",
    }
    first, second = report["jobs"]
    assert (first["job_id"], first["passed"], first["process"], first["text"]) == (JOB, True, "100%", None)
    assert (first["code"], first["hint"], first["request_id"]) == (None, None, "r-1")
    assert datetime.fromisoformat(first["checked_at"]).tzinfo is not None
    assert first["items_passed"] == 2
    (only,) = first["items"]
    assert only == {
        "item": "srcCollHasTtlIndex",
        "group": "db_params",
        "result": "ALARM",
        "reason": "SRC_HAS_TTL_INDEXES",
        "text": None,
        "waiver": {"reason": "agreed", "until": "2026-12-31", "by": "Ada"},
    }
    assert (second["passed"], second["text"]) == (False, "srcDbBinlogIsOff FAILED [X_IS_WRONG]")


def test_on_wish_the_report_lists_the_items_that_passed_too():
    (job,) = report_on(finished(FOUR[0]), list_all=True).to_dict()["jobs"]

    assert [item["result"] for item in job["items"]] == ["PASSED", "PASSED", "ALARM"]
    assert job["items_passed"] == 2


def test_each_job_has_a_digest_of_what_was_found_and_the_report_one_of_all_in_any_order():
    one, other = finished(), red(job=job_id(2))
    report, turned = report_on(one, other).to_dict(), report_on(other, one).to_dict()

    assert report["digest"] == turned["digest"]
    assert [job["digest"] for job in report["jobs"]] == [job["digest"] for job in turned["jobs"]][::-1]
    assert report_on(red(), other).to_dict()["digest"] != report["digest"]


def test_the_summary_has_what_stopped_a_job_first_then_accepted_alarms_then_the_jobs_that_passed():
    waivers = [{"item": "srcCollHasTtlIndex", "reason": "agreed", "until": "2026-12-31", "by": "Ada"}]
    report = report_on(finished(), finished(FOUR[0], job=job_id(2)), red(job=job_id(3)), waivers=waivers)
    lines = report.summary.splitlines()

    assert lines[0] == "**2 of 3 jobs passed the pre-check, 1 failed. Checked at 2026-11-27 08:30:00 UTC.**"
    assert lines[4].startswith(f"| {job_id(3)} | FAILED | srcDbBinlogIsOff | ")
    assert lines[5].startswith(f"| {job_id(2)} | ALARM, accepted | srcCollHasTtlIndex | ")
    assert lines[5].endswith("| agreed (until 2026-12-31, Ada) |")
    assert [line.split(" | ")[1] for line in lines[6:]] == ["passed", "passed"]


def test_the_summary_names_a_job_that_has_no_result_and_alarms_that_pass_without_a_waiver():
    refused = PrecheckResult(job_id(2), code="X.1", text="no", hint="Do it.")
    lines = report_on(finished(alarm("a")), results=[refused], on_alarm="pass").summary.splitlines()

    assert lines[4] == f"| {job_id(2)} | not passed |  | X.1 no Do it. |  |"
    assert lines[5].endswith("| any alarm |")


def test_a_person_can_be_asked_about_the_report():
    shown = ShownReports(report_on(finished(*FOUR)).to_dict())

    assert shown.verdicts == "precheck: NOT passed, 1 failed"


def test_waivers_without_effect_are_remarks_for_the_log():
    waivers = [{"item": "b", "reason": "agreed", "until": "2026-12-31"}]

    assert report_on(finished(), waivers=waivers).remarks == [
        "The waiver for b was not needed: there was no such alarm."
    ]


def test_bad_input_leaves_a_report_that_says_so_and_has_not_passed():
    report = PrecheckReport((), errors=(DrsInputError(["job_ids[0]: is missing"]),), checked_at=CHECKED_AT)
    content = report.to_dict()

    assert (content["passed"], content["jobs"], content["errors"]) == (False, [], ["job_ids[0]: is missing"])
    assert "No job was checked." in content["summary"]
    assert ShownReports(content).verdicts == "precheck: NOT passed, 0 failed"


# --- what may be large ---


def test_a_report_on_a_thousand_jobs_with_long_texts_stays_small():
    entry = finished(*(alarm(f"item{number}", data="\x7f" + "名" * 5000) for number in range(4)))
    results = [PrecheckResult(**{**vars(read(entry)), "job_id": job_id(number)}) for number in range(1000)]
    content = report_on(results=results).to_dict()

    texts = [item["text"] for job in content["jobs"] for item in job["items"]]
    assert len(texts) == 4000
    assert sum(len(json.dumps(text)) for text in texts) <= MAX_TEXTS
    assert content["summary"].count("\n") <= MAX_ROWS + 6
    assert len(json.dumps(content)) < 1_500_000


def test_no_text_of_the_report_is_longer_than_the_limit():
    entry = red(*(failed(f"item{number}" * 30, "R" * 1000, raw_error_msg="x" * 10_000) for number in range(50)))
    (job,) = report_on(entry).to_dict()["jobs"]

    texts = [value for item in [job, *job["items"]] for value in item.values() if isinstance(value, str)]
    assert max(map(len, texts)) <= MAX_TEXT
