"""Makes one call: with its credential, at its turn, and again where its operation allows that."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from requests.auth import AuthBase

from airflow_provider_drs.api.auth.credentials import Auth
from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.errors import DrsError, DrsThrottledError
from airflow_provider_drs.api.model.hidden import HiddenBytes, HiddenTuple
from airflow_provider_drs.api.operation import Operation
from airflow_provider_drs.api.pace import Pacer
from airflow_provider_drs.api.retry import retried
from airflow_provider_drs.api.wire.answers import Answer
from airflow_provider_drs.api.wire.transport import Transport


class Caller:
    """The part of a client that all calls share. Its attributes are those that the client's constructor sets."""

    project_id: str
    pacer: Pacer
    max_retry_seconds: float
    _auth: Auth
    _cancellation: Cancellation
    _headers: dict[str, str]
    _max_attempts: int
    _transport: Transport

    def _call(
        self,
        operation: Operation,
        body: dict[str, Any] | None,
        other_secrets: Sequence[str] = (),
        earlier: Answer | None = None,
    ) -> tuple[Answer, float, int]:
        """Return the answer, the seconds of its last attempt, and the number of attempts.

        :param earlier: the last answer to an equal request, which spares reading an equal body.
        """
        path = operation.path.format(project_id=self.project_id)
        data = None if body is None else HiddenBytes(json.dumps(body).encode())
        secrets = HiddenTuple([*operation.secrets_in(body), *other_secrets])
        pacer = self.pacer
        deadline = pacer.clock() + self.max_retry_seconds
        starts: list[float] = []

        def attempt(auth: AuthBase) -> Answer:
            turn = pacer.take_turn(deadline)
            self._cancellation.check()
            starts.append(turn[1])
            try:
                answer = self._transport.exchange(
                    operation, path, data, auth=auth, headers=self._headers, secrets=secrets, earlier=earlier
                )
            except DrsThrottledError as error:
                error.retry_after = pacer.refused(turn, error, self.max_retry_seconds)
                raise
            pacer.answered()
            return answer

        def send(auth: AuthBase) -> Answer:
            return retried(
                lambda _: attempt(auth),
                operation,
                max_attempts=max(1, self._max_attempts - len(starts)),
                max_pause=self.max_retry_seconds,
                deadline=deadline,
                clock=pacer.clock,
                sleep=pacer.sleep,
            )

        try:
            # authenticated is outside the retries, because the calls of IAM have their own retries
            answer = self._auth.authenticated(send)
        except DrsError as error:
            error.attempts = len(starts)
            raise
        return answer, round(pacer.clock() - starts[-1], 3), len(starts)
