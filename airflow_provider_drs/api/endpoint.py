"""Endpoints: one side of one DRS job each, as DRS will log in to it, and every rule they have to keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from airflow_provider_drs.api import certificates, rules
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.inputs import as_list
from airflow_provider_drs.api.secrets import HiddenDict
from airflow_provider_drs.api.shorthand import LookUp, SpelledOut, no_connections

Text = Annotated[str, Field(min_length=1)]
Secret = Annotated[SecretStr, Field(min_length=1)]
JobId = Annotated[str, Field(pattern=rules.JOB_ID)]

_SAID_BETTER = {
    "missing": "is mandatory",
    "extra_forbidden": "is not a member that DRS knows",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_too_short": "is empty",
    "too_short": "is empty",
}
_PATTERNS = {
    "id": rules.NO_JOB_ID,
    "ip": "must be a host, or several joined by commas, without blanks",
    "project_id": "must be 1 to 64 letters, digits, - or _",
}


class WireObject(BaseModel):
    """An object of the request: all rules are checked at once, members that were not given never reach the wire.

    ``None`` counts as not given. The texts ``"3306"`` and ``"true"`` are taken for a number and a truth value where the
    member wants one, because that is what a template makes of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)
    not_on_the_wire: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def broken_rules(cls, given: Mapping[str, Any]) -> Iterator[rules.Broken]:
        """Yield ``(member, why)`` for every rule between members that ``given`` breaks."""
        return iter(())

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, data: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        if not isinstance(data, Mapping):
            return handler(data)
        given = {name: cls._plain(name, value) for name, value in data.items() if value is not None}
        lines: list[InitErrorDetails] = []
        model = None
        try:
            model = handler(given)
        except ValidationError as error:
            lines += [_line(item["loc"], item["type"], item["msg"]) for item in error.errors()]
        unsound = {line["loc"][0] for line in lines}
        lines += [_line((member,), "rule", why) for member, why in cls.broken_rules(given) if member not in unsound]
        if lines:
            raise ValidationError.from_exception_data(cls.__name__, lines, hide_input=True)
        return model

    @classmethod
    def _plain(cls, name: str, value: object) -> object:
        if not isinstance(value, str) or name not in cls.model_fields:
            return value
        wanted = str(cls.model_fields[name].annotation)  # as text, since most are "... | None"
        text = value.strip().lower()
        if "bool" in wanted and text in ("true", "false"):
            return text == "true"
        if "int" in wanted and text.isdecimal():
            return int(text)
        return value

    def wire(self) -> dict[str, Any]:
        """Return the JSON object to send, secrets in clear: it goes into a request body and nowhere else."""
        sent = (name for name in type(self).model_fields if name in self.model_fields_set)
        return HiddenDict({name: _in_clear(getattr(self, name)) for name in sent if name not in self.not_on_the_wire})

    def __getstate__(self) -> dict[Any, Any]:
        # pydantic would pickle secrets in clear; copies within the process go another way
        raise TypeError(f"{type(self).__name__} holds secrets, which are not pickled")


class KafkaSecurity(WireObject):
    """How DRS logs in to Kafka; the contract's ``KafkaSecurity``, 13 members."""

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
    def broken_rules(cls, given: Mapping[str, Any]) -> Iterator[rules.Broken]:
        yield from rules.broken_by_kafka_security(given)
        yield from certificates.broken_by_certificates(given, certificates.KAFKA_CERTIFICATES, _now())


class CustomizedDns(WireObject):
    """The name server DRS shall ask; the contract's ``CustomizedDns``, 3 members."""

    is_set_dns: bool
    set_dns_action: Literal["add", "keep", "update", "recover"]
    dns_ip: str


