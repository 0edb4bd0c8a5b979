"""What the retry policy decides about each error, and that a policy is asked about what is permanent."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError
from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_drs._compat import AirflowFailException
from airflow_provider_drs._fail_fast import raised_for
from airflow_provider_drs._version import AIRFLOW
from airflow_provider_drs.api import errors
from airflow_provider_drs.api.codes import CODES

MODULE = "airflow_provider_drs.retry_policy"
has_policies = pytest.mark.skipif(AIRFLOW < (3, 3), reason="Airflow has retry policies from 3.3 on")
SECRET = "s3cr3t-c4nary"


def family(kind):
    return {kind}.union(*map(family, kind.__subclasses__()))


def error_of(kind, **members):
    error = errors.error_from_dict({"type": kind.__name__, "args": ["", None, None, None]})
    error.__dict__ |= {"jobs": {}, **members}
    return error


@st.composite
def any_errors(draw):
    """Return an error of any class, with a secret wherever a service or a DAG may bring one in."""
    texts = st.sampled_from([SECRET, f"refused: {SECRET}", None])
    members = {
        "text": draw(texts),
        "code": draw(texts | st.sampled_from([*CODES, "DRS-M00304"]) | st.text()),
        "request_id": draw(texts),
        "hint": draw(texts),
        "http_status": draw(st.none() | st.integers(400, 599)),
        "retry_after": draw(st.none() | st.floats() | st.integers()),
        "retryable": draw(st.booleans()),
        "not_ready": draw(st.booleans()),
    }
    error = error_of(draw(st.sampled_from(sorted(family(errors.DrsError), key=lambda kind: kind.__name__))), **members)
    error.__cause__ = draw(st.none() | st.just(errors.DrsCredentialError(SECRET, code=SECRET)))
    return error


@pytest.fixture(scope="module")
def policy():
    from airflow_provider_drs.retry_policy import DrsRetryPolicy

    return DrsRetryPolicy()


def decide(policy, error):
    return policy.evaluate(error, 1, 3)


def action(policy, error):
    return decide(policy, error).action.value


AGAIN = "reschedule" if AIRFLOW >= (3, 4) else "retry"


@has_policies
@given(any_errors())
def test_any_error_has_one_of_four_decisions_and_no_reason_has_a_secret(policy, error):
    decision = decide(policy, error)

    assert decision.action.value in ("retry", "fail", "default", "reschedule")
    assert SECRET not in repr(decision)
    assert len(decision.reason or "") <= 500
    if decision.retry_delay is not None:
        assert timedelta(0) <= decision.retry_delay <= timedelta(days=1)


@has_policies
@pytest.mark.parametrize("kind", family(errors.DrsError), ids=lambda kind: kind.__name__)
def test_a_permanent_error_fails_and_a_retryable_one_is_left_to_airflow_unless_the_service_throttles(policy, kind):
    retryable = "retry" if kind is errors.DrsThrottledError else "default"

    assert action(policy, error_of(kind)) == (retryable if kind.retryable else "fail")


@has_policies
@pytest.mark.parametrize(("named", "seconds"), [(0, 0), (7.5, 7.5), (10**300, 86_400), (-1, 0), (float("nan"), 0)])
def test_a_delay_that_the_service_names_is_the_delay_of_the_retry_within_a_day(policy, named, seconds):
    for kind in (errors.DrsThrottledError, errors.DrsUnavailableError):
        decision = decide(policy, kind("wait", retry_after=named))
        assert (decision.action.value, decision.retry_delay) == ("retry", timedelta(seconds=seconds))


@has_policies
def test_a_throttled_call_without_a_delay_has_the_delay_of_the_task(policy):
    assert decide(policy, errors.DrsThrottledError("wait")).retry_delay is None


@has_policies
@pytest.mark.parametrize(
    "error", [errors.DrsRequestError("", code="DRS.M00304"), error_of(errors.DrsEndpointsFailedError, not_ready=True)]
)
def test_a_job_that_is_not_ready_is_waited_for(policy, error):
    assert action(policy, error) == AGAIN


@has_policies
@pytest.mark.parametrize("code", CODES)
def test_the_reason_names_a_known_code_and_what_to_do(policy, code):
    kind, hint = CODES[code]
    decision = decide(policy, kind("text", code=code))

    if decision.action.value == "fail":
        assert f"({code}). {hint or 'The log of the task has the whole error.'}" in decision.reason


@has_policies
def test_the_reason_of_a_report_is_that_of_the_refused_call(policy):
    error = error_of(errors.DrsEndpointsFailedError, retryable=False)
    error.__cause__ = errors.DrsCredentialError("no", code="DRS.M00100")

    assert decide(policy, error).reason.startswith("The credential was refused (DRS.M00100). ")


@has_policies
@pytest.mark.parametrize("error", [ValueError("no"), TimeoutError(), KeyboardInterrupt()])
def test_what_is_no_error_of_this_package_is_left_to_airflow(policy, error):
    assert action(policy, error) == "default"


@has_policies
def test_a_policy_is_a_value_and_comes_back_from_json(policy):
    from airflow_provider_drs.retry_policy import DrsRetryPolicy

    other = DrsRetryPolicy(reschedule_timeout=timedelta(minutes=5))

    assert DrsRetryPolicy.deserialize(other.serialize()) == other != policy
    with pytest.raises(FrozenInstanceError):
        other.reschedule_timeout = timedelta(0)  # type: ignore[misc]


@has_policies
@pytest.mark.parametrize("timeout", [timedelta(0), timedelta(-1), 60, None])
def test_a_wait_without_a_limit_is_refused_when_the_dag_is_parsed(timeout):
    from airflow_provider_drs.retry_policy import DrsRetryPolicy

    with pytest.raises(ValueError, match="reschedule_timeout must be a timedelta longer than 0"):
        DrsRetryPolicy(reschedule_timeout=timeout)


@pytest.mark.skipif(AIRFLOW >= (3, 3), reason="Airflow 3.3 and newer have retry policies")
def test_an_airflow_without_retry_policies_is_told():
    with pytest.raises(ImportError, match=r"^DrsRetryPolicy needs Airflow 3\.3 or newer"):
        __import__(MODULE)


@has_policies
def test_importing_the_policy_loads_neither_requests_nor_the_client():
    code = f"import sys; from airflow.sdk import RetryDecision; bare = {{*sys.modules}}; import {MODULE}"
    command = [sys.executable, "-c", f"{code}; print(*{{*sys.modules}} - bare)"]
    loaded = set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())

    assert MODULE in loaded
    assert not {"requests", "pydantic", "airflow_provider_drs.api.client", "airflow_provider_drs._compat"} & loaded


class Decides:
    """A policy that decides once and for all, and notes what it was asked; anything but a text is raised."""

    def __init__(self, decision):
        self.decision, self.asked = decision, []

    def evaluate(self, **asked):
        self.asked.append(asked)
        if isinstance(self.decision, Exception):
            raise self.decision
        return SimpleNamespace(action=SimpleNamespace(value=self.decision))


def context_of(policy):
    return {"ti": SimpleNamespace(task=SimpleNamespace(retry_policy=policy), try_number=2, max_tries=5)}


@pytest.mark.parametrize("decision", ["retry", "fail", "reschedule"])
def test_airflow_sees_a_permanent_error_that_a_policy_decides_about(decision):
    error, policy = errors.DrsTlsError("bad"), Decides(decision)
    context = context_of(policy)

    assert raised_for(error, context) is error
    # by name, as Airflow asks, for a policy may have them in another order
    assert policy.asked == [{"exception": error, "try_number": 2, "max_tries": 5, "context": context}]


@pytest.mark.parametrize("decision", ["default", RuntimeError(SECRET)])
def test_a_permanent_error_that_a_policy_does_not_decide_about_uses_no_retry(decision, caplog):
    raised = raised_for(errors.DrsTlsError("bad"), context_of(Decides(decision)))

    assert (type(raised), str(raised)) == (AirflowFailException, "bad")
    assert SECRET not in caplog.text
    assert ("The retry policy failed (RuntimeError)" in caplog.text) == (decision != "default")


@pytest.mark.parametrize("context", [None, {}, context_of(None), {"ti": SimpleNamespace()}])
def test_a_permanent_error_of_a_task_without_a_policy_uses_no_retry(context):
    assert type(raised_for(errors.DrsTlsError("bad"), context)) is AirflowFailException


def test_a_policy_is_not_asked_about_a_retryable_error_before_airflow_asks_it():
    error, policy = errors.DrsUnavailableError("bad"), Decides("fail")

    assert raised_for(error, context_of(policy)) is error
    assert policy.asked == []
