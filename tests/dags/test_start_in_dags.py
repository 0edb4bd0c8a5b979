"""A start as a real run against the emulator, with a wait in the worker and one in the triggerer."""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime, timedelta, timezone

import pytest
from airflow_runs import load_dag, run_loaded
from samples import job_id
from starts import evidence_of, have_ready, starts

from airflow_provider_drs._compat import Variable
from airflow_provider_drs.api.starts import look
from airflow_provider_drs.emulator.faults import Fault
from airflow_provider_drs.hooks.drs import DrsHook

pytestmark = pytest.mark.usefixtures("airflow_db")

MODES = pytest.mark.parametrize("mode", ["worker", "deferred"])


@pytest.fixture
def short_look(monkeypatch):
    """A look for a lost start takes half a second."""
    monkeypatch.setattr(look, "LOOK_SECONDS", 0.5)


def evidence_now(jobs):
    with DrsHook().get_conn() as client:
        return evidence_of(client, jobs)


def run_mode(mode, jobs, evidence=None, change=lambda task: None, **conf):
    dag = load_dag("started.py").partial_subset(mode, include_upstream=True)
    change(dag.get_task(mode))
    evidence = evidence_now(jobs) if evidence is None else evidence
    run = run_loaded(dag, run_conf={"job_ids": jobs, "evidence": evidence, **conf})
    return run.states[mode], run.xcoms[mode], run


def markers():
    from airflow.models.variable import Variable as Row
    from airflow.utils.session import create_session

    with create_session() as session:
        return [row.key for row in session.query(Row) if row.key.startswith("drs_start_")]


def forget_markers():
    from airflow.models.variable import Variable as Row
    from airflow.utils.session import create_session

    with create_session() as session:
        return session.query(Row).filter(Row.key.startswith("drs_start_")).delete(synchronize_session=False)


def calls(emulator, operation="batch-starting"):
    return [call.job_ids for call in emulator.world.calls if call.operation == operation]


@MODES
def test_jobs_are_started_once_ten_a_call_and_the_report_says_so(drs_emulator, mode):
    jobs = [have_ready(drs_emulator, number, ready_after_polls=1) for number in range(1, 13)]

    state, report, _ = run_mode(mode, jobs)

    assert state == "success"
    assert [starts(drs_emulator, job) for job in jobs] == [1] * 12
    assert [len(call) for call in calls(drs_emulator)] == [10, 2]
    assert (report["schema"], report["kind"], report["passed"], report["failed"]) == (1, "start", True, 0)
    assert (report["started"], report["already"]) == (jobs, [])
    assert [job["job_id"] for job in report["jobs"]] == jobs
    for job in report["jobs"]:
        assert (job["passed"], job["text"]) == (True, None)
        assert job["request_id"]
        assert job["status"] == "FULL_TRANSFER_STARTED"
    assert markers() == []


def test_the_report_is_the_same_from_worker_and_triggerer(drs_emulator):
    reports = []
    for mode in ("worker", "deferred"):
        have_ready(drs_emulator, 1, ready_after_polls=1)
        have_ready(drs_emulator, 2, ready_after_polls=1, start_fails=True)
        drs_emulator.world.add_job(job_id(3), "INCRE_TRANSFER_STARTED")
        state, report, _ = run_mode(
            mode, [job_id(number) for number in (1, 2, 3)], evidence_now([job_id(1), job_id(2)])
        )
        assert state == "failed"
        jobs = [{**job, "request_id": ""} for job in report["jobs"]]
        reports.append({**report, "jobs": jobs, "checked_at": "", "summary": ""})

    assert reports[0] == reports[1]
    assert (reports[0]["started"], reports[0]["already"]) == ([job_id(1), job_id(2)], [job_id(3)])
    assert [job["passed"] for job in reports[0]["jobs"]] == [True, False, True]
    assert "START_JOB_FAILED" in reports[0]["jobs"][1]["text"]


@MODES
def test_a_job_that_fails_after_its_start_is_not_tried_again(drs_emulator, mode):
    job = have_ready(drs_emulator, 1, ready_after_polls=1, start_fails=True)

    def with_retries(task):
        task.retries, task.retry_delay = 2, timedelta(0)

    state, report, run = run_mode(mode, [job], change=with_retries)

    assert (state, run.tries[mode], starts(drs_emulator, job)) == ("failed", 1, 1)
    assert report["started"] == [job]
    assert markers() == []


