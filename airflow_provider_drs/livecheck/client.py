"""The client of a live check, which has two calls that no gate makes, and what keeps its exchanges and those of IAM."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from typing import Any, ClassVar

import requests

from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.errors import DrsAnswerError, DrsError, DrsUnavailableError
from airflow_provider_drs.api.model.hidden import HiddenBytes
from airflow_provider_drs.api.operation import Operation
from airflow_provider_drs.api.operations import job_list
from airflow_provider_drs.api.operations.iam_projects import IAM_PROJECTS
from airflow_provider_drs.api.operations.job_list import JOB_LIST
from airflow_provider_drs.api.operations.job_list_v5 import JOB_LIST_V5
from airflow_provider_drs.api.wire.answers import Answer, code_and_text
from airflow_provider_drs.api.wire.connection import Connection, RawAnswer
from airflow_provider_drs.api.wire.json_reading import read_object
from airflow_provider_drs.api.wire.scrubber import Scrubber
from airflow_provider_drs.api.wire.transport import Transport, no_credential
from airflow_provider_drs.livecheck import words
from airflow_provider_drs.livecheck.strangers import is_of_iam, refuses, stranger

NOBODY = "0" * 32
"""Stands in place of the project in the first request, which has nothing of the caller."""

_NOT_CONSIDERED = (401, 403, 407, 429, 502, 503, 504)


@dataclass(frozen=True)
class Exchange:
    """One request, and what came back.

    :param operation: the call.
    :param data: the bytes of the request.
    :param answer: the answer, or ``None`` if there was none.
    :param error: the error if there was no answer.
    :param began: when it was sent, by the monotonic clock.
    :param seconds: how long it took.
    :param ended: when.
    """

    operation: Operation
    data: bytes | None = field(repr=False)
    answer: RawAnswer | None
    error: DrsError | None
    began: float
    seconds: float
    ended: datetime

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON of the answer; empty if it is none."""
        return (self.answer and read_object(self.answer.body, Scrubber(()))) or {}

    @cached_property
    def asked(self) -> list[str]:
        """The ids of the jobs that were asked about."""
        jobs = json.loads(self.data or b"{}").get("jobs", [])
        return [job if isinstance(job, str) else job.get("id") or job.get("job_id") for job in jobs]

    @property
    def status(self) -> int | None:
        """The HTTP status of the answer, or ``None`` if there was none."""
        return self.answer.status if self.answer else None

    @property
    def code(self) -> str | None:
        """The error code of the answer, if it has a known form."""
        return words.code((code_and_text(self.body) or (None, ""))[0])

    @property
    def considered(self) -> bool:
        """Whether the service has looked at what was asked.

        It has not if it refused the caller, or if a limit, a gateway or a lost connection came between.
        """
        return self.answer is not None and self.answer.status not in _NOT_CONSIDERED

    @property
    def results(self) -> list[dict[str, Any]]:
        """The results in the answer that are objects."""
        results = self.body.get("results")
        return [item for item in results if isinstance(item, dict)] if isinstance(results, list) else []


class ObservedTransport(Transport):
    """Sends requests, and keeps what was sent and what came back.

    :param exchanges: where the exchanges are kept, if not in a list of its own.
    """

    def __init__(self, *args: Any, exchanges: list[Exchange] | None = None, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.exchanges: list[Exchange] = [] if exchanges is None else exchanges
        self.tls_version: str | None = None

    def _raw_answer(self, operation: Operation, request: requests.PreparedRequest) -> RawAnswer:
        began = time.monotonic()
        try:
            raw = super()._raw_answer(operation, request)
        except DrsError as error:
            self._keep(operation, request, None, error, began)
            raise
        self._keep(operation, request, raw, None, began)
        return raw

    def _keep(
        self,
        operation: Operation,
        request: requests.PreparedRequest,
        raw: RawAnswer | None,
        error: DrsError | None,
        began: float,
    ) -> None:
        body = request.body.encode() if isinstance(request.body, str) else request.body
        data = None if body is None else HiddenBytes(body)
        seconds, ended = round(time.monotonic() - began, 2), datetime.now(timezone.utc)
        self.exchanges.append(Exchange(operation, data, raw, error, began, seconds, ended))

    def _new_connection(self, request: requests.PreparedRequest) -> Connection:
        connection = super()._new_connection(request)
        self.tls_version = connection.tls_version or self.tls_version
        return connection


class IamTransport(ObservedTransport):
    """Sends requests to IAM, and none with a credential before IAM has refused one without.

    The parameters are those of :class:`ObservedTransport`; all such transports of a check share their exchanges.
    """

    def raw_exchange(self, operation: Operation, *args: Any, **settings: Any) -> tuple[RawAnswer, Scrubber]:
        """Send one request, as :class:`Transport` does.

        :raises DrsAnswerError: when something else than IAM answers. It got no credential.
        :raises DrsUnavailableError: when IAM has not refused the call without a credential. It got none.
        :raises DrsError: as :class:`Transport` does.
        """
        answers = [each.answer for each in self.exchanges if each.answer]
        if not any(refuses(answer) and not stranger(answer, is_of_iam) for answer in answers):
            path = IAM_PROJECTS.path.partition("?")[0]
            answer, _ = super().raw_exchange(IAM_PROJECTS, path, None, auth=no_credential)
            if who := stranger(answer, is_of_iam):
                hint = f"No credential was sent to IAM: {who} answers, which is not IAM. Check iam_endpoint."
                raise DrsAnswerError("what answers is not IAM", http_status=answer.status, hint=hint)
            if not refuses(answer):
                hint = "No credential was sent to IAM, which is busy or has a fault: try again later."
                raise DrsUnavailableError("IAM is not available", http_status=answer.status, hint=hint)
        return super().raw_exchange(operation, *args, **settings)


class ProbingClient(DrsClient):
    """A client of DRS that keeps its exchanges; the parameters are those of :class:`DrsClient`."""

    _transport_type: ClassVar[type[Transport]] = ObservedTransport
    _transport: ObservedTransport

    @property
    def exchanges(self) -> list[Exchange]:
        """All exchanges so far."""
        return self._transport.exchanges

    @property
    def tls_version(self) -> str | None:
        """Version of TLS of the last connection, or ``None`` without TLS."""
        return self._transport.tls_version

    def knock(self) -> RawAnswer:
        """Ask for the list of jobs without a credential and without the project, and return whatever comes back.

        :raises DrsError: when nothing comes back.
        """
        path = JOB_LIST.path.format(project_id=NOBODY)
        data = json.dumps(job_list.body()).encode()
        return self._transport.raw_exchange(JOB_LIST, path, data, auth=no_credential)[0]

    def list_with_an_unknown_member(self) -> Answer:
        """List one job with a member in the request that no document has; operation ``showJobList``."""
        return self._call(JOB_LIST, {**job_list.body(), "livecheck": 1})[0]

    def list_v5(self) -> Answer:
        """List one job as v5 does; operation ``listJobsV5``."""
        return self._call(JOB_LIST_V5, None)[0]
