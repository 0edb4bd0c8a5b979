"""The client: one method for each call of DRS that a gate makes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any, NoReturn

from requests.auth import AuthBase

from airflow_provider_drs.api.auth.credentials import Auth
from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.errors import DrsError, DrsJobsRefusedError, DrsServiceError, DrsThrottledError
from airflow_provider_drs.api.model.hidden import HiddenBytes, HiddenTuple
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.model.report import Verdict
from airflow_provider_drs.api.operation import Operation
from airflow_provider_drs.api.operations import connection_test, job_list, job_status
from airflow_provider_drs.api.operations.connection_test import CONNECTION_TEST
from airflow_provider_drs.api.operations.job_list import JOB_LIST
from airflow_provider_drs.api.operations.job_status import JOB_STATUS
from airflow_provider_drs.api.pace import Pacer
from airflow_provider_drs.api.retry import MAX_RETRY_SECONDS, retried
from airflow_provider_drs.api.statuses import fetch_statuses, most_severe
from airflow_provider_drs.api.wire.answers import Answer
from airflow_provider_drs.api.wire.transport import Transport


class DrsClient:
    """Calls the v3 API of DRS for one project.

    A client may be shared by threads. It never follows a redirect, and it speaks plain http to loopback only.

    :mod:`~airflow_provider_drs.api.operation` has the table of what is sent again after which error: after
    the time that the answer names, or else 1, 2, 4 ... seconds. A connection test is another login, so it is sent again
    only when it was certainly not done.

    :param endpoint: URL of the service, such as ``https://drs.cn-north-4.myhuaweicloud.com``.
    :param project_id: project of the region where the DRS jobs live.
    :param auth: the credential, and what is done when the service refuses it.
    :param language: of the service's texts, ``en-us`` or ``zh-cn``.
    :param verify: ``True``, or the path of a CA bundle.
    :param connect_timeout: seconds until a connection must stand, name look-up and TLS included.
    :param read_timeout: seconds from then on until the whole answer must be there.
    :param max_attempts: how many times one call is sent at most, 1 and more.
    :param max_retry_seconds: seconds from the moment when a call wants to start, in which it may still be sent; no
        pause that the service names or causes lasts longer.
    :param pacer: lets calls start; the clock and the waiting are its own.
    :param cancellation: ends what is under way, as :meth:`cancel` does.
    :raises DrsInputError: when the endpoint is no URL that a credential may be sent to.
    """

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
        self._max_attempts = max_attempts
        self.max_retry_seconds = max_retry_seconds
        self._transport = Transport(
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
        """Close the connections that were kept alive."""
        self._transport.close()

    def cancel(self) -> None:
        """End what is under way in other threads within moments; from now on nothing is sent.

        The calls that it ends, and all later ones, raise :class:`DrsStoppedError`.
        """
        self._cancellation.cancel()
        self._auth.cancel()
        self.close()

    def test_connections(self, endpoints: Sequence[Endpoint]) -> list[Verdict]:
        """Have DRS log in to every endpoint; operation ``batchValidateConnections``.

        :param endpoints: at most 10, and never two of one job, since a result names its job only.
        :return: one verdict for each endpoint, in the same order.
        :raises DrsError: when the call as a whole failed.
        """
        answer, seconds, attempts = self._call(CONNECTION_TEST, connection_test.body(endpoints))
        return connection_test.judge(
            endpoints, answer.payload, request_id=answer.request_id, seconds=seconds, attempts=attempts
        )

    def job_statuses(self, job_ids: Sequence[str]) -> dict[str, JobStatus]:
        """Read the status of any number of jobs, 100 a call; operation ``batchListJobStatus``.

        :return: ``{job id: status}`` in the order asked.
        :raises DrsJobsRefusedError: naming the jobs that DRS does not know, no longer has, or takes for malformed.
        :raises DrsError: when a call as a whole failed, or its answer left a job out.
        """
        results = self.look_up(job_ids)
        if error := most_severe(results):
            raise error
        return {job_id: status for job_id, status in results.items() if isinstance(status, JobStatus)}

    def look_up(self, job_ids: Sequence[str]) -> dict[str, JobStatus | DrsError]:
        """Read the status of any number of jobs, or what stands in its way, for each by itself.

        It takes a call for every 100 jobs, and some more when DRS refuses a job; operation ``batchListJobStatus``.
        """
        return fetch_statuses(self._page_of_statuses, job_ids)

    def _page_of_statuses(self, job_ids: list[str]) -> dict[str, JobStatus | DrsError]:
        try:
            answer, _, _ = self._call(JOB_STATUS, job_status.body(job_ids))
        except DrsJobsRefusedError as error:
            return job_status.of_refusal(job_ids, error)
        return job_status.statuses(job_ids, answer)

    def check_access(self) -> None:
        """Do the cheapest read that takes the credential and the project; operation ``showJobList``.

        A list of one job, since the other reads want the id of a job that exists. Nothing is repeated: whoever asks is
        waiting for the answer.

        :raises DrsError: when it failed, and so would every other call.
        """
        self._call(JOB_LIST, job_list.body())

    def _call(self, operation: Operation, body: dict[str, Any]) -> tuple[Answer, float, int]:
        """Send until there is an answer, or no hope for one; return it, the seconds it took, and the attempts."""
        path = operation.path.format(project_id=self.project_id)
        data = HiddenBytes(json.dumps(body).encode())
        secrets = HiddenTuple(operation.secrets_in(body))
        pacer = self.pacer
        deadline = pacer.clock() + self.max_retry_seconds
        starts: list[float] = []

        def attempt(auth: AuthBase) -> Answer:
            turn = pacer.take_turn(deadline)
            self._cancellation.check()
            starts.append(turn[1])
            try:
                answer = self._transport.exchange(
                    operation, path, data, auth=auth, headers=self._headers, secrets=secrets
                )
            except DrsThrottledError as error:
                error.retry_after = pacer.refused(turn, error, self.max_retry_seconds)
                raise
            except DrsServiceError as error:
                if error.retry_after is not None:
                    error.retry_after = min(error.retry_after, self.max_retry_seconds)
                raise
            pacer.answered()
            return answer

        def send(auth: AuthBase) -> Answer:
            return retried(
                lambda _: attempt(auth),
                operation,
                max_attempts=max(1, self._max_attempts - len(starts)),
                deadline=deadline,
                clock=pacer.clock,
                sleep=pacer.sleep,
            )

        try:
            # the credential is around what is repeated, because IAM's own calls have repeated what they may
            answer = self._auth.authenticated(send)
        except DrsError as error:
            error.attempts = len(starts)
            raise
        return answer, round(pacer.clock() - starts[-1], 3), len(starts)
