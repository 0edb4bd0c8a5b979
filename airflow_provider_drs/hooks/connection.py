"""Make a client from an Airflow Connection of type ``drs``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from airflow_provider_drs.api.auth.credentials import AkSkAuth, Auth, PasswordAuth, TokenAuth
from airflow_provider_drs.api.auth.iam import Iam
from airflow_provider_drs.api.auth.identity import IdentityAuth
from airflow_provider_drs.api.auth.key_service import KeyService
from airflow_provider_drs.api.auth.metadata import Metadata, loopback_url
from airflow_provider_drs.api.auth.pod import PodIdentity
from airflow_provider_drs.api.auth.tokens import known_project
from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.rules import PROJECT_ID
from airflow_provider_drs.api.model.values import UnreadableError, addresses, is_blank, number, plain, truth
from airflow_provider_drs.api.retry import MAX_RETRY_SECONDS
from airflow_provider_drs.api.texts import printable
from airflow_provider_drs.api.wire.regions import drs_endpoint, iam_endpoint
from airflow_provider_drs.api.wire.transport import Transport
from airflow_provider_drs.hooks.connection_fields import ConnectionFields, read_fields
from airflow_provider_drs.hooks.console import CONSOLE_URL, is_for_everybody

if TYPE_CHECKING:
    from airflow.sdk import Connection

Number = BeforeValidator(number)
Seconds = Annotated[float, Number, Field(gt=0, le=86_400, allow_inf_nan=False)]


class ConnectionExtra(BaseModel):
    """The ``extra`` of a ``drs`` connection; an empty field counts as missing.

    :param auth_type: the kind of credential: ``token``, ``password`` (IAM user), ``aksk`` (access key), ``agency`` (of
        the server) or ``pod`` (identity of the pod).
    :param project_id: project that holds the DRS jobs; without it IAM is asked for the project of the region.
    :param region: sets the DRS endpoint and the IAM endpoint where the Connection has none.
    :param domain_name: account of the IAM user; without it the account that has the user's name.
    :param iam_endpoint: IAM host or URL, for user logins and project look-ups.
    :param security_token: security token of a temporary access key.
    :param language: language of the service's texts, ``en-us`` or ``zh-cn``.
    :param verify: ``True``, or the path of a CA bundle.
    :param connect_timeout: seconds for name look-up, TCP, proxy and TLS together.
    :param read_timeout: seconds from then on until the whole answer has arrived.
    :param max_attempts: maximum number of times that one call is sent.
    :param max_retry_seconds: seconds in which one call may be sent, its wait for a turn included; also the longest
        pause that the service can cause.
    :param console_url: address of the DRS console, for a cloud whose console this package does not know.
    :param metadata_endpoint: for tests of ``agency``: a URL on loopback in place of the metadata service.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    auth_type: Literal["token", "password", "aksk", "agency", "pod"] = "token"
    project_id: Annotated[str, Field(pattern=PROJECT_ID)] | None = None
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] | None = None
    domain_name: str | None = None
    iam_endpoint: str | None = None
    security_token: str | None = Field(default=None, repr=False)
    language: Literal["en-us", "zh-cn"] = "en-us"
    verify: bool | str = True
    connect_timeout: Seconds = 10
    read_timeout: Seconds = 120
    max_attempts: Annotated[int, Number, Field(ge=1, le=100)] = 5
    max_retry_seconds: Annotated[float, Number, Field(ge=0, le=86_400, allow_inf_nan=False)] = MAX_RETRY_SECONDS
    console_url: Annotated[str, Field(pattern=CONSOLE_URL)] | None = None
    metadata_endpoint: Annotated[str, AfterValidator(loopback_url)] | None = None

    @field_validator("console_url")
    @classmethod
    def _for_everybody(cls, url: str | None) -> str | None:
        if url and not is_for_everybody(url):
            raise ValueError("must hold no credential: who sees a task sees this link")
        return url

    @field_validator("verify", mode="before")
    @classmethod
    def _stays_on(cls, verify: object) -> bool | str:
        try:
            if truth(verify):
                return True
        except UnreadableError:
            # Path.exists raises for a name that is too long
            if isinstance(verify, str) and os.path.exists(verify):
                return verify
        raise ValueError("must be true or the path of a CA bundle; it cannot be switched off")


