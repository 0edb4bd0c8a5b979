"""One run over any number of endpoints or jobs: splits them into calls, and makes the calls side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone
from threading import Lock
from typing import Any, Generic, TypeVar

from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsError,
    DrsServiceError,
    DrsStoppedError,
    DrsUnavailableError,
)
from airflow_provider_drs.api.model.report import Report, Verdict
from airflow_provider_drs.api.operation import Operation
from airflow_provider_drs.api.operations.connection_test import CONNECTION_TEST, MAX_ENDPOINTS, verdict_of_error
from airflow_provider_drs.api.retry import backoff

Item = TypeVar("Item")
Result = TypeVar("Result")


def cut_into_calls(endpoints: Sequence[Endpoint], batch_size: int = MAX_ENDPOINTS) -> list[list[int]]:
    """Distribute endpoints over as few calls as possible.

    No call has two endpoints of one job, because a result of ``batchValidateConnections`` names only its job. An
    endpoint of a cluster has a call of its own.

    :param endpoints: any number of endpoints.
    :param batch_size: the most endpoints in one call, 1 to 10.
    :return: for each call, the positions of its endpoints.
    """
    alone = [[position] for position, endpoint in enumerate(endpoints) if endpoint.cluster]
    together = [position for position, endpoint in enumerate(endpoints) if not endpoint.cluster]
    jobs = Counter(endpoints[position].id for position in together)
    calls = max(-(-len(together) // batch_size), max(jobs.values(), default=0))
    # neighbours in this order go to different calls, and no job has more endpoints than there are calls
    by_job = sorted(together, key=lambda position: endpoints[position].id)
    return [sorted(by_job[call::calls]) for call in range(calls)] + alone


def each_host_alone(endpoints: Sequence[Endpoint]) -> list[Endpoint]:
    """Replace each endpoint with several hosts in ``ip`` by one endpoint for each host.

    DRS passes an endpoint with several hosts as soon as one of them answers. A host that ``ip`` names twice gets one
    endpoint, because a second login could lock the account.

    :param endpoints: any number of endpoints.
    """
    return [
        endpoint.model_copy(update={"ip": host})
        for endpoint in endpoints
        for host in dict.fromkeys(endpoint.ip.split(","))
    ]


def run_tests(
    client: DrsClient,
    endpoints: Sequence[Endpoint],
    *,
    batch_size: int = MAX_ENDPOINTS,
    max_concurrency: int = 8,
    retest_attempts: int = 0,
    retest_delay: float = 30,
) -> Report:
    """Test every endpoint with ``batchValidateConnections``, and return the whole report even when calls fail.

    A service that is unreachable, unavailable, silent or endlessly throttling ends the run within the limits of one
    call. The report then has the same error and 0 attempts for all endpoints that were not sent.

    :param client: makes the calls. An exception in this thread, such as a timeout of the task, cancels the client.
    :param endpoints: any number of endpoints; a job may have several.
    :param batch_size: the most endpoints in one call, 1 to 10.
    :param max_concurrency: the most concurrent calls.
    :param retest_attempts: how many times failed endpoints that may still pass are tested again. Each time is a login.
    :param retest_delay: seconds before each retest.
    :raises DrsStoppedError: when the client was stopped.
    """
    started = datetime.now(timezone.utc)
    report = _test_once(client, endpoints, batch_size, max_concurrency)
    for _ in range(retest_attempts):
        positions = [
            position for position, verdict in enumerate(report.endpoints) if not verdict.passed and verdict.retryable
        ]
        if not positions or any(not error.retryable for error in report.errors):
            break
        client.pacer.sleep(retest_delay)
        latest = _test_once(client, [endpoints[position] for position in positions], batch_size, max_concurrency)
        verdicts = list(report.endpoints)
        for position, verdict in zip(positions, latest.endpoints, strict=True):
            verdicts[position] = replace(verdict, attempts=verdicts[position].attempts + verdict.attempts)
        report = Report(tuple(verdicts), latest.errors)
    # the start, because no verdict is older
    return replace(report, checked_at=started)


def _test_once(client: DrsClient, endpoints: Sequence[Endpoint], batch_size: int, max_concurrency: int) -> Report:
    calls = cut_into_calls(endpoints, batch_size)
    batches = [[endpoints[position] for position in positions] for positions in calls]
    results, errors = run_calls(
        client, CONNECTION_TEST, batches, client.test_connections, verdict_of_error, max_concurrency
    )
    verdicts: dict[int, Verdict] = {}
    for positions, batch in zip(calls, results, strict=True):
        verdicts |= dict(zip(positions, batch, strict=True))
    return Report(tuple(verdicts[position] for position in range(len(endpoints))), tuple(errors))


def run_calls(
    client: DrsClient,
    operation: Operation,
    batches: Sequence[Sequence[Item]],
    send: Callable[[Sequence[Item]], list[Result]],
    of_error: Callable[..., Result],
    max_concurrency: int,
) -> tuple[list[list[Result]], list[DrsError]]:
    """Make one call for each batch, side by side, within the limits of one run.

    :param client: that of the calls. An exception in this thread, such as a timeout of the task, cancels it.
    :param operation: that of the calls.
    :param batches: the items of each call.
    :param send: makes one call; returns a result for each item, or raises a :class:`DrsError`.
    :param of_error: makes the result of an item whose call failed as a whole; takes the item, the error, and as
        keywords the ``seconds`` and ``attempts`` of the call.
    :param max_concurrency: the most concurrent calls.
    :return: for each batch, the result of each of its items; and the errors of the calls that failed as a whole.
    :raises DrsStoppedError: when the client was stopped.
    """
    run = _Run(client, operation, send, of_error)
    pool = ThreadPoolExecutor(max_concurrency, thread_name_prefix="drs")
    try:
        results = list(pool.map(run.call, batches))
    except BaseException:
        # the task was killed or has timed out, so no running or queued call may be sent any more
        client.cancel()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return [batch for batch, _ in results], [error for _, error in results if error]


class _Run(Generic[Item, Result]):
    """The calls of one run. Its threads share it.

    A call that fails with HTTP 5xx slows the run down: the next calls start one by one, after
    1, 2, 4 ... seconds or the pause that the service names, until a call gets an answer. A call without an answer
    slows nothing down. The run sends no further call when no call got an answer for ``max_retry_seconds``, when a call
    has used up its own limits, or when IAM issues no token.
    """

    def __init__(
        self,
        client: DrsClient,
        operation: Operation,
        send: Callable[[Sequence[Item]], list[Result]],
        of_error: Callable[..., Result],
    ) -> None:
        self._client = client
        self._operation = operation
        self._send = send
        self._of_error = of_error
        self._pacer = client.pacer
        self._lock = Lock()
        self._last_answer_at = self._failed_at = self._next_start = self._pacer.clock()
        self._unavailable = 0
        self._fatal: DrsError | None = None

    def call(self, batch: Sequence[Item]) -> tuple[list[Result], DrsError | None]:
        """Return a result for each item of a call, and the error if the call as a whole failed.

        :param batch: the items of the call.
        :raises DrsStoppedError: when the client was stopped.
        """
        pause = 0.0
        with self._lock:
            if self._unavailable and not self._fatal:
                now = self._pacer.clock()
                # at that moment the run either goes on or is given up
                last = self._last_answer_at + self._client.max_retry_seconds
                pause = max(0.0, min(self._next_start, last) - now)
                self._next_start = now + pause + backoff(self._unavailable)
        if pause:
            self._pacer.sleep(pause)
        if self._fatal:
            return [self._of_error(item, self._fatal, attempts=0) for item in batch], None
        return self._sent(batch)

    def _sent(self, batch: Sequence[Item]) -> tuple[list[Result], DrsError | None]:
        clock = self._pacer.clock
        started = clock()
        try:
            results = self._send(batch)
        except DrsStoppedError:
            raise
        except DrsError as error:
            self._note(error, started)
            facts: dict[str, Any] = {"seconds": round(clock() - started, 3), "attempts": error.attempts}
            return [self._of_error(item, error, **facts) for item in batch], error
        self._note(None, started)
        return results, None

    def _note(self, error: DrsError | None, started: float) -> None:
        now = self._pacer.clock()
        with self._lock:
            give_up = now - self._last_answer_at >= self._client.max_retry_seconds
            if error and (not error.attempts or self._operation.repeats(error)):
                # IAM issued no token, or the call has used up its own limits
                give_up = True
            elif isinstance(error, DrsUnavailableError) and (error.http_status or 500) >= 500:
                # concurrent calls that fail together count as one failure
                self._unavailable += started >= self._failed_at
                self._failed_at = now
                self._next_start = max(self._next_start, now + max(backoff(self._unavailable), error.retry_after or 0))
            elif error is None or isinstance(error, DrsServiceError | DrsAnswerError):
                self._last_answer_at = self._next_start = now
                self._unavailable = 0
                return
            if give_up and self._last_answer_at <= started:
                self._fatal = error
