"""Whether a call is sent again, and after which pause."""

from __future__ import annotations

import math

import pytest
from calls import OPERATIONS
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_drs.api import errors
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsConnectionLostError,
    DrsError,
    DrsServiceError,
    DrsThrottledError,
    DrsTimeoutError,
    DrsUnavailableError,
    DrsUnreachableError,
)
from airflow_provider_drs.api.operation import Operation
from airflow_provider_drs.api.operations.cluster_connection_test import CLUSTER_CONNECTION_TEST
from airflow_provider_drs.api.operations.connection_test import CONNECTION_TEST
from airflow_provider_drs.api.operations.iam_projects import IAM_PROJECTS
from airflow_provider_drs.api.operations.iam_token import IAM_TOKEN
from airflow_provider_drs.api.operations.job_details import JOB_DETAILS
from airflow_provider_drs.api.operations.job_list import JOB_LIST
from airflow_provider_drs.api.operations.job_list_v5 import JOB_LIST_V5
from airflow_provider_drs.api.operations.job_modification import JOB_MODIFICATION
from airflow_provider_drs.api.operations.job_start import JOB_START
from airflow_provider_drs.api.operations.job_status import JOB_STATUS
from airflow_provider_drs.api.operations.metadata_key import METADATA_KEY
from airflow_provider_drs.api.operations.metadata_token import METADATA_TOKEN
from airflow_provider_drs.api.operations.pod_identity import POD_IDENTITY
from airflow_provider_drs.api.operations.precheck import PRECHECK
from airflow_provider_drs.api.operations.precheck_result import PRECHECK_RESULT
from airflow_provider_drs.api.retry import LONGEST_BACKOFF, backoff, retried


