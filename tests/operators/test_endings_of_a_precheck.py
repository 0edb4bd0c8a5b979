"""How a pre-check task ends, what it leaves, and what it is made of when the wait was in the triggerer."""

from __future__ import annotations

import json
import threading
import time

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException, TaskDeferred
from prechecks import JOB, CheckingService, alarm, failed, finished, read, red, running
from samples import job_id
from wire import Reply

from airflow_provider_drs._compat import TIME_IS_UP, AirflowFailException
from airflow_provider_drs.api.errors import DrsPrecheckFailedError, DrsStoppedError, DrsTriggerError
from airflow_provider_drs.operators.precheck import DrsPrecheckOperator

BUSY = {"status": "failed", "error_code": "DRS.M01504", "error_msg": "another operation is running"}
GONE = {"status": "failed", "error_code": "DRS.M05004", "error_msg": "no such job"}


@pytest.fixture
def started(monkeypatch):
    """Return a function that makes a task which checks the jobs of a service."""

    def start(service, **parameters):
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", service.connection)
        defaults = {"job_ids": list(service.entries), "poll_interval": 0, "timeout": 60}
        return DrsPrecheckOperator(task_id="precheck", **{**defaults, **parameters})

    return start


@pytest.fixture
def ended(started):
    """Return what a task returned, or the exception that it ended with."""

    def run(service, **parameters):
        with service:
            try:
                return started(service, **parameters).execute({})
            except Exception as error:
                return error

    return run


@pytest.mark.parametrize(
    ("service", "on_failure", "ending"),
    [
        (CheckingService(red()), "fail", DrsPrecheckFailedError),
        (CheckingService(red()), "skip", AirflowSkipException),
        (CheckingService(red()), "report", dict),
        (CheckingService(finished()), "fail", dict),
        (CheckingService(finished(), requests={JOB: BUSY}), "fail", DrsPrecheckFailedError),
        # DRS runs no check, so the task is not skipped as one whose gate is shut
        (CheckingService(finished(), requests={JOB: BUSY}), "skip", DrsPrecheckFailedError),
        # a retry would be refused again
        (CheckingService(finished(), requests={JOB: GONE}), "fail", AirflowFailException),
    ],
    ids=["red", "red, skip", "red, report", "green", "busy", "busy, skip", "gone"],
)
def test_a_task_ends_as_what_is_known_of_the_checks_demands(ended, service, on_failure, ending):
    assert type(ended(service, on_failure=on_failure)) is ending


@pytest.mark.parametrize(("on_failure", "ending"), [("skip", DrsPrecheckFailedError), ("fail", DrsPrecheckFailedError)])
def test_a_check_that_does_not_end_is_no_answer_so_its_task_is_not_skipped(ended, on_failure, ending):
    assert type(ended(CheckingService(running()), on_failure=on_failure, timeout=0)) is ending


def test_every_wrong_parameter_is_named_when_the_dag_is_parsed():
    with pytest.raises(ValueError, match="precheck_mode must be") as caught:
        DrsPrecheckOperator(
            task_id="precheck",
            job_ids=[JOB],
            precheck_mode="forFun",  # type: ignore[arg-type]
            on_alarm="sometimes",  # type: ignore[arg-type]
            on_failure="retry",  # type: ignore[arg-type]
            list_all="yes",  # type: ignore[arg-type]
            poll_interval=-1,
            timeout=float("inf"),
        )

    assert str(caught.value).split("; ") == [
        "precheck_mode must be forStartJob or forRetryJob",
        "on_alarm must be fail or pass",
        "on_failure must be fail, skip or report",
        "list_all must be True or False",
        "poll_interval must be a number of seconds, 0 or more",
        "timeout must be a number of seconds, 0 or more",
    ]


def test_letting_every_alarm_pass_lets_no_failure_pass(ended):
    report = ended(
        CheckingService(finished(alarm("a")), red(alarm("a"), failed("b"), job=job_id(2))),
        on_alarm="pass",
        on_failure="report",
    )

    assert [job["passed"] for job in report["jobs"]] == [True, False]


def defer(task):
    with pytest.raises(TaskDeferred) as caught:
        task.execute({})
    return caught.value


def event_of(deferral):
    """Return the event of a trigger whose time is up before it could poll."""
    _, arguments = deferral.trigger.serialize()
    late = [{"job_id": job, "text": "late", "items": [], "faults": []} for job in arguments["before"]]
    return event(unanswered=[*arguments["refused"], *late])


def event(**members):
    return {"digests": {}, "unanswered": [], "errors": [], "requested_at": time.time(), **members}


def test_a_task_defers_only_while_drs_runs_a_check(started):
    with CheckingService(finished(), requests={JOB: BUSY}) as service:
        task = started(service, deferrable=True)
        with pytest.raises(DrsPrecheckFailedError):
            task.execute({})


