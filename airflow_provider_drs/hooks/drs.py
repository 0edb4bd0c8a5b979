"""The hook: makes a client from an Airflow Connection."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from airflow_provider_drs._compat import BaseHook
from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.errors import DrsError, DrsInputError
from airflow_provider_drs.api.model.inputs import MISSING, is_given
from airflow_provider_drs.api.model.rules import CONNECTION_ID, LANGUAGES, NO_CONNECTION_ID, NO_PROJECT_ID, PROJECT_ID
from airflow_provider_drs.hooks.connection_fields import read_connection
from airflow_provider_drs.hooks.connection_form import EXTRA_FIELDS, ui_field_behaviour
from airflow_provider_drs.hooks.console import console_url

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from airflow_provider_drs.api.client import DrsClient


class DrsHook(BaseHook):
    """Makes a client from the Airflow Connection ``drs_conn_id``.

    :param drs_conn_id: id of a Connection of type ``drs``.
    :param project_id: overrides the project id of the Connection.
    :param language: overrides the language of the Connection; ``en-us`` or ``zh-cn``.
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
        self._cached: tuple[bytes, DrsClient] | None = None
        self._cancellation = Cancellation()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return how the form of Airflow 2.11 to 3.1 changes the fields that every connection has."""
        return ui_field_behaviour("hidden_fields")

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the fields that the form of Airflow 2.11 to 3.1 adds for this type."""
        return {name: field.widget for name, field in EXTRA_FIELDS.items()}

    def get_conn(self) -> DrsClient:
        """Read the Connection and return a new client for it; the caller closes the client.

        Nothing is sent, except a request to IAM when the project id is missing.

        :raises DrsInputError: when the Connection is wrong; it names every violation and no value.
        :raises DrsUnreachableError: when Airflow has no such Connection, or cannot read it right now.
        :raises DrsError: when the look-up of the project fails.
        """
        return self._client(self._connection())

    def console_url(self) -> str:
        """Return the address of the DRS console, or an empty text if it or the Connection is not known."""
        try:
            return console_url(self._connection())
        except DrsError:
            return ""  # a client of this Connection tells what is wrong with it

    def cancel(self) -> None:
        """Stop all calls of this hook's clients; from now on they send nothing."""
        self._cancellation.cancel()

    async def get_async_conn(self) -> DrsClient:
        """Return a client without blocking the event loop.

        Each call reads the Connection. While the Connection is unchanged, each call returns the same client.

        :raises DrsError: as :meth:`get_conn` does.
        """
        # Airflow 3.0 raises when the event loop's own thread reads a Connection's extra.
        return await sync_to_async(self._cached_client, thread_sensitive=False)()

    def sleep(self, seconds: float) -> None:
        """Wait, unless the hook is cancelled.

        :param seconds: how long.
        :raises DrsStoppedError: as soon as :meth:`cancel` is called.
        """
        self._cancellation.sleep(seconds)

    def test_connection(self) -> tuple[bool, str]:
        """List at most one job, operation ``showJobList``; return whether that worked, and a text for the form."""
        from airflow_provider_drs.api.admin_message import admin_message
        from airflow_provider_drs.hooks.connection import client_for

        try:
            # No retry: a person waits for the result. No id in violations: Airflow makes one up for the Test button.
            overrides = {**self._overrides, "max_attempts": 1}
            with client_for(self._connection(), overrides, self._warn, self._cancellation) as client:
                client.check_access()
        except DrsError as error:
            return False, admin_message(error)
        return (
            True,
            f"{client.endpoint} accepts the credential for project {client.project_id}. No database was tested.",
        )

    def _cached_client(self) -> DrsClient:
        # Drop the Connection before a call that may raise: a traceback with local variables would show it.
        connections = [self._connection()]
        fingerprint = _fingerprint(connections[0])
        if self._cached is None or self._cached[0] != fingerprint:
            self._cached = fingerprint, self._client(connections.pop())
        return self._cached[1]

    def _connection(self) -> Connection:
        # Checked before Airflow reads it: Airflow's error quotes an id that does not exist.
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

    def _client(self, connection: Connection) -> DrsClient:
        # imported here: what names a Connection only, such as the link to the console, needs no client
        from airflow_provider_drs.hooks.connection import client_for

        try:
            client = client_for(connection, self._overrides, self._warn, self._cancellation)
            client.console_url = console_url(connection)
            return client
        except DrsInputError as error:
            raise DrsInputError([f"connection {self.drs_conn_id}: {line}" for line in error.violations]) from None
        finally:
            # A traceback with local variables would show the Connection, whose repr may hold the password.
            del connection

    def _warn(self, message: str) -> None:
        self.log.warning("Connection %s: %s.", self.drs_conn_id, message)


def _matches(pattern: str, value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _fingerprint(connection: Connection) -> bytes:
    fields = (getattr(connection, name) for name in ("host", "port", "schema", "login", "password", "extra"))
    return hashlib.sha256(repr(tuple(fields)).encode()).digest()