@pytest.mark.parametrize("operation", ["batch-detail", "batch-starting", "batch-status"])
def test_a_task_that_is_killed_ends_its_call_and_its_retry_sends_no_start_again(drs_emulator, operation, short_look):
    job = have_ready(drs_emulator, 1)
    evidence = evidence_now([job])
    held = Fault("slow", operation, seconds=3)
    drs_emulator.world.faults.order(held)

    def kill(context):
        def once_held():
            while held.times:
                time.sleep(0.01)
            context["task"].on_kill()

        if context["ti"].try_number == 1:
            threading.Thread(target=once_held, daemon=True).start()

    def with_a_retry(task):
        task.retries, task.retry_delay, task.on_execute_callback = 1, timedelta(0), [kill]

    state, report, run = run_mode("worker", [job], evidence, with_a_retry)

    # the emulator drops a held call whose caller is gone, which no caller can know
    lost = operation == "batch-starting"
    assert (state, run.tries["worker"], starts(drs_emulator, job)) == ("failed" if lost else "success", 2, not lost)
    assert report["started"] == [job] * (not lost)
    assert ("it is not known whether DRS starts it" in str(report["jobs"][0]["text"])) == lost
    assert markers() == []


@MODES
def test_a_job_that_a_person_has_started_is_told_and_needs_no_evidence(drs_emulator, mode, console):
    job, other = have_ready(drs_emulator, 1), job_id(2)
    drs_emulator.world.add_job(other, "FULL_TRANSFER_STARTED")

    state, report, _ = run_mode(mode, [job, other], evidence_now([job]))

    assert (state, report["started"], report["already"]) == ("success", [job], [other])
    assert (starts(drs_emulator, job), starts(drs_emulator, other)) == (1, 0)


def test_a_job_that_a_person_starts_between_the_look_and_the_call_is_no_error(drs_emulator, monkeypatch):
    from airflow_provider_drs.api.client import DrsClient

    job, start_jobs = have_ready(drs_emulator, 1), DrsClient.start_jobs

    def after_a_person(client, *args):
        drs_emulator.world.set_status(job, "STARTJOBING")
        drs_emulator.world.job(job)
        answers = start_jobs(client, *args)
        drs_emulator.world.set_status(job, "FULL_TRANSFER_STARTED")
        return answers

    monkeypatch.setattr(DrsClient, "start_jobs", after_a_person)
    state, report, _ = run_mode("worker", [job])

    assert (state, report["started"], report["already"]) == ("success", [], [job])


@pytest.mark.parametrize("status", ["START_JOB_FAILED", "RELEASE_RESOURCE_COMPLETE", "CREATING", "NEVER_HEARD_OF"])
def test_one_job_in_another_status_keeps_all_from_being_started(drs_emulator, console, status):
    job, other = have_ready(drs_emulator, 1), have_ready(drs_emulator, 2)
    evidence = evidence_now([job, other])
    drs_emulator.world.set_status(other, status)

    state, report, _ = run_mode("worker", [job, other], evidence)

    assert (state, calls(drs_emulator)) == ("failed", [])
    assert (report["started"], report["failed"]) == ([], 2)
    assert f"it is {status}" in report["jobs"][1]["text"]
    assert report["jobs"][0]["text"] == "it was not started, because another job of this task cannot be"
    assert f"it is {status}" in console()


def test_a_deleted_job_keeps_all_from_being_started(drs_emulator):
    job, other = have_ready(drs_emulator, 1), have_ready(drs_emulator, 2)
    evidence = evidence_now([job, other])
    drs_emulator.world.delete(other)

    state, report, _ = run_mode("worker", [job, other], evidence)

    assert (state, calls(drs_emulator)) == ("failed", [])
    assert "its details cannot be read" in report["jobs"][1]["text"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda world, job: world.change_stored(job, "source", ip="192.0.2.99"), "what DRS has stored in it is not"),
        (lambda world, job: world.change(job, description="edited"), "somebody has changed it"),
        (lambda world, job: world.replace_node(job, "10.0.0.99", "203.0.113.99"), "it was tested from another node"),
        (lambda world, job: world.lose_node(job), "DRS has released its node"),
        (lambda world, job: world.change(job, prepaid=True), "orders and pays"),
    ],
)
def test_what_has_changed_since_the_test_keeps_all_from_being_started(drs_emulator, console, change, reason):
    job, other = have_ready(drs_emulator, 1), have_ready(drs_emulator, 2)
    evidence = evidence_now([job, other])
    change(drs_emulator.world, other)

    state, report, _ = run_mode("worker", [job, other], evidence)

    assert (state, calls(drs_emulator)) == ("failed", [])
    assert reason in report["jobs"][1]["text"]
    assert reason in console()


