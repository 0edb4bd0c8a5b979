"""Describes each API call: after which errors it is retried, which members are secret, and what a good answer is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

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
from airflow_provider_drs.api.model.hidden import credentials_in, may_hold_credentials

MAX_BODY = 2**20
"""The most bytes of a body that are read, unless an operation needs more. A real answer has a few thousand."""


class Repeat(Enum):
    """The kinds of operations, by the effect of a retry."""

    READ = "read"
    """The call changes nothing. It is retried after every retryable error."""
    LOGIN = "login"
    """The call logs in, and failed logins can lock an account. It is retried only when it was certainly not done.

    So is a pre-check: DRS logs in to both databases, and a second one would replace the run of the first. So is
    a start: it may pay an order, and no document tells what a second one does.
    """
    SAME_EFFECT = "same effect"
    """The call is idempotent. It is retried like a read."""
    NEVER = "never"
    """The call is never retried: a person waits for the answer, or the effect of a retry is unknown."""


NOT_SENT: tuple[type[DrsError], ...] = (DrsUnreachableError, DrsThrottledError)
PERHAPS_DONE: tuple[type[DrsError], ...] = (DrsUnavailableError, DrsConnectionLostError, DrsTimeoutError)
REPEATED: dict[Repeat, tuple[type[DrsError], ...]] = {
    Repeat.READ: (*NOT_SENT, *PERHAPS_DONE),
    Repeat.LOGIN: NOT_SENT,
    Repeat.SAME_EFFECT: (*NOT_SENT, *PERHAPS_DONE),
    Repeat.NEVER: (),
}
"""The errors after which each kind of operation is retried. No other module decides this."""


@dataclass(frozen=True)
class Operation:
    """One call of an API.

    :param name: the contract's ``operationId``.
    :param method: the HTTP method.
    :param path: path and query, with the names of parameters in braces.
    :param repeat: when the call is retried.
    :param permission: the action that an IAM policy must allow, where the vendor's pages name it.
    :param secret_members: names of members of the request whose texts are secret, at any depth.
    :param json_members: names of members of the request whose text is JSON with members of its own.
    :param expected_key: the member that a good answer must have. It is a list, except ``token``.
    :param good_statuses: the HTTP statuses of a good answer. An answer with another status is an error.
    :param service: name of the service for error texts, ``DRS`` or ``IAM``.
    :param max_body: the most bytes of an answer's body.
    """

    name: str
    method: str
    path: str
    repeat: Repeat
    permission: str | None = None
    secret_members: frozenset[str] = frozenset()
    json_members: frozenset[str] = frozenset()
    expected_key: str = "results"
    good_statuses: tuple[int, ...] = (200,)
    service: str = "DRS"
    max_body: int = MAX_BODY

    def repeats(self, error: DrsError) -> bool:
        """Return whether the call may be retried after an error.

        :param error: the error of the last attempt.
        """
        if not isinstance(error, REPEATED[self.repeat]):
            return False
        if self.repeat is not Repeat.LOGIN or isinstance(error, DrsUnreachableError):
            return True
        # with another status than 429, the gateway may have forwarded the call to DRS
        return error.http_status in (429, None)

    def may_be_done(self, error: DrsError) -> bool:
        """Return whether the service may have received the call that failed.

        :param error: the error of the call.
        """
        # a refusal is an answer, too, and a login that is refused counts
        received = (*PERHAPS_DONE, DrsAnswerError, DrsServiceError)
        return isinstance(error, received) and not (isinstance(error, NOT_SENT) and self.repeats(error))

    def secrets_in(self, body: object) -> list[str]:
        """Return the secret texts of a request.

        :param body: the JSON of the request.
        """
        if not (self.secret_members or self.json_members or may_hold_credentials(json.dumps(body))):
            # nearly always, and a thousand waits send a thousand job ids a round
            return []
        return self._secrets_in(body)

    def _secrets_in(self, part: object) -> list[str]:
        if isinstance(part, str):
            return credentials_in(part)
        if isinstance(part, list):
            return [text for item in part for text in self._secrets_in(item)]
        secrets: list[str] = []
        for name, value in part.items() if isinstance(part, Mapping) else ():
            if name in self.json_members:
                secrets += [value, *self._secrets_in(json.loads(value))]
            else:
                secret = name in self.secret_members and isinstance(value, str)
                secrets += [value] if secret else self._secrets_in(value)
        return secrets