class Attempts:
    """Raises each failure in turn, then returns the number of calls; time is virtual."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls = 0
        self.now = 0.0
        self.pauses: list[float] = []

    def attempt(self, number: int) -> int:
        self.calls += 1
        assert number == self.calls
        if self.failures:
            raise self.failures.pop(0)
        return self.calls

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def run(self, operation: Operation = JOB_STATUS, max_attempts: int = 5, deadline: float = 600) -> int:
        return retried(
            self.attempt,
            operation,
            max_attempts=max_attempts,
            max_pause=300,
            deadline=deadline,
            clock=lambda: self.now,
            sleep=self.sleep,
        )


def of_tree(cls: type[DrsError]) -> list[type[DrsError]]:
    return [cls, *(deeper for child in cls.__subclasses__() for deeper in of_tree(child))]


def made(cls: type[DrsError]) -> DrsError:
    if issubclass(cls, errors.DrsInputError | errors.DrsStoppedError | errors.DrsJobStateError):
        error = cls.__new__(cls)
        DrsError.__init__(error, "no")
        return error
    if issubclass(cls, errors.DrsEndpointsFailedError):
        return cls([], 0)
    if issubclass(cls, errors.DrsJobsFailedError):
        return cls([], "no")
    if cls is DrsThrottledError or cls is DrsUnavailableError:
        return cls("no", http_status=429 if cls is DrsThrottledError else 503)
    return cls("no")


NOT_SENT = {DrsUnreachableError, DrsThrottledError}
PERHAPS_SENT = {DrsUnavailableError, DrsConnectionLostError, DrsTimeoutError}


@pytest.mark.parametrize(
    ("operation", "repeated"),
    [
        (CONNECTION_TEST, NOT_SENT),
        (IAM_TOKEN, NOT_SENT),
        (CLUSTER_CONNECTION_TEST, NOT_SENT),
        (JOB_STATUS, NOT_SENT | PERHAPS_SENT),
        (JOB_DETAILS, NOT_SENT | PERHAPS_SENT),
        (JOB_MODIFICATION, NOT_SENT | PERHAPS_SENT),
        (IAM_PROJECTS, NOT_SENT | PERHAPS_SENT),
        (METADATA_TOKEN, NOT_SENT | PERHAPS_SENT),
        (METADATA_KEY, NOT_SENT | PERHAPS_SENT),
        (POD_IDENTITY, NOT_SENT | PERHAPS_SENT),
        (JOB_LIST, set()),
        (JOB_LIST_V5, set()),
        (PRECHECK, NOT_SENT),
        (JOB_START, NOT_SENT),
        (PRECHECK_RESULT, NOT_SENT | PERHAPS_SENT),
    ],
    ids=lambda value: value.name if isinstance(value, Operation) else "",
)
@pytest.mark.parametrize("cls", of_tree(DrsError), ids=lambda cls: cls.__name__)
def test_a_login_is_repeated_only_if_it_was_not_sent_and_a_read_after_every_passing_fault(operation, repeated, cls):
    attempts = Attempts(made(cls))

    if cls in repeated:
        assert attempts.run(operation) == 2
    else:
        with pytest.raises(cls):
            attempts.run(operation)
        assert (attempts.calls, attempts.pauses) == (1, [])


def test_the_table_above_covers_every_operation():
    assert set(OPERATIONS.values()) == {
        PRECHECK,
        PRECHECK_RESULT,
        JOB_START,
        CONNECTION_TEST,
        CLUSTER_CONNECTION_TEST,
        IAM_TOKEN,
        JOB_STATUS,
        JOB_DETAILS,
        JOB_MODIFICATION,
        IAM_PROJECTS,
        JOB_LIST,
        JOB_LIST_V5,
        METADATA_TOKEN,
        METADATA_KEY,
        POD_IDENTITY,
    }


@pytest.mark.parametrize("status", [200, 400, 403, 500, 502, 503, 504])
def test_a_login_that_is_throttled_without_http_429_is_not_repeated(status):
    attempts = Attempts(DrsThrottledError("busy", http_status=status))

    with pytest.raises(DrsThrottledError):
        attempts.run(CONNECTION_TEST)

    assert attempts.calls == 1


def test_a_login_that_could_not_start_in_time_is_repeated():
    attempts = Attempts(DrsThrottledError("no turn"))

    assert attempts.run(CONNECTION_TEST) == 2


def test_a_login_is_not_repeated_after_a_service_fault_without_a_status():
    attempts = Attempts(DrsUnavailableError("busy"))

    with pytest.raises(DrsUnavailableError):
        attempts.run(CONNECTION_TEST)

    assert attempts.calls == 1


def test_an_error_outside_the_tree_is_raised_at_once():
    attempts = Attempts(KeyError("a bug"))

    with pytest.raises(KeyError):
        attempts.run()

    assert attempts.calls == 1


@given(max_attempts=st.integers(1, 100))
def test_the_last_error_has_the_number_of_attempts(max_attempts):
    attempts = Attempts(*(DrsTimeoutError(str(number)) for number in range(200)))

    with pytest.raises(DrsTimeoutError) as caught:
        attempts.run(max_attempts=max_attempts, deadline=math.inf)

    assert attempts.calls == max_attempts
    assert (str(caught.value), caught.value.attempts) == (str(max_attempts - 1), max_attempts)


def test_an_attempt_that_sent_nothing_does_not_count():
    without_a_turn = DrsThrottledError("no turn")
    without_a_turn.attempts = 0
    attempts = Attempts(DrsUnavailableError("busy"), without_a_turn)

    with pytest.raises(DrsThrottledError) as caught:
        attempts.run(max_attempts=2)

    assert caught.value.attempts == 1


@given(named=st.none() | st.floats(0, 1e5), deadline=st.floats(0, 86_400))
def test_no_attempt_starts_after_the_deadline(named, deadline):
    attempts = Attempts(*(DrsThrottledError("slow", retry_after=named) for _ in range(100)))

    with pytest.raises(DrsThrottledError):
        attempts.run(max_attempts=100, deadline=deadline)

    assert attempts.now <= deadline


@pytest.mark.parametrize(
    "error",
    [
        DrsThrottledError("slow", http_status=429, retry_after=7),
        DrsUnavailableError("busy", http_status=503, retry_after=7),
    ],
)
def test_the_pause_is_the_time_that_the_service_names(error):
    attempts = Attempts(error)

    assert attempts.run() == 2
    assert attempts.pauses == [7]


def test_pauses_double_if_the_service_names_no_time():
    attempts = Attempts(*(DrsTimeoutError("late") for _ in range(8)))

    attempts.run(max_attempts=9)

    for pause, at_least in zip(attempts.pauses, [1, 2, 4, 8, 16, 32, 60, 60], strict=True):
        assert at_least <= pause <= 1.25 * at_least


@given(failures=st.integers(1, 10**9))
def test_the_pause_stays_at_a_minute_after_many_failures(failures):
    at_least = min(LONGEST_BACKOFF, 2 ** min(failures - 1, 10))

    assert at_least <= backoff(failures) <= 1.25 * at_least


def test_pauses_have_jitter():
    assert len({backoff(7) for _ in range(20)}) > 10


def test_only_service_errors_have_a_retry_after():
    assert [cls for cls in of_tree(DrsError) if "retry_after" in vars(made(cls))] == of_tree(DrsServiceError)
    assert DrsError("").retry_after is None


def test_a_call_is_not_repeated_after_an_unreadable_answer():
    attempts = Attempts(DrsAnswerError("odd"))

    with pytest.raises(DrsAnswerError):
        attempts.run(JOB_STATUS)

    assert attempts.calls == 1
