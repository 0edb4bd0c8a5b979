"""Read an Airflow Connection of any type; a field that cannot be read is a violation, never a missing field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_drs._compat import AirflowNotFoundException, BaseHook
from airflow_provider_drs.api.errors import DrsUnreachableError
from airflow_provider_drs.api.model.hidden import HiddenDict
from airflow_provider_drs.api.model.values import UnreadableError, is_blank, plain, port, text
from airflow_provider_drs.api.texts import printable

if TYPE_CHECKING:
    from airflow.sdk import Connection

Value = TypeVar("Value")

_FORM_PREFIX = re.compile(r"^extra__.+?__")
_HINT = "Create it, or look in the log for errors of a secrets backend or the API server."


@dataclass(frozen=True, repr=False)
class ConnectionFields:
    """The fields of a Connection; an empty field is an empty text, or ``None`` for the port.

    :param conn_type: the type of the Connection, such as ``drs`` or ``mysql``.
    :param host: the text of the field, which may be a URL or several hosts.
    :param port: 1 to 65535, or ``None``.
    :param schema: the text of the field; for most databases the database name.
    :param login: the user.
    :param password: the password, blanks included.
    :param extra: members without the ``extra__type__`` prefix that Airflow 2 forms add; empty members are left out.
    :param violations: one line for each field that cannot be read; it names the field and never its value.
    """

    conn_type: str
    host: str
    port: int | None
    schema: str
    login: str
    password: str
    extra: Mapping[str, Any]
    violations: list[str]


def read_connection(conn_id: str) -> Connection:
    """Return an Airflow Connection.

    :param conn_id: its id.
    :raises DrsUnreachableError: when Airflow returns none. A failing secrets backend looks like a Connection that does
        not exist, so both are retryable.
    """
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        why = "no source knows it, or one of them has failed"
    except Exception as error:
        # The error's text may quote the Connection.
        why = type(error).__name__
    raise DrsUnreachableError(f"connection {conn_id} cannot be read: {why}", hint=_HINT)


def read_fields(connection: Connection) -> ConnectionFields:
    """Return the fields of a Connection, with a violation for each field that cannot be read.

    :param connection: of any type.
    """
    violations: list[str] = []
    extra = _read(connection, "extra", lambda value: _json_object(value, connection), violations) or {}
    return ConnectionFields(
        conn_type=str(connection.conn_type),
        host=_read(connection, "host", text, violations) or "",
        # The Test button of Airflow 3.3 sends 0 for an empty port.
        port=_read(connection, "port", port, violations) if connection.port != 0 else None,
        schema=_read(connection, "schema", text, violations) or "",
        login=_read(connection, "login", text, violations) or "",
        password=_read(connection, "password", _secret, violations) or "",
        extra=_without_prefix(extra, violations),
        violations=violations,
    )


class Extra:
    """The extra of a database's Connection, read by name; case and punctuation of a name do not matter.

    :param extra: the members, with the names that the Connection uses.
    :param violations: list to which a line is added for each member that cannot be read.
    """

    def __init__(self, extra: Mapping[str, Any], violations: list[str]) -> None:
        self.violations = violations
        self._members = extra

    def items(self) -> Iterator[tuple[str, Any]]:
        """Yield the name and the value of each member."""
        yield from self._members.items()

    def read(self, name: str, value: Any, reader: Callable[[Any], Value]) -> Value | None:
        """Return the value that a reader makes of a member, or ``None`` after noting a violation.

        :param name: the member, for the violation.
        :param value: its value.
        :param reader: raises `UnreadableError` for a value that it cannot read.
        """
        try:
            return reader(value)
        except UnreadableError as error:
            self.fail(name, str(error))
            return None

    def text(self, name: str) -> str | None:
        """Return a text member, or ``None`` when it is missing or cannot be read.

        :param name: the member, in any spelling.
        """
        return self.get(name, text)

    def get(self, name: str, reader: Callable[[Any], Value]) -> Value | None:
        """Return the value that a reader makes of a member, or ``None`` when it is missing or cannot be read.

        :param name: the member, in any spelling.
        :param reader: raises `UnreadableError` for a value that it cannot read.
        """
        spellings = [spelling for spelling in self._members if plain(spelling) == plain(name)]
        values = [self.read(spelling, self._members[spelling], reader) for spelling in spellings]
        if any(value != values[0] for value in values):
            self.fail(spellings[-1], "is given twice, with different values")
        return values[0] if values else None

    def fail(self, name: str, why: str) -> None:
        """Note a violation, unless it is already noted.

        :param name: the member, as the Connection spells it.
        :param why: the reason, without the member's value.
        """
        line = f"extra.{printable(str(name), 60)}: {why}"
        if line not in self.violations:
            self.violations.append(line)


def _read(connection: Connection, name: str, read: Callable[[Any], Value], violations: list[str]) -> Value | None:
    value = getattr(connection, name)
    if is_blank(value):
        return None
    try:
        return read(value)
    except UnreadableError as error:
        violations.append(f"{name}: {error}")
        return None


def _json_object(value: object, connection: Connection) -> Mapping[str, Any]:
    try:
        # extra_dejson is empty for text that Airflow cannot parse, so it cannot tell wrong from empty.
        if isinstance(json.loads(text(value)), dict):
            # Airflow masks the secrets in extra when it parses it.
            return connection.extra_dejson
    except (ValueError, RecursionError):
        pass
    # Raised outside the handler: the parser's error holds the text.
    raise UnreadableError("must be a JSON object")


def _secret(password: object) -> str:
    text(password)
    return str(password)  # not stripped: blanks may belong to it


def _without_prefix(extra: Mapping[str, Any], violations: list[str]) -> Mapping[str, Any]:
    members: dict[str, Any] = HiddenDict()
    for full_name, value in extra.items():
        name = _FORM_PREFIX.sub("", full_name)
        if not is_blank(value) and members.setdefault(name, value) != value:
            violations.append(f"extra.{printable(str(name), 60)}: is given twice, with different values")
    return members
