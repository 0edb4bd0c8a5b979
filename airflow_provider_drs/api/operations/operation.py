"""The calls of DRS and IAM that this package makes, and what may be repeated of each."""

from __future__ import annotations

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
    :param expected_key: the member by which a good answer is known, a list but for ``token``.
    :param good_status: the HTTP status of a good answer; any other is none.
    :param service: that is asked.
    """

    name: str
    method: str
    path: str
    repeat: Repeat
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


BATCH_CONNECTION = Operation("batchValidateConnections", "POST", "/v3/{project_id}/jobs/batch-connection", Repeat.LOGIN)
BATCH_STATUS = Operation("batchListJobStatus", "POST", "/v3/{project_id}/jobs/batch-status", Repeat.READ)
JOB_LIST = Operation("showJobList", "POST", "/v3/{project_id}/jobs", Repeat.NEVER, "jobs")
TOKEN = Operation(
    "keystoneCreateUserTokenByPassword", "POST", "/v3/auth/tokens?nocatalog=true", Repeat.LOGIN, "token", 201, "IAM"
)
PROJECTS = Operation("keystoneListProjects", "GET", "/v3/projects?name={name}", Repeat.READ, "projects", service="IAM")

OPERATIONS = (BATCH_CONNECTION, BATCH_STATUS, JOB_LIST, TOKEN, PROJECTS)