@MODES
def test_a_prepaid_job_is_ordered_only_if_that_is_allowed_and_its_order_is_told(drs_emulator, mode, console):
    job = have_ready(drs_emulator, 1, prepaid=True)

    def allow(task):
        task.allow_order = True

    state, report, _ = run_mode(mode, [job], change=allow)

    assert state == "success"
    assert report["jobs"][0]["order_id"] == drs_emulator.world.job(job).order_id
    assert report["jobs"][0]["order_id"] in console()


@MODES
def test_a_lost_answer_to_a_start_that_was_accepted_sends_nothing_again(drs_emulator, mode):
    job = have_ready(drs_emulator, 1, ready_after_polls=3)
    evidence = evidence_now([job])
    drs_emulator.world.faults.order(Fault("cut_off", "batch-starting"))

    state, report, _ = run_mode(mode, [job], evidence)

    assert (state, report["started"], starts(drs_emulator, job)) == ("success", [job], 1)
    assert markers() == []


@MODES
def test_a_lost_request_is_not_sent_again_and_the_task_says_that_it_is_not_known(
    drs_emulator, mode, console, short_look
):
    job = have_ready(drs_emulator, 1)
    evidence = evidence_now([job])
    drs_emulator.world.faults.order(Fault("lost_request", "batch-starting"))

    def with_retries(task):
        task.retries, task.retry_delay = 2, timedelta(0)

    state, report, run = run_mode(mode, [job], evidence, with_retries)

    assert (state, run.tries[mode], starts(drs_emulator, job)) == ("failed", 1, 0)
    assert (report["started"], report["already"]) == ([], [])
    assert "it is not known whether DRS starts it" in report["jobs"][0]["text"]
    assert "clear this task" in report["jobs"][0]["hint"]
    assert "it is not known whether DRS starts it" in console()
    assert markers() == []


@MODES
def test_a_status_that_stays_for_a_while_after_the_start_is_waited_for(drs_emulator, mode):
    job = have_ready(drs_emulator, 1, ready_after_polls=6)

    state, report, _ = run_mode(mode, [job])

    assert (state, starts(drs_emulator, job)) == ("success", 1)
    assert report["jobs"][0]["status"] == "FULL_TRANSFER_STARTED"


# dag.test() knows no timeout of a trigger; test_killed_workers.py has a running Airflow, which does
def test_a_start_that_takes_too_long_says_that_it_was_accepted_and_what_was_seen_last(drs_emulator):
    job = have_ready(drs_emulator, 1, ready_after_polls=10_000)

    def impatient(task):
        task.timeout, task.retries = 0.4, 2

    state, report, run = run_mode("worker", [job], change=impatient)

    assert (state, run.tries["worker"], starts(drs_emulator, job)) == ("failed", 1, 1)
    assert report["started"] == [job]
    assert report["jobs"][0]["text"] == (
        "its start was accepted, but within 0.4 s it was not seen in FULL_TRANSFER_STARTED or FULL_TRANSFER_COMPLETE "
        "or INCRE_TRANSFER_STARTED; its last status is CONFIGURATION"
    )
    assert forget_markers() == 1, "whoever clears the task must not send the start again"


@MODES
def test_a_start_at_a_time_ends_the_wait_once_drs_has_it(drs_emulator, mode):
    job = have_ready(drs_emulator, 1, ready_after_polls=1)
    later = datetime.now(timezone.utc) + timedelta(hours=2)

    state, report, _ = run_mode(mode, [job], start_time=later.isoformat())

    assert (state, report["jobs"][0]["status"]) == ("success", "WAITING_FOR_START")
    assert drs_emulator.world.job(job).starts_at is not None


def test_without_a_wait_the_task_ends_once_drs_has_accepted_the_start(drs_emulator):
    job = have_ready(drs_emulator, 1, ready_after_polls=10_000)

    def no_wait(task):
        task.wait_for = None

    state, report, _ = run_mode("worker", [job], change=no_wait)

    assert (state, report["started"], report["jobs"][0]["status"]) == ("success", [job], "CONFIGURATION")


