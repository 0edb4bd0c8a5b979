"""From an Airflow Connection of type ``drs`` to a client."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from airflow_provider_drs.api.auth import AkSkAuth, Auth, PasswordAuth, TokenAuth
from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.iam import Iam
from airflow_provider_drs.api.regions import drs_endpoint, iam_endpoint
from airflow_provider_drs.api.rules import PROJECT_ID

if TYPE_CHECKING:
    from airflow.sdk import Connection

Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


class ConnectionExtra(BaseModel):
    """The ``extra`` of a ``drs`` connection; an empty field counts as not given.

    :param auth_type: the kind of credential.
    :param project_id: project of the region where the DRS jobs live; looked up by the region when it is not given.
    :param region: names the endpoints where these are not given.
    :param domain_name: account of the IAM user; the one of the same name when it is not given.
    :param iam_endpoint: where a user logs in and a project is looked up.
    :param security_token: of a temporary access key.
    :param language: of the service's texts.
    :param verify: ``True``, or the path of a CA bundle.
    :param connect_timeout: seconds until a connection must stand.
    :param read_timeout: seconds until an answer must be there as a whole.
    :param max_attempts: how many times one call is sent at most.
    :param max_retry_seconds: how long after its first sending a call may still be repeated.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    auth_type: Literal["token", "password", "aksk"] = "token"
    project_id: Annotated[str, Field(pattern=PROJECT_ID)] | None = None
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] | None = None
    domain_name: str | None = None
    iam_endpoint: str | None = None
    security_token: str | None = Field(default=None, repr=False)
    language: Literal["en-us", "zh-cn"] = "en-us"
    verify: bool | str = True
    connect_timeout: Seconds = 10
    read_timeout: Seconds = 120
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 5
    max_retry_seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 600

    @field_validator("verify")
    @classmethod
    def _stays_on(cls, verify: bool | str) -> bool | str:
        if verify is True or str(verify).lower() == "true":
            return True
        # os.path.exists, because Path.exists raises for a name that is too long
        if isinstance(verify, str) and os.path.exists(verify):
            return verify
        raise ValueError("must be true or the path of a CA bundle; it cannot be switched off")


def client_for(
    connection: Connection, wins: Mapping[str, Any], warn: Callable[[str], None], cancellation: Cancellation
) -> DrsClient:
    """Make the client that a Connection describes; IAM is asked for the project, unless the Connection gives it.

    :param wins: extras that win over the Connection's.
    :param warn: is told of what is ignored.
    :param cancellation: ends the look-up, and whatever the client has under way.
    :raises DrsInputError: naming everything that is wrong with the Connection, and no value of it.
    :raises DrsError: when the project had to be looked up, and could not be.
    """
    try:
        extra = _extra(connection, wins, warn)
    except DrsInputError as error:
        missing = [] if connection.password else ["password: is missing"]
        raise DrsInputError([*error.violations, *missing]) from None
    login, password = (connection.login or "").strip(), connection.password or ""
    if extra.auth_type != "password":
        # a token or a key that was pasted brings a line break along
        password = password.strip()
    wrong = [] if password else [f"password: the {_PASSWORD[extra.auth_type]} is missing"]
    if not login and extra.auth_type != "token":
        wrong.append(f"login: the {_LOGIN[extra.auth_type]} is missing")
    endpoint = (connection.host or "").strip() and _url(connection, wrong)
    if not endpoint and extra.region:
        endpoint = drs_endpoint(extra.region)
    if not endpoint and not wrong:
        wrong.append("host: give the endpoint, or the region in the extra")
    if not extra.project_id and not extra.region:
        wrong.append("extra.project_id: is missing, and the task gave none; with a region it could be looked up")
    at_iam = extra.iam_endpoint or (iam_endpoint(extra.region) if extra.region else "")
    if not at_iam and extra.auth_type == "password":
        wrong.append("extra.iam_endpoint: give it, or the region")
    if wrong:
        raise DrsInputError(wrong)

    # both services are called in the same way
    ways: dict[str, Any] = {
        "verify": extra.verify,
        "connect_timeout": extra.connect_timeout,
        "read_timeout": extra.read_timeout,
        "cancellation": cancellation,
    }
    iam = Iam(at_iam, **ways) if at_iam else None
    auth = _auth(extra, login, password, iam)
    project_id = extra.project_id
    if not project_id and iam and extra.region:
        project_id = iam.project_id(extra.region, auth.carry)
    return DrsClient(
        endpoint,
        str(project_id),
        auth,
        language=extra.language,
        max_attempts=extra.max_attempts,
        max_retry_seconds=extra.max_retry_seconds,
        **ways,
    )


_PASSWORD = {"token": "IAM token", "password": "password of the IAM user", "aksk": "secret key"}
_LOGIN = {"password": "name of the IAM user", "aksk": "access key"}


def _auth(extra: ConnectionExtra, login: str, password: str, iam: Iam | None) -> Auth:
    if extra.auth_type == "aksk":
        return AkSkAuth(login, password, extra.security_token)
    if extra.auth_type == "password" and iam:
        project = {"id": extra.project_id} if extra.project_id else {"name": str(extra.region)}
        return PasswordAuth(login, password, domain=extra.domain_name or login, project=project, iam=iam)
    return TokenAuth(password)


def _extra(connection: Connection, wins: Mapping[str, Any], warn: Callable[[str], None]) -> ConnectionExtra:
    told = connection.extra_dejson
    if not isinstance(told, Mapping):
        raise DrsInputError(["extra: must be a JSON object"])
    given = {**told, **{name: value for name, value in wins.items() if value}}
    for name in given.keys() - ConnectionExtra.model_fields.keys():
        warn(f"the extra {name} is unknown and ignored")
    try:
        return ConnectionExtra(
            **{
                name: value
                for name, value in given.items()
                if value not in (None, "") and name in ConnectionExtra.model_fields
            }
        )
    except ValidationError as error:
        raise DrsInputError(
            [
                f"extra.{'.'.join(map(str, item['loc']))}: {str(item['msg']).removeprefix('Value error, ')}"
                for item in error.errors(include_url=False, include_input=False)
            ]
        ) from None


def _url(connection: Connection, wrong: list[str]) -> str:
    host = str(connection.host).strip()
    url = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
        if connection.port and parts.port is None:
            url = f"{url.rstrip('/')}:{connection.port}"
        elif connection.port and parts.port != connection.port:
            wrong.append("port: the endpoint names another one")
    except ValueError:
        usable = False
    # what a URL may carry beside the host could be a secret, and would be shown
    if not usable or "@" in url or parts.path.strip("/") or parts.query or parts.fragment or not host.isprintable():
        wrong.append("host: must be a host, or a URL such as https://drs.cn-north-4.myhuaweicloud.com")
        return ""
    return url
