"""The hook: from an Airflow Connection to a client."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from airflow_provider_drs._compat import BaseHook
from airflow_provider_drs.api.admin_message import admin_message
from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.errors import DrsError, DrsInputError
from airflow_provider_drs.api.model.inputs import MISSING, is_given
from airflow_provider_drs.api.model.rules import CONNECTION_ID, LANGUAGES, NO_CONNECTION_ID, NO_PROJECT_ID, PROJECT_ID
from airflow_provider_drs.hooks.connection import client_for
from airflow_provider_drs.hooks.connection_fields import read_connection
from airflow_provider_drs.hooks.connection_form import EXTRA_FIELDS, ui_field_behaviour

if TYPE_CHECKING:
    from airflow.sdk import Connection


class DrsHook(BaseHook):
    """Makes a client from the Airflow Connection ``drs_conn_id``.

    :param drs_conn_id: id of a Connection of type ``drs``.
    :param project_id: wins over the connection's.
    :param language: wins over the connection's; ``en-us`` or ``zh-cn``.
    """

    conn_name_attr = "drs_conn_id"
    default_conn_name = "drs_default"
    conn_type = "drs"
    hook_name = "Huawei Cloud DRS"

    def __init__(
        self, drs_conn_id: str = default_conn_name, *, project_id: str | None = None, language: str | None = None
    ) -> None:
        super().__init__()
        self.drs_conn_id = drs_conn_id
        overrides = {"project_id": project_id, "language": language}
        self._overrides = {name: value for name, value in overrides.items() if is_given(value)}
        self._kept: tuple[bytes, DrsClient] | None = None
        self._cancellation = Cancellation()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return what the form of Airflow 2.11 to 3.1 does to the fields that every connection has."""
        return ui_field_behaviour("hidden_fields")

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the further fields of that form."""
        return {name: field.widget for name, field in EXTRA_FIELDS.items()}

    def get_conn(self) -> DrsClient:
        """Read the Connection and return a client for it; nothing is sent, but to look up a project not given.

        :raises DrsInputError: naming everything that is wrong with the Connection, and no value of it.
        :raises DrsUnreachableError: when Airflow has no such Connection, or cannot read it right now.
        :raises DrsError: when the project could not be looked up.
        """
        return self._client(self._connection(), self._overrides)

    def cancel(self) -> None:
        """End what the clients of this hook have under way; from now on they send nothing."""
        self._cancellation.cancel()

    async def get_async_conn(self) -> DrsClient:
        """Do what :meth:`get_conn` does, from within an event loop and without blocking it.

        Asked again, it reads the Connection anew, and returns the same client for as long as that says the same.
        """
        # in a thread, for Airflow 3.0 forbids the loop even to read a Connection's extra
        return await sync_to_async(self._kept_client, thread_sensitive=False)()

    def sleep(self, seconds: float) -> None:
        """Wait.

        :raises DrsStoppedError: as soon as the hook is cancelled.
        """
        self._cancellation.sleep(seconds)

    def test_connection(self) -> tuple[bool, str]:
        """Do one cheap authenticated read, and say in words what is wrong; operation ``showJobList``."""
        try:
            # whoever presses the button waits for the answer
            with self._client(self._connection(), {**self._overrides, "max_attempts": 1}) as client:
                client.check_access()
        except DrsError as error:
            return False, admin_message(error)
        return (
            True,
            f"{client.endpoint} accepts the credential for project {client.project_id}. No database was tested.",
        )

    def _kept_client(self) -> DrsClient:
        # in a list, to be gone from it when something fails: a traceback may show local variables
        read = [self._connection()]
        fingerprint = _fingerprint(read[0])
        if self._kept is None or self._kept[0] != fingerprint:
            self._kept = fingerprint, self._client(read.pop(), self._overrides)
        return self._kept[1]

    def _connection(self) -> Connection:
        # before Airflow is asked, which repeats what it does not find
        project_id, language = self._overrides.get("project_id"), self._overrides.get("language")
        broken = {
            f"drs_conn_id: {MISSING}": not is_given(self.drs_conn_id),
            f"drs_conn_id: {NO_CONNECTION_ID}": is_given(self.drs_conn_id)
            and not _matches(CONNECTION_ID, self.drs_conn_id),
            f"project_id: {NO_PROJECT_ID}": project_id is not None and not _matches(PROJECT_ID, project_id),
            f"language: must be {' or '.join(LANGUAGES)}": language not in (None, *LANGUAGES),
        }
        if any(broken.values()):
            raise DrsInputError([violation for violation, is_broken in broken.items() if is_broken])
        return read_connection(self.drs_conn_id)

    def _client(self, connection: Connection, overrides: dict[str, Any]) -> DrsClient:
        try:
            return client_for(connection, overrides, self._warn, self._cancellation)
        except DrsInputError as error:
            raise DrsInputError([f"connection {self.drs_conn_id}: {line}" for line in error.violations]) from None
        finally:
            # the repr of a Connection may show its password, and a traceback may show local variables
            del connection

    def _warn(self, what: str) -> None:
        self.log.warning("Connection %s: %s.", self.drs_conn_id, what)


def _matches(pattern: str, value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _fingerprint(connection: Connection) -> bytes:
    says = (getattr(connection, name) for name in ("host", "port", "schema", "login", "password", "extra"))
    return hashlib.sha256(repr(tuple(says)).encode()).digest()