def test_bad_input_is_one_error_that_names_every_violation_and_nothing_is_sent(drs_emulator, console):
    evidence = [{"schema": 1, "kind": "connections"}, {"not": "a report"}]

    state, report, _ = run_mode("worker", ["no job"], evidence, start_time="2020-01-01T00:00:00+00:00")

    assert (state, drs_emulator.world.calls) == ("failed", [])
    log = console()
    for violation in ("job_ids[0]: ", "evidence[0]: summary", "evidence[1]: schema", "start_time: is in the past"):
        assert violation in log
        assert any(violation in line for line in report["errors"])


def test_a_retry_after_a_refusal_sends_only_what_was_refused(drs_emulator, monkeypatch):
    first, second = have_ready(drs_emulator, 1), have_ready(drs_emulator, 2)
    evidence = evidence_now([first, second])
    # another operation runs on the second job: the start of somebody else, which comes to nothing
    drs_emulator.world.set_status(second, "CONFIGURATION")
    drs_emulator.world._jobs[second].becomes = "CONFIGURATION"
    drs_emulator.world._jobs[second].ready_after_polls = 1

    def with_retries(task):
        task.retries, task.retry_delay = 2, timedelta(0)

    state, report, run = run_mode("worker", [first, second], evidence, with_retries)

    assert (state, run.tries["worker"]) == ("success", 2)
    assert (starts(drs_emulator, first), starts(drs_emulator, second)) == (1, 2)
    assert report["started"] == [first, second]
    assert markers() == []


def test_a_variable_that_cannot_be_written_keeps_all_from_being_started(drs_emulator, monkeypatch, console):
    job = have_ready(drs_emulator, 1)
    evidence = evidence_now([job])

    def broken(*args, **options):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Variable, "set", broken)
    state, report, _ = run_mode("worker", [job], evidence)

    assert (state, calls(drs_emulator)) == ("failed", [])
    assert "cannot be written: RuntimeError" in report["errors"][0]


@MODES
def test_a_throttled_start_is_sent_again_and_starts_once(drs_emulator, mode):
    job = have_ready(drs_emulator, 1)
    evidence = evidence_now([job])
    drs_emulator.world.faults.order(Fault("throttled", "batch-starting", retry_after=0))

    state, report, _ = run_mode(mode, [job], evidence)

    assert (state, report["started"], starts(drs_emulator, job)) == ("success", [job], 1)


@pytest.mark.parametrize("text", ["", "{}", '{"verdicts": [{"job_id": 5}]}', "[]", '{"verdicts": null}'])
def test_a_variable_that_somebody_has_changed_keeps_all_from_being_started(drs_emulator, monkeypatch, console, text):
    job = have_ready(drs_emulator, 1)
    evidence = evidence_now([job])
    monkeypatch.setattr(Variable, "get", lambda key, *default, **options: text)

    state, report, _ = run_mode("worker", [job], evidence)

    assert (state, calls(drs_emulator)) == ("failed", [])
    assert "which keeps a start from being sent twice" in report["errors"][0]


def test_a_variable_is_named_and_says_what_it_is_while_the_task_runs(drs_emulator, monkeypatch):
    job = have_ready(drs_emulator, 1)
    seen = {}
    set_variable = Variable.set

    def spy(key, value, description=None, **options):
        seen[key] = (json.loads(value), description)
        return set_variable(key, value, description=description, **options)

    monkeypatch.setattr(Variable, "set", spy)
    run_mode("worker", [job])

    ((key, (content, description)),) = seen.items()
    assert key.startswith("drs_start_")
    assert content["job_ids"] == [job]
    assert datetime.fromisoformat(content["at"]).timestamp() == pytest.approx(time.time(), abs=60)
    assert "task worker in run" in description


def test_what_is_shown_of_the_evidence_is_the_evidence_and_no_secret_in_its_place(drs_emulator, console):
    from airflow.models.renderedtifields import RenderedTaskInstanceFields

    job = have_ready(drs_emulator, 1)
    evidence = [*evidence_now([job]), {"id": job, "db_password": "misplaced-canary", "note": "mysql://u:canary-2@h/x"}]
    dag = load_dag("started.py").partial_subset("worker", include_upstream=False)
    dag.get_task("worker").evidence = evidence
    run = dag.test(run_conf={"job_ids": [job]})

    (ti,) = run.get_task_instances()
    shown = str(RenderedTaskInstanceFields.get_templated_fields(ti))
    assert ti.state == "failed"
    assert "canary" not in shown + console()
    assert evidence[0]["jobs"][0]["digest"] in shown