def client_for(
    connection: Connection,
    overrides: Mapping[str, Any],
    warn: Callable[[str], None],
    cancellation: Cancellation,
    make: type[DrsClient] = DrsClient,
    to_iam: Callable[..., Transport] = Transport,
) -> DrsClient:
    """Make the client that a Connection describes; without a project id, ask IAM for the project of the region.

    :param connection: a Connection of type ``drs``.
    :param overrides: extras that replace those of the Connection.
    :param warn: called with one message for each ignored extra.
    :param cancellation: stops the client's calls, the look-up of the project included.
    :param make: the class of the client.
    :param to_iam: makes what sends requests to IAM, as :class:`Iam` has it.
    :raises DrsInputError: when the Connection is wrong; it names every violation and no value.
    :raises DrsError: when the look-up of the project fails.
    """
    fields = read_fields(connection)
    # A traceback with local variables would show the Connection, whose repr may hold the password.
    del connection
    wrong = fields.violations
    readable = not wrong
    extra = _extra(fields.extra, overrides, warn, wrong)
    # also where another member of the extra is wrong
    if (kind := str(fields.extra.get("auth_type")).strip()) in _IDENTITIES:
        if fields.login or fields.password:
            warn(f"login and password are not used with the auth_type {kind}")
    elif not fields.password and not any(line.startswith("password: ") for line in wrong):
        wrong.append(f"password: the {_PASSWORD[extra.auth_type]} is missing" if extra else "password: is missing")
    if extra is None or not readable:
        raise DrsInputError(wrong)
    if extra.auth_type == "token" and fields.login:
        # With a login the password field holds a password or a secret key, which must not be sent as a token.
        wrong.append("extra.auth_type: does not fit the login: password for an IAM user, aksk for an access key")
    elif extra.auth_type in _LOGIN and not fields.login:
        wrong.append(f"login: the {_LOGIN[extra.auth_type]} is missing")
    endpoint = _endpoint(fields, wrong)
    if not endpoint and extra.region:
        endpoint = drs_endpoint(extra.region)
    if not endpoint and not wrong:
        wrong.append("host: give the endpoint, or the region in the extra")
    if not extra.project_id and not extra.region:
        wrong.append("extra.project_id: is missing; set it here or in the task, or set extra.region to look it up")
    at_iam = _iam_endpoint(extra, wrong)
    if not at_iam and extra.auth_type == "password":
        wrong.append("extra.iam_endpoint: give it, or the region")
    service = _key_service(extra, cancellation, wrong)
    if wrong:
        raise DrsInputError(wrong)

    limits = extra.model_dump(include={"connect_timeout", "read_timeout", "max_attempts", "max_retry_seconds"})
    iam = Iam(at_iam, extra.verify, **limits, cancellation=cancellation, transport=to_iam) if at_iam else None
    auth = IdentityAuth(service) if service else _auth(extra, fields, iam)
    project_id = extra.project_id
    if not project_id and iam and extra.region:
        project_id = _project_id(iam, extra.region, auth)
    return make(
        endpoint,
        str(project_id),
        auth,
        language=extra.language,
        verify=extra.verify,
        **limits,
        cancellation=cancellation,
    )


def _project_id(iam: Iam, region: str, auth: Auth) -> str:
    return known_project((iam.endpoint, region, auth.fingerprint), lambda: iam.project_id(region, auth.authenticated))


_SCHEMES = ("https", "http")
_PASSWORD = {"token": "IAM token", "password": "password of the IAM user", "aksk": "secret key"}
_LOGIN = {"password": "name of the IAM user", "aksk": "access key"}
_IDENTITIES = ("agency", "pod")


