"""Endpoints: the source or the target of a DRS job, with the rules of the API for their members."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, SecretStr, ValidationError

from airflow_provider_drs.api.digest import digest
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model import certificates, rules
from airflow_provider_drs.api.model.hidden import HiddenDict
from airflow_provider_drs.api.model.inputs import read_list, unreadable_in
from airflow_provider_drs.api.model.shorthand import ConnectionReader, ExpandedMembers, no_connections
from airflow_provider_drs.api.model.wire_object import WireObject, violations_of

Text = Annotated[str, Field(min_length=1)]
Secret = Annotated[SecretStr, Field(min_length=1)]
JobId = Annotated[str, Field(pattern=rules.JOB_ID)]

_NOT_STORED = frozenset({"id", "net_type", "end_point_type", "customized_dns"})
"""The members of a test that the stored endpoint does not have."""
_PATTERNS = {
    "id": rules.NO_JOB_ID,
    "ip": "must be a host, or several joined by commas, without blanks, and no URL",
    "project_id": rules.NO_PROJECT_ID,
}


class KafkaSecurity(WireObject):
    """The login to Kafka; follows the contract's ``KafkaSecurity``, 13 members."""

    may_be_empty = frozenset({"endpoint_algorithm", "trust_store_password", "key_store_password", "key_password"})

    type: Literal["PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL"] | None = None
    trust_store_key_name: Text | None = None
    trust_store_key: Secret | None = None
    trust_store_password: SecretStr | None = None
    endpoint_algorithm: str | None = None
    sasl_mechanism: Literal["GSSAPI", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    delegation_tokens: bool | None = None
    enable_key_store: bool | None = None
    key_store_key: Secret | None = None
    key_store_key_name: Text | None = None
    key_store_password: SecretStr | None = None
    set_private_key_password: bool | None = None
    key_password: SecretStr | None = None

    @classmethod
    def broken_rules(cls, values: Mapping[str, Any]) -> Iterator[rules.Broken]:
        yield from rules.broken_by_kafka_security(values)
        yield from certificates.broken_by_certificates(values, certificates.KAFKA_CERTIFICATES, _now())


class CustomizedDns(WireObject):
    """The name server that DRS uses; follows the contract's ``CustomizedDns``, 3 members."""

    may_be_empty = frozenset({"dns_ip"})

    is_set_dns: bool
    set_dns_action: Literal["add", "keep", "update", "recover"]
    dns_ip: str


class Endpoint(WireObject):
    """One entry of the connection test's ``jobs``; follows the contract's ``TestEndPoint``, 21 members.

    Four more members are never sent. ``label`` is a name for people, in log and report. ``db_conn_id`` names the
    Airflow Connection of the database, and ``ssl_cert_file`` is the path of a certificate on the worker;
    :func:`parse_endpoints` takes missing members from both. ``cluster`` marks an endpoint of a cluster or
    primary/standby job, which has a test of its own. Seven members are sent only when the endpoint is stored; they
    follow the contract's ``Endpoint``.
    """

    only_stored: ClassVar[frozenset[str]] = frozenset(
        {"az_code", "security_group_id", "inst_name", "mongo_ha_mode", "cluster_mode", "safe_mode", "topic"}
    )
    not_on_the_wire = frozenset({"label", "db_conn_id", "ssl_cert_file", "cluster", *only_stored})
    may_be_empty = frozenset({"db_name", "ssl_cert_password"})
    nested = {"kafka_security_config": KafkaSecurity, "customized_dns": CustomizedDns}  # noqa: RUF012

    id: JobId
    net_type: Literal["vpn", "vpc", "eip"]
    db_type: Text
    ip: Annotated[str, Field(pattern=rules.HOSTS)]
    end_point_type: Literal["so", "ta"]
    db_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    inst_id: Text | None = None
    region: Text | None = None
    project_id: Annotated[str, Field(pattern=rules.PROJECT_ID)] | None = None
    db_user: Text | None = None
    db_password: Secret | None = None
    db_name: str | None = None
    ssl_link: bool | None = None
    ssl_cert_key: Secret | None = None
    ssl_cert_name: Text | None = None
    ssl_cert_check_sum: Text | None = None
    ssl_cert_password: SecretStr | None = None
    vpc_id: Text | None = None
    subnet_id: Text | None = None
    kafka_security_config: KafkaSecurity | None = None
    customized_dns: CustomizedDns | None = None
    az_code: Text | None = None
    security_group_id: Text | None = None
    inst_name: Text | None = None
    mongo_ha_mode: Text | None = None
    cluster_mode: Text | None = None
    safe_mode: Annotated[int, Field(ge=0, le=1)] | None = None
    topic: Text | None = None
    cluster: bool | None = None
    label: str | None = None
    db_conn_id: Text | None = None
    ssl_cert_file: Text | None = None

    @classmethod
    def broken_rules(cls, values: Mapping[str, Any]) -> Iterator[rules.Broken]:
        yield from rules.broken_by_endpoint(values)
        yield from rules.broken_by_cluster(values)
        yield from certificates.broken_by_certificates(values, certificates.ENDPOINT_CERTIFICATES, _now())

    @property
    def side(self) -> str:
        """``source`` or ``target``."""
        return "source" if self.end_point_type == "so" else "target"

    @property
    def address(self) -> str:
        """The address of the database, for people: ``host:port``, or ``ip`` unchanged if there is no port."""
        if not self.db_port:
            return self.ip
        host = f"[{self.ip}]" if self.ip.count(":") > 1 and not self.ip.startswith("[") else self.ip
        return f"{host}:{self.db_port}"

    @property
    def digest(self) -> str:
        """The digest of what is sent, without secrets."""
        return digest(self.public())

    def stored_form(self) -> HiddenDict:
        """Return the endpoint as it is stored, with secrets in clear: the contract's ``Endpoint``, 24 members."""
        tested = {name: value for name, value in self.wire().items() if name not in _NOT_STORED}
        added = self.only_stored & self.model_fields_set
        return HiddenDict({**tested, **{name: getattr(self, name) for name in sorted(added)}})

    def doubts(self, *, stored: bool = False) -> list[str]:
        """Return a line for each member that may be wrong; the vendor's documents disagree, so the service decides.

        :param stored: whether the endpoint is to be stored, too.
        """
        sent = self.wire()
        for_one_use = {"customized_dns"} if stored else self.only_stored
        why = "is tested and not stored: DRS has no place for it" if stored else "has no effect unless it is stored"
        kafka = sent.get("kafka_security_config", {})
        doubts = [
            *rules.doubtful(sent),
            *((member, why) for member in sorted(for_one_use & self.model_fields_set)),
            *certificates.doubtful_certificates(sent, certificates.ENDPOINT_CERTIFICATES, _now()),
            *(
                (f"kafka_security_config.{member}", doubt)
                for member, doubt in certificates.doubtful_certificates(kafka, certificates.KAFKA_CERTIFICATES, _now())
            ),
        ]
        return [f"{member}: {doubt}" for member, doubt in doubts]


def parse_endpoints(jobs: object, look_up: ConnectionReader = no_connections) -> list[Endpoint]:
    """Return the endpoints in a DAG's input, after a check of every rule of all of them.

    The members are those of the API's ``jobs[]``, the contract's ``TestEndPoint``.

    :param jobs: a list of objects, one object, or either as text.
    :param look_up: reads the Connection that a ``db_conn_id`` names.
    :raises DrsInputError: when an endpoint breaks a rule; it names each by position and member, without its value.
    :raises DrsUnreachableError: when Airflow cannot read a Connection right now.
    """
    items = read_list(jobs)
    unreadable = unreadable_in(items, "jobs")
    # Drop the input before raising: a traceback with local variables would show it.
    entries = [Endpoint.normalized(item) if isinstance(item, Mapping) else None for item in items]
    del jobs, items
    endpoints, violations = [], []
    for position, entry in enumerate(entries):
        if position in unreadable:
            violations.append(unreadable[position])
            continue
        endpoint, broken = _read(entry, look_up)
        violations += [f"jobs[{position}]{line}" for line in broken]
        if endpoint:
            endpoints.append(endpoint)
    del entries, entry
    if violations:
        raise DrsInputError(violations)
    return endpoints


def _read(entry: HiddenDict | None, look_up: ConnectionReader) -> tuple[Endpoint | None, list[str]]:
    if entry is None:
        return None, [": must be an object"]
    expanded = ExpandedMembers(entry, _with_checked_id(look_up))
    violations = [f".{line}" for line in expanded.violations]
    try:
        return Endpoint.model_validate(expanded.members), violations
    except ValidationError as error:
        reliable = [
            (loc, line) for loc, line in violations_of(error, _PATTERNS) if not loc or expanded.is_reliable(*loc)
        ]
        return None, [*violations, *(line for _, line in reliable)]


def _with_checked_id(read_connection: ConnectionReader) -> ConnectionReader:
    def read(conn_id: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        if not re.fullmatch(rules.CONNECTION_ID, conn_id):
            raise DrsInputError([rules.NO_CONNECTION_ID])
        return read_connection(conn_id, values)

    return read


def _now() -> datetime:
    return datetime.now(timezone.utc)
