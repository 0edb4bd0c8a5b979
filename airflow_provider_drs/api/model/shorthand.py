"""Expand the members ``db_conn_id`` and ``ssl_cert_file`` into the members that they stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.certificates import CertificateError, read_file
from airflow_provider_drs.api.model.hidden import HiddenDict

ConnectionReader = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Takes a connection id and the endpoint's own members; returns the members that the connection holds.

It raises `DrsInputError` when the connection does not fit, and a retryable error when it cannot be read right now.
"""

_FROM_A_FILE = frozenset({"ssl_cert_key", "ssl_cert_name", "ssl_cert_check_sum"})
_FROM_A_CONNECTION = _FROM_A_FILE | {
    "db_type", "ip", "db_port", "db_user", "db_password", "db_name", "ssl_link", "ssl_cert_password",
    "kafka_security_config",
}  # fmt: skip


class ExpandedMembers:
    """The members of an endpoint, with those of its connection and its certificate file.

    A connection or a file that cannot be used is a violation; `is_reliable` tells which members it concerns.

    :param members: the endpoint's own members; they override the others.
    :param read_connection: reads the connection that ``db_conn_id`` names.
    """

    def __init__(self, members: Mapping[str, Any], read_connection: ConnectionReader) -> None:
        self.members = HiddenDict({name: value for name, value in members.items() if value is not None})
        self.violations: list[str] = []
        self._unknown: frozenset[str] = frozenset()
        conn_id = self.members.get("db_conn_id")
        if isinstance(conn_id, str) and conn_id:
            try:
                self.members = _merged(read_connection(conn_id, self.members), self.members)
            except DrsInputError as error:
                self._fail("db_conn_id", error.violations, _FROM_A_CONNECTION)
        path = self.members.get("ssl_cert_file")
        if isinstance(path, str) and path:
            try:
                key, name, check_sum = read_file(path, self.members.get("ssl_cert_password"))
            except CertificateError as error:
                self._fail("ssl_cert_file", [str(error)], _FROM_A_FILE)
            else:
                computed = {"ssl_cert_key": key, "ssl_cert_name": name, "ssl_cert_check_sum": check_sum}
                self.members = HiddenDict({"ssl_link": True, **computed, **self.members})

    def is_reliable(self, member: Any, *nested: Any) -> bool:
        """Return whether a violation of a member is its own, not a result of a connection or file that failed.

        :param member: the member's name.
        :param nested: the path to a member inside it.
        """
        if member not in self._unknown:
            return True
        value = self.members.get(member)
        return value is not None and (not nested or not isinstance(value, Mapping) or nested[0] in value)

    def _fail(self, member: str, violations: Sequence[str], unknown: frozenset[str]) -> None:
        self.violations += [f"{member}: {why}" for why in violations]
        self._unknown |= unknown


def no_connections(conn_id: str, members: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse every connection id, for use without Airflow.

    :param conn_id: the connection's id.
    :param members: the endpoint's own members.
    :raises DrsInputError: always.
    """
    raise DrsInputError(["connections can be looked up within Airflow only"])


def _merged(stored: Mapping[str, Any], members: Mapping[str, Any]) -> HiddenDict:
    both = HiddenDict({**stored, **members})
    kafka = "kafka_security_config"
    if isinstance(stored.get(kafka), Mapping) and isinstance(members.get(kafka), Mapping):
        both[kafka] = HiddenDict({**stored[kafka], **members[kafka]})
    return both
