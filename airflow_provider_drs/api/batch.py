"""One run over any number of endpoints: cut into calls, made side by side, collected into one report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from airflow_provider_drs.api.client import MAX_ENDPOINTS, DrsClient
from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.verdict import Report, Verdict, verdict_of_error


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
    """Return an endpoint for every host of an ``ip`` that names several: DRS is content when one of them answers."""
    return [endpoint.model_copy(update={"ip": host}) for endpoint in endpoints for host in endpoint.ip.split(",")]


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

    :param batch_size: endpoints in one call, 1 to 10.
    :param max_concurrency: calls under way at once.
    :param retest_attempts: how many times those that did not pass are tested again; each time is another login.
    :param retest_delay: seconds before they are.
    """
    report = _test_once(client, endpoints, batch_size, max_concurrency)
    for _ in range(retest_attempts):
        again = [position for position, verdict in enumerate(report.endpoints) if not verdict.passed]
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
    clock = client.pacer.clock

    def one_call(positions: list[int]) -> tuple[list[Verdict], DrsError | None]:
        batch = [endpoints[position] for position in positions]
        started = clock()
        try:
            return client.test_connections(batch), None
        except DrsError as error:
            facts = {"seconds": round(clock() - started, 3), "attempts": error.attempts}
            return [verdict_of_error(endpoint, error, **facts) for endpoint in batch], error

    calls = cut_into_calls(endpoints, batch_size)
    verdicts: dict[int, Verdict] = {}
    errors: list[DrsError] = []
    pool = ThreadPoolExecutor(max_concurrency, thread_name_prefix="drs")
    try:
        for positions, (told, error) in zip(calls, pool.map(one_call, calls), strict=True):
            verdicts |= dict(zip(positions, told, strict=True))
            errors += [error] if error else []
    finally:
        # a task that is being killed must not first make all the calls that are still queued
        pool.shutdown(wait=False, cancel_futures=True)
    return Report(tuple(verdicts[position] for position in range(len(endpoints))), tuple(errors))