def _key_service(extra: ConnectionExtra, cancellation: Cancellation, wrong: list[str]) -> KeyService | None:
    limits = extra.model_dump(include={"max_attempts", "max_retry_seconds"})
    if extra.auth_type == "agency":
        return Metadata(extra.metadata_endpoint, **limits, cancellation=cancellation)
    if extra.auth_type == "pod":
        try:
            return PodIdentity(**limits, verify=extra.verify, cancellation=cancellation)
        except DrsInputError as error:
            wrong += error.violations
    return None


def _auth(extra: ConnectionExtra, fields: ConnectionFields, iam: Iam | None) -> Auth:
    # A pasted token or key may end with a line break; blanks may belong to a password.
    if extra.auth_type == "aksk":
        return AkSkAuth(fields.login, fields.password.strip(), extra.security_token)
    if extra.auth_type == "password" and iam:
        project = {"id": extra.project_id} if extra.project_id else {"name": str(extra.region)}
        domain = extra.domain_name or fields.login
        return PasswordAuth(fields.login, fields.password, domain=domain, project=project, iam=iam)
    return TokenAuth(fields.password.strip())


def _extra(
    extra: Mapping[str, Any], overrides: Mapping[str, Any], warn: Callable[[str], None], wrong: list[str]
) -> ConnectionExtra | None:
    known = {name: value for name, value in extra.items() if name in ConnectionExtra.model_fields}
    for name in (name for name in extra if name not in known):
        if intended := _near_miss(name):
            wrong.append(f"extra.{printable(str(name), 60)}: is not known; is {intended} meant?")
        else:
            warn(f"the extra {printable(str(name), 60)} is unknown and ignored")
    members = {**known, **{name: value for name, value in overrides.items() if not is_blank(value)}}
    try:
        return ConnectionExtra.model_validate(
            {name: value.strip() if isinstance(value, str) else value for name, value in members.items()}
        )
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=False):
            wrong.append(f"extra.{item['loc'][0]}: {str(item['msg']).removeprefix('Value error, ')}")
        return None


def _near_miss(name: str) -> str | None:
    names = {plain(known): known for known in ConnectionExtra.model_fields}
    # The comparison takes longer the longer the name is.
    close = get_close_matches(plain(name)[:40], names, n=1, cutoff=0.8)
    return names[close[0]] if close else None


def _endpoint(fields: ConnectionFields, wrong: list[str]) -> str:
    if fields.schema.lower() not in ("", *_SCHEMES):
        wrong.append("schema: must be https or http")
    if not fields.host:
        return ""
    try:
        url = _url(fields.host, fields.schema.lower() or "https", fields.port)
    except UnreadableError:
        wrong.append("host: must be a host, or a URL such as https://drs.cn-north-4.myhuaweicloud.com")
        return ""
    if fields.port and not url.endswith(f":{fields.port}"):
        wrong.append("port: differs from the port in host")
    return url


def _iam_endpoint(extra: ConnectionExtra, wrong: list[str]) -> str:
    if extra.iam_endpoint is None:
        return iam_endpoint(extra.region) if extra.region else ""
    try:
        return _url(extra.iam_endpoint, "https", None)
    except UnreadableError:
        # A path is refused too: the client appends the path of each call.
        wrong.append(
            "extra.iam_endpoint: must be a host, or a URL without a path, such as https://iam.cn-north-4.myhuaweicloud.com"
        )
        return extra.iam_endpoint


def _url(text: str, scheme: str, port: int | None) -> str:
    # Everything but host and port is refused: it may be a secret, and URLs appear in logs.
    address, *others = addresses(text)
    if others or address.scheme not in ("", *_SCHEMES):
        raise UnreadableError("must be one host")
    host = f"[{address.host}]" if ":" in address.host else address.host
    url = f"{address.scheme or scheme}://{host}"
    return f"{url}:{address.port or port}" if address.port or port else url