def test_what_the_triggerer_could_not_finish_and_what_was_refused_is_in_the_report(started):
    with CheckingService(finished(), finished(job=job_id(2)), requests={job_id(2): BUSY}) as service:
        task = started(service, deferrable=True, on_failure="report")
        report = task.execute_complete({}, event_of(defer(task)))

    assert [(job["job_id"], job["passed"], job["text"]) for job in report["jobs"]] == [
        (JOB, False, "late"),
        (job_id(2), False, "another operation is running"),
    ]


def test_a_result_that_changes_between_triggerer_and_worker_does_not_pass(started):
    with CheckingService(finished()) as service:
        task = started(service, deferrable=True, on_failure="report")
        defer(task)
        report = task.execute_complete({}, event(digests={JOB: "sha256:0"}))

    assert report["passed"] is False
    assert report["jobs"][0]["text"] == "another run of the pre-check has taken the place of this one"


def test_when_the_worker_cannot_read_the_results_again_no_job_passes(started):
    with CheckingService(finished()) as service:
        task = started(service, deferrable=True)
        defer(task)
        service.answer = lambda request: Reply(raw=b"", status=500)
        with pytest.raises(DrsPrecheckFailedError) as caught:
            task.execute_complete({}, event(digests={JOB: "sha256:0"}))

    assert "HTTP 500" in str(caught.value)


@pytest.mark.parametrize(
    "foreign", [{}, {"digests": {}}, {"digests": None, "unanswered": [], "errors": []}, {"error": 1}]
)
def test_an_event_of_another_release_is_told_as_such(started, foreign):
    with CheckingService(finished()) as service, pytest.raises(ValueError, match="this release does not understand"):
        started(service, deferrable=True).execute_complete({}, foreign)


def test_an_error_of_the_trigger_ends_the_task_with_a_report(started):
    error = DrsTriggerError("the trigger failed: KeyError; its log has more")
    with CheckingService(finished()) as service, pytest.raises(DrsTriggerError, match="KeyError"):
        started(service, deferrable=True).execute_complete({}, {"error": error.to_dict()})


@pytest.mark.parametrize("words", TIME_IS_UP)
def test_a_triggerer_that_is_not_there_is_told_when_airflow_gives_up(started, words):
    with CheckingService(finished()) as service, pytest.raises(DrsTriggerError, match="no triggerer has told"):
        started(service, deferrable=True).resume_execution("__fail__", {"error": words}, {})


def test_a_killed_task_ends_its_wait_at_once(started):
    checks, asked = CheckingService(running()), threading.Event()
    with checks as service:
        task = started(service, poll_interval=600)
        reply, requested = service.answer, checks.requested

        def answer(request):
            if requested and not request.path.endswith("/batch-precheck"):
                asked.set()
            return reply(request)

        service.answer = answer
        threading.Thread(target=lambda: asked.wait(30) and task.on_kill(), daemon=True).start()
        with pytest.raises(DrsStoppedError):
            task.execute({})


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_hundred_thousand_names_and_a_password_in_an_error_are_cut_and_left_out(started, caplog, deferrable):
    names = json.dumps([f"shop.table_{number}" for number in range(100_000)])
    secret = "correct-horse-battery"
    text = f"Access denied, tried password={secret} and mysql://drs:{secret}@10.0.0.1/shop: IDENTIFIED BY '{secret}'"
    entry = red(failed("a", data=names), failed("b", raw_error_msg=text))
    with CheckingService(entry) as service:
        task = started(service, on_failure="report", deferrable=deferrable)
        if deferrable:
            stored = json.dumps(defer(task).trigger.serialize())
            report = task.execute_complete({}, event(digests={JOB: read(entry).digest}))
        else:
            stored, report = "", task.execute({})

    shown = json.dumps(report) + caplog.text + stored
    assert secret not in shown
    assert len(shown) < 20_000
    assert [item["item"] for item in report["jobs"][0]["items"]] == ["a", "b"]
    assert "Access denied" in report["jobs"][0]["items"][1]["text"]


def test_a_job_that_a_template_names_only_after_the_wait_was_not_checked(started):
    with CheckingService(finished()) as service:
        task = started(service, job_ids=[JOB, job_id(2)])
        with pytest.raises(AirflowFailException, match=f"job_ids: has changed, and nobody checked {job_id(2)}"):
            task.execute_complete({}, event(digests={JOB: read(finished()).digest}))


@pytest.mark.parametrize("secret", ["IDENTIFIED BY 'canary'", "password=canary", "mysql://root:canary@db/shop"])
def test_a_password_that_drs_repeats_in_a_refusal_is_not_kept_with_the_trigger(started, secret):
    refused = {"status": "failed", "error_code": "X.1", "error_msg": f"no account: {secret}"}
    with CheckingService(finished(), finished(job=job_id(2)), requests={job_id(2): refused}) as service:
        (kept,) = defer(started(service, deferrable=True)).trigger.serialize()[1]["refused"]

    assert "canary" not in str(kept)
    assert "no account" in kept["text"]
