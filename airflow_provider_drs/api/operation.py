"""What is known of a call before it is made: what may be repeated, what is secret, and what a good answer is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from airflow_provider_drs.api.errors import (
    DrsConnectionLostError,
    DrsError,
    DrsThrottledError,
    DrsTimeoutError,
    DrsUnavailableError,
    DrsUnreachableError,
)
from airflow_provider_drs.api.model.hidden import credentials_in


class Repeat(Enum):
    """How an operation may be repeated after it failed."""

    READ = "read"
    """It changes nothing: after whatever may heal."""
    LOGIN = "login"
    """It is a login, and some databases lock an account: only when it was certainly not done."""
    SAME_EFFECT = "same effect"
    """Done twice it comes to the same as done once: like a read."""
    NEVER = "never"
    """Somebody waits for the answer, or nothing is known."""


NOT_SENT: tuple[type[DrsError], ...] = (DrsUnreachableError, DrsThrottledError)
PERHAPS_DONE: tuple[type[DrsError], ...] = (DrsUnavailableError, DrsConnectionLostError, DrsTimeoutError)
REPEATED: dict[Repeat, tuple[type[DrsError], ...]] = {
    Repeat.READ: (*NOT_SENT, *PERHAPS_DONE),
    Repeat.LOGIN: NOT_SENT,
    Repeat.SAME_EFFECT: (*NOT_SENT, *PERHAPS_DONE),
    Repeat.NEVER: (),
}
"""The errors after which a call is sent again; the one table of it."""


@dataclass(frozen=True)
class Operation:
    """One call of an API.

    :param name: the contract's ``operationId``.
    :param method: of HTTP.
    :param path: with the names of its parameters in braces.
    :param repeat: what may be repeated.
    :param permission: the action that a policy of IAM has to allow, where the documents name it.
    :param secret_members: members of the request whose texts are secret, at any depth.
    :param expected_key: the member by which a good answer is known, a list but for ``token``.
    :param good_status: the HTTP status of a good answer; any other is none.
    :param service: that is asked.
    """

    name: str
    method: str
    path: str
    repeat: Repeat
    permission: str | None = None
    secret_members: frozenset[str] = frozenset()
    expected_key: str = "results"
    good_status: int = 200
    service: str = "DRS"

    def repeats(self, error: DrsError) -> bool:
        """Return whether the call is sent again after this error."""
        if not isinstance(error, REPEATED[self.repeat]):
            return False
        if self.repeat is not Repeat.LOGIN or isinstance(error, DrsUnreachableError):
            return True
        # with any other status DRS may have been asked
        return error.http_status in (429, None)

    def secrets_in(self, body: object) -> list[str]:
        """Return the secret texts of a request.

        :param body: its JSON, or a part of that.
        """
        if isinstance(body, str):
            return credentials_in(body)
        if isinstance(body, list):
            return [text for item in body for text in self.secrets_in(item)]
        secrets: list[str] = []
        for name, value in body.items() if isinstance(body, Mapping) else ():
            secret = name in self.secret_members and isinstance(value, str)
            secrets += [value] if secret else self.secrets_in(value)
        return secrets
