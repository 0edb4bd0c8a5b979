"""The hook: from an Airflow Connection to a client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from airflow.providers.common.compat.connection import get_async_connection
from asgiref.sync import sync_to_async
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from airflow_provider_drs._compat import BaseHook
from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.rules import PROJECT_ID

if TYPE_CHECKING:
    from airflow.sdk import Connection

Seconds = Annotated[float, Field(gt=0)]


class ConnectionExtra(BaseModel):
    """The ``extra`` of a ``drs`` connection; an empty field counts as not given.

    :param auth_type: the kind of credential.
    :param project_id: project of the region where the DRS jobs live.
    :param region: names the endpoint when the connection has no host.
    :param language: of the service's texts.
    :param verify: ``True``, or the path of a CA bundle.
    :param connect_timeout: seconds until a connection must stand.
    :param read_timeout: seconds until an answer must be there as a whole.
    :param max_attempts: how many times one call is sent at most.
    :param max_retry_seconds: how long after its first sending a call may still be repeated.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    auth_type: Literal["token"] = "token"
    project_id: Annotated[str, Field(pattern=PROJECT_ID)] | None = None
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] | None = None
    language: Literal["en-us", "zh-cn"] = "en-us"
    verify: bool | str = True
    connect_timeout: Seconds = 10
    read_timeout: Seconds = 120
    max_attempts: Annotated[int, Field(ge=1)] = 5
    max_retry_seconds: Annotated[float, Field(ge=0)] = 600

    @field_validator("verify")
    @classmethod
    def _stays_on(cls, verify: bool | str) -> bool | str:
        if verify is True or str(verify).lower() == "true":
            return True
        if isinstance(verify, str) and Path(verify).exists():
            return verify
        raise ValueError("must be true or the path of a CA bundle; it cannot be switched off")


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
        self._wins = {"project_id": project_id, "language": language}

    def get_conn(self) -> DrsClient:
        """Read the Connection and return a client for it; nothing is sent yet.

        :raises DrsInputError: naming everything that is wrong with the Connection, and no value of it.
        """
        return self._client(self.get_connection(self.drs_conn_id))

    async def get_async_conn(self) -> DrsClient:
        """Do what :meth:`get_conn` does, from within an event loop and without blocking it."""
        connection = await get_async_connection(self.drs_conn_id)
        # even reading the extra is a blocking call, and forbidden on the loop by Airflow 3.0
        return await sync_to_async(self._client)(connection)

    def _client(self, connection: Connection) -> DrsClient:
        extra, wrong = self._extra(connection)
        endpoint = _endpoint(connection, extra)
        project_id = extra.project_id if extra else None
        if not connection.password:
            wrong.append("password: the IAM token is missing")
        if extra and not endpoint:
            wrong.append("host: give the endpoint, or the region in the extra")
        if extra and not project_id:
            wrong.append("extra.project_id: is missing, and the task gave none")
        if wrong or not (extra and endpoint and project_id and connection.password):
            raise DrsInputError([f"connection {self.drs_conn_id}: {line}" for line in wrong])
        return DrsClient(
            endpoint,
            project_id,
            TokenAuth(connection.password),
            language=extra.language,
            verify=extra.verify,
            connect_timeout=extra.connect_timeout,
            read_timeout=extra.read_timeout,
            max_attempts=extra.max_attempts,
            max_retry_seconds=extra.max_retry_seconds,
        )

    def _extra(self, connection: Connection) -> tuple[ConnectionExtra | None, list[str]]:
        given = {**connection.extra_dejson, **{name: value for name, value in self._wins.items() if value}}
        for name in given.keys() - ConnectionExtra.model_fields.keys():
            self.log.warning("Connection %s: the extra %s is unknown and ignored.", self.drs_conn_id, name)
        try:
            return ConnectionExtra(**{name: value for name, value in given.items() if value not in (None, "")}), []
        except ValidationError as error:
            return None, [_told(item) for item in error.errors(include_url=False, include_input=False)]


def _told(item: Any) -> str:
    said = str(item["msg"]).removeprefix("Value error, ")
    return f"extra.{'.'.join(map(str, item['loc']))}: {said}"


def _endpoint(connection: Connection, extra: ConnectionExtra | None) -> str | None:
    host = (connection.host or "").strip()
    if not host:
        return f"https://drs.{extra.region}.myhuaweicloud.com" if extra and extra.region else None
    url = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    return f"{url}:{connection.port}" if connection.port else url