class Endpoint(WireObject):
    """One entry of the connection test's ``jobs``; the contract's ``TestEndPoint``, 21 members.

    Three are ours and never sent: ``label``, a name for people, shown in log and report; ``db_conn_id``, the Airflow
    Connection of the database, and ``ssl_cert_file``, the path of a certificate on the worker, from which
    :func:`parse_endpoints` takes what is not given.
    """

    not_on_the_wire = frozenset({"label", "db_conn_id", "ssl_cert_file"})

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
    label: str | None = None
    db_conn_id: Text | None = None
    ssl_cert_file: Text | None = None

    @classmethod
    def broken_rules(cls, given: Mapping[str, Any]) -> Iterator[rules.Broken]:
        yield from rules.broken_by_endpoint(given)
        yield from certificates.broken_by_certificates(given, certificates.ENDPOINT_CERTIFICATES, _now())

    @property
    def side(self) -> str:
        """``source`` or ``target``."""
        return "source" if self.end_point_type == "so" else "target"

    @property
    def address(self) -> str:
        """Where the database listens, for people: ``host:port``, or the hosts as they were given."""
        if not self.db_port:
            return self.ip
        host = f"[{self.ip}]" if self.ip.count(":") > 1 and not self.ip.startswith("[") else self.ip
        return f"{host}:{self.db_port}"

    def doubts(self) -> list[str]:
        """Return what looks wrong but where the vendor's documents disagree, so that the service has to decide."""
        sent = self.wire()
        kafka = sent.get("kafka_security_config", {})
        doubts = [
            *rules.doubtful(sent),
            *certificates.doubtful_certificates(sent, certificates.ENDPOINT_CERTIFICATES, _now()),
            *(
                (f"kafka_security_config.{member}", why)
                for member, why in certificates.doubtful_certificates(kafka, certificates.KAFKA_CERTIFICATES, _now())
            ),
        ]
        return [f"{member}: {why}" for member, why in doubts]


def parse_endpoints(jobs: object, look_up: LookUp = no_connections) -> list[Endpoint]:
    """Read the endpoints a DAG gave and check every rule of all of them before anything is sent.

    :param jobs: a list of objects with the members of the API's ``jobs[]``, one such object, or either as text.
    :param look_up: reads the Connection that a ``db_conn_id`` names.
    :raises DrsInputError: naming every violation by position and member, never a value of a secret member.
    """
    endpoints, violations = _read(jobs, look_up)
    if violations:
        # who shows a traceback with its local variables shall not find the input among them
        del jobs
        raise DrsInputError(violations)
    return endpoints


def _read(jobs: object, look_up: LookUp) -> tuple[list[Endpoint], list[str]]:
    endpoints: list[Endpoint] = []
    violations: list[str] = []
    try:
        entries = as_list(jobs, "jobs")
    except DrsInputError as error:
        return [], error.violations
    for position, entry in enumerate(entries):
        spelled_out = SpelledOut(entry, look_up) if isinstance(entry, Mapping) else None
        if spelled_out:
            violations += [f"jobs[{position}].{line}" for line in spelled_out.violations]
        try:
            endpoints.append(Endpoint.model_validate(spelled_out.members if spelled_out else entry))
        except ValidationError as error:
            for item in error.errors(include_url=False, include_input=False, include_context=False):
                if spelled_out and item["loc"] and not spelled_out.knows(*item["loc"]):
                    continue
                path = ".".join([f"jobs[{position}]", *map(str, item["loc"])])
                said = _PATTERNS if item["type"] == "string_pattern_mismatch" else _SAID_BETTER
                key = item["loc"][-1] if said is _PATTERNS else item["type"]
                violations.append(f"{path}: {said.get(str(key), item['msg'])}")
    return endpoints, violations


def secrets_in(jobs: object) -> Iterator[str]:
    """Yield every secret value among endpoints as a DAG gave them, before anything is checked.

    :param jobs: as for :func:`parse_endpoints`; text that cannot be read is a secret as a whole, since it may hold any.
    """
    for entry in _as_mappings(jobs):
        if isinstance(entry, str):
            yield entry
            continue
        yield from _secret_values(Endpoint, entry)
        for kafka in _as_mappings(entry.get("kafka_security_config")):
            yield from [kafka] if isinstance(kafka, str) else _secret_values(KafkaSecurity, kafka)


def _as_mappings(given: object) -> Iterator[Mapping[str, Any] | str]:
    if isinstance(given, (Mapping, Sequence)):  # not what can be read only once, nor what Airflow has yet to resolve
        try:
            entries = as_list(given, "jobs")
        except DrsInputError:
            entries = [given]
        yield from (entry for entry in entries if isinstance(entry, Mapping) or (isinstance(entry, str) and entry))


def _secret_values(model: type[WireObject], given: Mapping[str, Any]) -> Iterator[str]:
    for name, member in model.model_fields.items():
        if "SecretStr" in str(member.annotation):
            yield from _texts(given.get(name))


def _texts(value: object) -> Iterator[str]:
    # a secret of the wrong type is refused, but must not be shown before
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, (list, tuple, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _line(loc: tuple[int | str, ...], kind: str, text: str) -> InitErrorDetails:
    # the text goes in as a parameter, so that braces in it are not read as placeholders
    return {"type": PydanticCustomError(kind, "{text}", {"text": text}), "loc": loc, "input": None}


def _in_clear(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return value.wire() if isinstance(value, WireObject) else value
