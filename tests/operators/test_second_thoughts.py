"""What the operator does with a verdict, in real runs: what is retried, skipped, pushed, logged and masked."""

from __future__ import annotations

import json
import uuid

import pytest
from airflow_runs import run_dag
from samples import endpoint, job_id
from wire import Reply, Service

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

pytestmark = pytest.mark.usefixtures("airflow_db")

ONCE, WITH_RETRIES = 1, 3


@pytest.fixture
def tested(monkeypatch):
    """Run the test of one endpoint, in each way to take a failure, against a service that always answers the same."""

    def run(reply, **members):
        with Service(lambda request: reply) as service:
            extra = {"project_id": "a-project", "max_attempts": 1}
            connection = {"conn_type": "drs", "host": service.url, "password": "a-token", "extra": extra}
            monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))
            return run_dag("second_thoughts.py", {"endpoints": [endpoint(1, **members)]})

    return run


def verdict(status="failed", **members):
    return Reply({"results": [{"id": job_id(1), "status": status, **members}], "count": 1})


NEVER_TESTED = {
    "credential": Reply({"error_code": "APIGW.0301", "error_msg": "bad"}, status=401),
    "permission": Reply({"error_code": "DRS.M00103", "error_msg": "no"}, status=401),
    "request": Reply({"error_code": "DRS.M00202", "error_msg": "bad"}, status=400),
}


@pytest.mark.parametrize("refused", NEVER_TESTED)
def test_a_refused_call_fails_without_a_retry_and_is_no_reason_to_skip_for_nothing_was_tested(tested, refused):
    run = tested(NEVER_TESTED[refused])

    assert run.states == {"fail": "failed", "skip": "failed", "report": "success", "silent": "failed"}
    assert set(run.tries.values()) == {ONCE}
    assert run.xcoms["fail"]["passed"] is run.xcoms["skip"]["passed"] is run.xcoms["report"]["passed"] is False


def test_a_wrong_password_is_not_tried_again_because_that_may_lock_the_account(tested):
    run = tested(verdict(error_code="DRS.KE0002", error_msg="wrong password"))

    assert run.states == {"fail": "failed", "skip": "skipped", "report": "success", "silent": "failed"}
    assert set(run.tries.values()) == {ONCE}


def test_what_may_pass_later_is_tested_again_by_airflows_retries(tested):
    run = tested(verdict(error_code="DRS.M01501", error_msg="port closed"))

    assert run.states == {"fail": "failed", "skip": "skipped", "report": "success", "silent": "failed"}
    assert run.tries == {"fail": WITH_RETRIES, "skip": ONCE, "report": ONCE, "silent": WITH_RETRIES}


@pytest.mark.parametrize("reply", [verdict("failed", error_msg="closed"), verdict("success")], ids=["fails", "passes"])
def test_the_report_is_pushed_unless_the_dag_wants_none(tested, reply):
    run = tested(reply)

    assert {task: xcom is not None for task, xcom in run.xcoms.items()} == {
        "fail": True,
        "skip": True,
        "report": True,
        "silent": False,
    }


def test_what_the_documents_disagree_about_is_logged_as_a_doubt_and_sent(tested, console):
    run = tested(verdict("success"), ssl_link=False)

    assert set(run.states.values()) == {"success"}
    actual = console()
    assert actual.count("jobs[0].ssl_link: is false on a public address") == len(run.states)


def secrets_for(monkeypatch, count):
    """Make secrets, the first of which stands in the DAG ``masked`` as text, and give it a service."""
    literal, *others = (f"s3cr3t-{uuid.uuid4()}" for _ in range(count))
    monkeypatch.setenv("LITERAL_SECRET", literal)
    # nothing listens there, and nothing has to
    connection = {"conn_type": "drs", "host": "http://127.0.0.1:1", "password": "t", "extra": {"max_attempts": 1}}
    monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))
    return literal, *others


def test_a_secret_that_stands_in_the_dag_is_not_shown_by_a_template_that_breaks(monkeypatch, console):
    (literal,) = secrets_for(monkeypatch, 1)
    run = run_dag("masked.py")

    actual = console()
    assert run.states["breaks"] == "failed"
    assert "division by zero" in actual
    assert literal not in actual


def test_a_secret_that_a_template_yields_is_not_kept_among_the_rendered_fields(monkeypatch):
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.utils.session import create_session

    _, secret, another = secrets_for(monkeypatch, 3)
    run_dag("masked.py", {"secret": secret, "another": another})
    with create_session() as session:
        kept = [
            str(row.rendered_fields)
            for row in session.query(RenderedTaskInstanceFields).filter_by(dag_id="masked", task_id="renders")
        ]

    assert any("192.0.2.10" in fields for fields in kept), "they are kept"
    assert not any(hidden in fields for hidden in (secret, another) for fields in kept)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"batch_size": 11}, "batch_size must be a whole number, 1 to 10"),
        ({"batch_size": 0}, "batch_size must be a whole number, 1 to 10"),
        ({"max_concurrency": 0}, "max_concurrency must be a whole number, 1 or more"),
        ({"on_failure": "ignore"}, "on_failure must be fail, skip or report"),
        ({"retest_attempts": -1}, "retest_attempts must be a whole number, 0 or more"),
        ({"retest_delay": -0.1}, "retest_delay must be a number of seconds, 0 or more"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_parameter_that_makes_no_sense_is_refused_when_the_dag_is_parsed(wrong, rule):
    with pytest.raises(ValueError, match=rule):
        DrsTestConnectionsOperator(task_id="test", jobs=[], **wrong)


def test_all_that_makes_no_sense_is_named_at_once():
    with pytest.raises(ValueError, match=r"batch_size .*; max_concurrency .*; retest_delay "):
        DrsTestConnectionsOperator(task_id="test", jobs=[], batch_size=11, max_concurrency=0, retest_delay=-1)


@pytest.mark.parametrize("batch_size", [1, 10])
def test_the_limits_themselves_are_allowed(batch_size):
    assert DrsTestConnectionsOperator(task_id="test", jobs=[], batch_size=batch_size).batch_size == batch_size
