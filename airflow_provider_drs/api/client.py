"""The client of DRS: one method for each API call that a gate makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import ClassVar, NoReturn

from airflow_provider_drs.api.auth.credentials import Auth
from airflow_provider_drs.api.caller import Caller
from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.errors import DrsError, DrsJobsRefusedError
from airflow_provider_drs.api.model.job_detail import JobDetail
from airflow_provider_drs.api.model.job_start import JobStart
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.model.job_verdict import JobVerdict
from airflow_provider_drs.api.model.precheck import PrecheckRequest, PrecheckResult
from airflow_provider_drs.api.model.report import Verdict
from airflow_provider_drs.api.operation import Operation, Repeat
from airflow_provider_drs.api.operations import (
    cluster_connection_test,
    connection_test,
    job_details,
    job_list,
    job_modification,
    job_start,
    job_status,
    precheck,
    precheck_result,
)
from airflow_provider_drs.api.operations.cluster_connection_test import CLUSTER_CONNECTION_TEST
from airflow_provider_drs.api.operations.connection_test import CONNECTION_TEST
from airflow_provider_drs.api.operations.job_details import JOB_DETAILS
from airflow_provider_drs.api.operations.job_list import JOB_LIST
from airflow_provider_drs.api.operations.job_modification import JOB_MODIFICATION, StoreRequest
from airflow_provider_drs.api.operations.job_status import JOB_STATUS
from airflow_provider_drs.api.pace import Pacer
from airflow_provider_drs.api.retry import MAX_RETRY_SECONDS
from airflow_provider_drs.api.statuses import fetch_each, most_severe, of_refusal
from airflow_provider_drs.api.wire.transport import Transport


class DrsClient(Caller):
    """A client of the DRS API v3 for one project. Threads may share it.

    It follows no redirect, and uses plain http to loopback only.

    The table in :mod:`~airflow_provider_drs.api.operation` lists the errors after which a call is retried. The pause
    before a retry is the one that the answer names, or 1, 2, 4 ... seconds. A connection test is a login, so it is
    retried only when it was certainly not done. The retry policy may change without being a breaking change.

    :param endpoint: URL of DRS, such as ``https://drs.cn-north-4.myhuaweicloud.com``.
    :param project_id: id of the project of the region that has the DRS jobs.
    :param auth: the credential.
    :param language: language of DRS's texts, ``en-us`` or ``zh-cn``.
    :param verify: ``True``, or the path of a CA bundle.
    :param connect_timeout: seconds for opening a connection, name resolution and TLS included.
    :param read_timeout: seconds after that for sending the request and reading the whole answer.
    :param max_attempts: the most times that one call is sent, at least 1.
    :param max_retry_seconds: seconds from the start of a call in which an attempt may start. No pause between two
        attempts is longer.
    :param pacer: limits the rate of calls; has the clock and the sleep of the client.
    :param cancellation: interrupts calls and pauses, as :meth:`cancel` does.
    :raises DrsInputError: when the endpoint is no URL, or would show a credential in logs or on the network.
    """

    _transport_type: ClassVar[type[Transport]] = Transport
    console_url: str = ""
    """Address of the DRS console, for people; empty where it is not known."""

    def __init__(
        self,
        endpoint: str,
        project_id: str,
        auth: Auth,
        *,
        language: str = "en-us",
        verify: bool | str = True,
        connect_timeout: float = 10,
        read_timeout: float = 120,
        max_attempts: int = 5,
        max_retry_seconds: float = MAX_RETRY_SECONDS,
        pacer: Pacer | None = None,
        cancellation: Cancellation | None = None,
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.project_id = project_id
        self._cancellation = cancellation or Cancellation()
        self.pacer = pacer or Pacer(sleep=self._cancellation.sleep)
        self._auth = auth
        self._headers = {"X-Language": language, "X-Project-Id": project_id}
        self._last_pages = job_status.LastPages()
        self._max_attempts = max_attempts
        self.max_retry_seconds = max_retry_seconds
        self._transport = self._transport_type(
            self.endpoint,
            verify=verify,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            cancellation=self._cancellation,
        )

    def __enter__(self) -> DrsClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client holds a credential, which is not pickled")

    def close(self) -> None:
        """Close the connections that are kept alive."""
        self._transport.close()

    def cancel(self) -> None:
        """Interrupt all calls in other threads at once, and send nothing from now on.

        The interrupted calls and all later ones raise :class:`DrsStoppedError`.
        """
        self._cancellation.cancel()
        self._auth.cancel()
        self.close()

    def test_connections(self, endpoints: Sequence[Endpoint]) -> list[Verdict]:
        """Let DRS log in to every endpoint; ``batchValidateConnections``, or ``batchValidateClustersConnections``.

        :param endpoints: at most 10, and at most one of each job, because a result names only its job. An endpoint of
            a cluster is alone.
        :return: one verdict for each endpoint, in the same order.
        :raises DrsError: when the call as a whole fails.
        """
        if any(endpoint.cluster for endpoint in endpoints):
            (endpoint,) = endpoints
            answer, seconds, attempts = self._call(CLUSTER_CONNECTION_TEST, cluster_connection_test.body(endpoint))
        else:
            answer, seconds, attempts = self._call(CONNECTION_TEST, connection_test.body(endpoints))
        return connection_test.judge(
            endpoints, answer.payload, request_id=answer.request_id, seconds=seconds, attempts=attempts
        )

    def job_statuses(self, job_ids: Sequence[str]) -> dict[str, JobStatus]:
        """Read the status of any number of jobs, in calls of 100; operation ``batchListJobStatus``.

        :param job_ids: ids of the jobs.
        :return: ``{job id: status}``, in the order of ``job_ids``.
        :raises DrsJobsRefusedError: names the jobs that DRS does not know, has deleted, or takes for malformed.
        :raises DrsError: when a call as a whole fails, or its answer has no status for a job.
        """
        results = self.look_up(job_ids)
        if error := most_severe(results):
            raise error
        return {job_id: status for job_id, status in results.items() if isinstance(status, JobStatus)}

    def look_up(self, job_ids: Sequence[str], *, repeat: bool = True) -> dict[str, JobStatus | DrsError]:
        """Read the status of any number of jobs, with an error in place of each status that DRS does not give.

        This takes one call of ``batchListJobStatus`` for every 100 jobs, and further calls when DRS refuses a job.

        :param job_ids: ids of the jobs.
        :param repeat: whether a call that failed is sent again, as a read may be.
        :return: ``{job id: status or error}``, in the order of ``job_ids``. No :class:`DrsError` is raised, not even
            :class:`DrsStoppedError`.
        """
        operation = JOB_STATUS if repeat else replace(JOB_STATUS, repeat=Repeat.NEVER)
        return fetch_each(lambda page: self._page_of_statuses(operation, page), job_ids)

    def _page_of_statuses(self, operation: Operation, job_ids: list[str]) -> Mapping[str, JobStatus | DrsError]:
        try:
            earlier = self._last_pages.answer(job_ids)
            answer, _, _ = self._call(operation, job_status.body(job_ids), earlier=earlier)
        except DrsJobsRefusedError as error:
            return of_refusal(job_ids, error)
        return self._last_pages.statuses(job_ids, answer)

    def job_details(self, job_ids: Sequence[str]) -> dict[str, JobDetail]:
        """Read node, settings and stored endpoints of any number of jobs, in calls of 10; ``batchListJobDetails``.

        No secret of an answer is read.

        :param job_ids: ids of the jobs.
        :return: ``{job id: detail}``, in the order of ``job_ids``.
        :raises DrsJobsRefusedError: names the jobs that DRS does not know, has deleted, or takes for malformed.
        :raises DrsError: when a call as a whole fails, or its answer has no detail of a job.
        """
        results = self.look_up_details(job_ids)
        if error := most_severe(results, what="details"):
            raise error
        return {job_id: detail for job_id, detail in results.items() if isinstance(detail, JobDetail)}

    def look_up_details(
        self, job_ids: Sequence[str], *, secrets: Sequence[str] = ()
    ) -> dict[str, JobDetail | DrsError]:
        """Read the details of any number of jobs, with an error in place of each that DRS does not give.

        :param job_ids: ids of the jobs.
        :param secrets: what DRS may have stored in these jobs and must not be repeated in an error.
        :return: ``{job id: detail or error}``, in the order of ``job_ids``. No :class:`DrsError` is raised.
        """
        return fetch_each(
            lambda page: self._page_of_details(page, secrets), job_ids, page_size=job_details.MAX_JOBS, what="details"
        )

    def store_endpoints(self, requests: Sequence[StoreRequest]) -> list[JobVerdict]:
        """Store the tested endpoints of jobs; operation ``batchUpdateJob``.

        :param requests: at most 10, each of another job.
        :return: one verdict for each job, in the same order.
        :raises DrsError: when the call as a whole fails.
        """
        answer, _, _ = self._call(JOB_MODIFICATION, job_modification.body(requests))
        return job_modification.judge(requests, answer)

    def _page_of_details(self, job_ids: list[str], secrets: Sequence[str]) -> Mapping[str, JobDetail | DrsError]:
        try:
            answer, _, _ = self._call(JOB_DETAILS, job_details.body(job_ids), secrets)
        except DrsJobsRefusedError as error:
            return of_refusal(job_ids, error, what="details")
        return job_details.details(job_ids, answer)

    def request_prechecks(self, job_ids: Sequence[str], precheck_mode: str) -> dict[str, PrecheckRequest]:
        """Have DRS begin the pre-check of any number of jobs, in calls of 10; operation ``batchCheckJobs``.

        :param job_ids: ids of the jobs.
        :param precheck_mode: ``forStartJob``, or ``forRetryJob`` for a job that was started before.
        :return: for each job whether DRS has accepted it; after a lost answer, which is not repeated, that is unknown.
        """
        return precheck.request_each(
            lambda body: self._call(precheck.PRECHECK, body)[0],
            job_ids,
            precheck_mode,
            clock=self.pacer.clock,
            seconds=self.max_retry_seconds,
        )

    def precheck_results(
        self, job_ids: Sequence[str], *, repeat: bool = True, secrets: Sequence[str] = ()
    ) -> dict[str, PrecheckResult | DrsError]:
        """Read the pre-check results of any number of jobs, in calls of 100; operation ``batchCheckResults``.

        :param job_ids: ids of the jobs.
        :param repeat: whether a call that failed is sent again, as a read may be.
        :param secrets: texts to remove from what databases say, such as their passwords.
        :return: ``{job id: result or error}``, in the order of ``job_ids``. No :class:`DrsError` is raised.
        """
        operation = replace(precheck_result.PRECHECK_RESULT, repeat=Repeat.READ if repeat else Repeat.NEVER)
        return precheck_result.fetch_each_result(lambda body: self._call(operation, body)[0], job_ids, secrets)

    def start_jobs(self, job_ids: Sequence[str], start_time: str | None = None) -> dict[str, JobStart]:
        """Start any number of jobs, in calls of 10; operation ``batchStartJobs``. A prepaid job is ordered and paid.

        After a call whose answer was lost, nothing is sent again, and no other job is started.

        :param job_ids: ids of the jobs.
        :param start_time: when they start, in milliseconds since 1970, as text; ``None`` for at once.
        :return: for each job whether DRS has accepted its start, and its order. No :class:`DrsError` is raised.
        """
        return job_start.start_each(lambda body: self._call(job_start.JOB_START, body)[0], job_ids, start_time)

    def check_access(self) -> None:
        """Check credential and project with the cheapest read; operation ``showJobList``.

        It lists one job, because the other reads need the id of an existing job. It is not retried, because a person
        waits for the answer.

        :raises DrsError: when the call fails. Every other call would fail, too.
        """
        self._call(JOB_LIST, job_list.body())
