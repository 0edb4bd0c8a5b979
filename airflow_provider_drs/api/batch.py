"""One run over any number of endpoints: cut into calls, made side by side, collected into one report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock

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
from airflow_provider_drs.api.operations.connection_test import CONNECTION_TEST, MAX_ENDPOINTS, verdict_of_error
from airflow_provider_drs.api.retry import backoff


def cut_into_calls(endpoints: Sequence[Endpoint], batch_size: int = MAX_ENDPOINTS) -> list[list[int]]:
    """Deal endpoints to as few calls as the rules allow.

    No call holds two endpoints of one job, because a result names its job only, nor more than ``batch_size``.

    :return: for each call the positions of its endpoints.
    """
    jobs = Counter(endpoint.id for endpoint in endpoints)
    calls = max(-(-len(endpoints) // batch_size), max(jobs.values(), default=0))
    # neighbours in this order go to different calls, and no job has more endpoints than there are calls
    dealt = sorted(range(len(endpoints)), key=lambda position: endpoints[position].id)
    return [sorted(dealt[call::calls]) for call in range(calls)]


def each_host_alone(endpoints: Sequence[Endpoint]) -> list[Endpoint]:
    """Return an endpoint for every host of an ``ip`` that names several: DRS is content when one of them answers.

    A host that is named twice is one host: a second login could lock the account.
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
    """Test every endpoint and return the whole report, whatever single calls do.

    A service that cannot be reached, throttles for ever, is unavailable or gives no answer ends the run within the
    limits of one call: the endpoints not sent yet are reported with the same error and 0 attempts.

    :param client: makes the calls; it is cancelled when the run is ended from outside.
    :param endpoints: any number, several of one job among them.
    :param batch_size: endpoints in one call, 1 to 10.
    :param max_concurrency: calls under way at once.
    :param retest_attempts: how many times those that may still pass are tested again; each time is another login.
    :param retest_delay: seconds before they are.
    :raises DrsStoppedError: when the client was stopped.
    """
    report = _test_once(client, endpoints, batch_size, max_concurrency)
    for _ in range(retest_attempts):
        again = [
            position for position, verdict in enumerate(report.endpoints) if not verdict.passed and verdict.retryable
        ]
        if not again or any(not error.retryable for error in report.errors):
            break
        client.pacer.sleep(retest_delay)
        latest = _test_once(client, [endpoints[position] for position in again], batch_size, max_concurrency)
        verdicts = list(report.endpoints)
        for position, verdict in zip(again, latest.endpoints, strict=True):
            verdicts[position] = replace(verdict, attempts=verdicts[position].attempts + verdict.attempts)
        report = Report(tuple(verdicts), latest.errors)
    return report


def _test_once(client: DrsClient, endpoints: Sequence[Endpoint], batch_size: int, max_concurrency: int) -> Report:
    run = _Run(client)
    calls = cut_into_calls(endpoints, batch_size)
    verdicts: dict[int, Verdict] = {}
    errors: list[DrsError] = []
    pool = ThreadPoolExecutor(max_concurrency, thread_name_prefix="drs")
    try:
        batches = [[endpoints[position] for position in positions] for positions in calls]
        for positions, (batch, error) in zip(calls, pool.map(run.test, batches), strict=True):
            verdicts |= dict(zip(positions, batch, strict=True))
            errors += [error] if error else []
    except BaseException:
        # the task was killed or has timed out: no call that is under way or queued may log in any more
        client.cancel()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return Report(tuple(verdicts[position] for position in range(len(endpoints))), tuple(errors))


class _Run:
    """The calls of one run; its threads share it.

    A call that the service is unavailable to (HTTP 5xx) is not repeated, but slows the others down: they follow each
    other after 1, 2, 4 ... seconds, or the time that the service names, until one gets through. A call that gets no
    answer slows nothing down. When nothing has got through for ``max_retry_seconds``, when a call has used up its own
    limits, or when IAM gives no token, those not sent yet are not sent at all.
    """

    def __init__(self, client: DrsClient) -> None:
        self._client = client
        self._pacer = client.pacer
        self._lock = Lock()
        self._through_at = self._failed_at = self._next = self._pacer.clock()
        self._unavailable = 0
        self._hopeless: DrsError | None = None

    def test(self, batch: Sequence[Endpoint]) -> tuple[list[Verdict], DrsError | None]:
        """Return a verdict on each endpoint of a call, and the error of the call if it failed as a whole.

        :raises DrsStoppedError: when the client was stopped.
        """
        pause = 0.0
        with self._lock:
            if self._unavailable and not self._hopeless:
                now = self._pacer.clock()
                # by then it is known whether there is any hope
                last = self._through_at + self._client.max_retry_seconds
                pause = max(0.0, min(self._next, last) - now)
                self._next = now + pause + backoff(self._unavailable)
        if pause:
            self._pacer.sleep(pause)
        if self._hopeless:
            return [verdict_of_error(endpoint, self._hopeless, attempts=0) for endpoint in batch], None
        return self._sent(batch)

    def _sent(self, batch: Sequence[Endpoint]) -> tuple[list[Verdict], DrsError | None]:
        clock = self._pacer.clock
        started = clock()
        try:
            verdicts = self._client.test_connections(batch)
        except DrsStoppedError:
            raise
        except DrsError as error:
            self._note(error, started)
            facts = {"seconds": round(clock() - started, 3), "attempts": error.attempts}
            return [verdict_of_error(endpoint, error, **facts) for endpoint in batch], error
        self._note(None, started)
        return verdicts, None

    def _note(self, error: DrsError | None, started: float) -> None:
        now = self._pacer.clock()
        with self._lock:
            over = now - self._through_at >= self._client.max_retry_seconds
            if error and (not error.attempts or CONNECTION_TEST.repeats(error)):
                # there is no credential to send a call with, or the call has used up its own limits
                over = True
            elif isinstance(error, DrsUnavailableError) and (error.http_status or 500) >= 500:
                # those that were under way together count as one
                self._unavailable += started >= self._failed_at
                self._failed_at = now
                self._next = max(self._next, now + max(backoff(self._unavailable), error.retry_after or 0))
            elif error is None or isinstance(error, DrsServiceError | DrsAnswerError):
                self._through_at = self._next = now
                self._unavailable = 0
                return
            if over and self._through_at <= started:
                self._hopeless = error
