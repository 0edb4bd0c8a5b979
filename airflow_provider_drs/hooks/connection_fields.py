"""Read an Airflow Connection of any type, and its fields; what cannot be read is named, never taken for "not given"."""

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
_HINT = "Create it, or look in the log for what a secrets backend or the API server says."


@dataclass(frozen=True, repr=False)
class ConnectionFields:
    """The fields of a Connection; an empty one is an empty text, ``None`` or missing in ``extra``.

    :param extra: without empty members, and without the prefix that forms of Airflow 2 put before their names.
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

    :raises DrsUnreachableError: when Airflow has none, or cannot read it right now: a secrets backend that fails looks
        like a Connection that does not exist.
    """
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        why = "no source knows it, or one of them has failed"
    except Exception as error:
        # its text may quote what was read
        why = type(error).__name__
    raise DrsUnreachableError(f"connection {conn_id} cannot be read: {why}", hint=_HINT)


def read_fields(connection: Connection) -> ConnectionFields:
    """Return what a Connection says, and what of it cannot be read.

    :param connection: of any type.
    """
    violations: list[str] = []
    extra = _read(connection, "extra", lambda written: _json_object(written, connection), violations) or {}
    return ConnectionFields(
        conn_type=str(connection.conn_type),
        host=_read(connection, "host", text, violations) or "",
        # the Test button of Airflow 3.3 sends 0 for an empty port
        port=_read(connection, "port", port, violations) if connection.port != 0 else None,
        schema=_read(connection, "schema", text, violations) or "",
        login=_read(connection, "login", text, violations) or "",
        password=_read(connection, "password", _secret, violations) or "",
        extra=_without_prefix(extra, violations),
        violations=violations,
    )


class Extra:
    """The extra of a database's Connection, read by names whose case and punctuation do not matter.

    :param extra: the members as they stand there.
    :param violations: gets a line for each member that cannot be read.
    """

    def __init__(self, extra: Mapping[str, Any], violations: list[str]) -> None:
        self.violations = violations
        self._members = extra

    def items(self) -> Iterator[tuple[str, Any]]:
        """Yield name and value of each member."""
        yield from self._members.items()

    def read(self, name: str, value: Any, reader: Callable[[Any], Value]) -> Value | None:
        """Return what a reader makes of a member's value, or ``None`` when it cannot be read."""
        try:
            return reader(value)
        except UnreadableError as error:
            self.fail(name, str(error))
            return None

    def text(self, name: str) -> str | None:
        """Return a member that has to be text, or ``None`` when it is missing or cannot be read."""
        return self.get(name, text)

    def get(self, name: str, reader: Callable[[Any], Value]) -> Value | None:
        """Return what a reader makes of a member, or ``None`` when it is missing or cannot be read."""
        spellings = [written for written in self._members if plain(written) == plain(name)]
        values = [self.read(written, self._members[written], reader) for written in spellings]
        if any(value != values[0] for value in values):
            self.fail(spellings[-1], "is given twice, with different values")
        return values[0] if values else None

    def fail(self, name: str, why: str) -> None:
        """Note a violation; the same one is noted once."""
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


def _json_object(written: object, connection: Connection) -> Mapping[str, Any]:
    try:
        # Airflow takes what it cannot parse for empty
        if isinstance(json.loads(text(written)), dict):
            # read in Airflow's way, which masks the secrets in it
            return connection.extra_dejson
    except (ValueError, RecursionError):
        pass
    # outside the handler, because the parser's error holds the text
    raise UnreadableError("must be a JSON object")


def _secret(password: object) -> str:
    text(password)
    return str(password)  # with its blanks, which may belong to it


def _without_prefix(extra: Mapping[str, Any], violations: list[str]) -> Mapping[str, Any]:
    members: dict[str, Any] = HiddenDict()
    for written, value in extra.items():
        name = _FORM_PREFIX.sub("", written)
        if not is_blank(value) and members.setdefault(name, value) != value:
            violations.append(f"extra.{printable(str(name), 60)}: is given twice, with different values")
    return members
