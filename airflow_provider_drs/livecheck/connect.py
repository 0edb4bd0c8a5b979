"""Makes the client of a live check from a Connection or from environment variables, and reads what is to be tested."""

from __future__ import annotations

import json
import os
import re
from argparse import Namespace
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import Connection

from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.endpoint import Endpoint, parse_endpoints
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.hidden import HiddenDict, HiddenTuple
from airflow_provider_drs.api.model.rules import CONNECTION_ID, JOB_ID, NO_CONNECTION_ID, NO_JOB_ID
from airflow_provider_drs.api.model.values import UnreadableError
from airflow_provider_drs.api.model.yaml_reading import read_yaml
from airflow_provider_drs.api.operations.connection_test import CONNECTION_TEST
from airflow_provider_drs.hooks.connection import client_for
from airflow_provider_drs.hooks.connection_fields import read_connection, read_fields
from airflow_provider_drs.hooks.databases import members_of_connection
from airflow_provider_drs.livecheck.client import Exchange, IamTransport, ProbingClient
from airflow_provider_drs.livecheck.options import OPTIONS

_ONCE = {"max_attempts": 1, "max_retry_seconds": 10}
_MAX_FILE = 10_000_000
"""The most bytes of a file of endpoints that are read."""
_VARIABLES = {
    "login": "HUAWEICLOUD_SDK_AK",
    "password": "HUAWEICLOUD_SDK_SK",
    "project_id": "HUAWEICLOUD_SDK_PROJECT_ID",
    "security_token": "HUAWEICLOUD_SDK_SECURITY_TOKEN",
    "iam_endpoint": "HUAWEICLOUD_SDK_IAM_ENDPOINT",
}


def check_options(options: Namespace) -> None:
    """Refuse options that say nothing, or two things at once.

    :raises DrsInputError: when there are some; it names all of them.
    """
    # a variable that is not set leaves an empty text
    names = ("environment", "test", "json", "record")
    wrong = [f"--{name}: is empty" for name in names if getattr(options, name) == ""]
    if not re.fullmatch(CONNECTION_ID, options.conn_id):
        wrong.append(f"--conn-id: {NO_CONNECTION_ID}")
    if options.environment and options.conn_id != OPTIONS["--conn-id"]["default"]:
        wrong.append("--environment: takes the place of the Connection that --conn-id names; give one of them")
    if wrong:
        raise DrsInputError(wrong)


def read_drs_connection(options: Namespace) -> tuple[Any, HiddenTuple]:
    """Return the Connection, and the values of it that must not be told.

    :raises DrsInputError: when a variable of the environment is missing.
    :raises DrsError: when the Connection cannot be read.
    """
    connection = _from_environment(options.environment) if options.environment else read_connection(options.conn_id)
    fields = read_fields(connection)
    extra = [str(fields.extra.get(name, "")) for name in ("project_id", "security_token", "domain_name")]
    addresses = (fields.host, str(fields.extra.get("iam_endpoint", "")))
    hosts = [host for address in addresses for host in re.findall(r"^(?:\w+://)?([^/:]+)", address)]
    return connection, HiddenTuple([fields.login, fields.password, *extra, *hosts])


def connect(connection: Any, at_iam: list[Exchange]) -> ProbingClient:
    """Return the client, which sends each call once, and nothing of the Connection to a stranger.

    :param at_iam: where the exchanges with IAM are kept.
    :raises DrsInputError: when the Connection is wrong; it names every violation and no value.
    :raises DrsError: when the look-up of the project fails.
    """
    to_iam = partial(IamTransport, exchanges=at_iam)
    client = client_for(connection, _ONCE, lambda _: None, Cancellation(), ProbingClient, to_iam)
    assert isinstance(client, ProbingClient)
    return client


def _from_environment(region: str) -> Any:
    values = HiddenDict({name: os.environ.get(variable, "") for name, variable in _VARIABLES.items()})
    missing = [f"{_VARIABLES[name]}: is missing" for name in ("login", "password") if not values[name]]
    if missing:
        raise DrsInputError(missing)
    extra = {name: values[name] for name in ("project_id", "security_token", "iam_endpoint") if values[name]}
    url = "://" in region
    extra |= {"auth_type": "aksk", **({} if url else {"region": region})}
    return Connection(
        conn_id="livecheck",
        conn_type="drs",
        host=region if url else None,
        login=values["login"],
        password=values["password"],
        extra=json.dumps(extra),
    )


def read_jobs(options: Namespace) -> list[str]:
    """Return the named jobs, each once.

    :raises DrsInputError: when one is no id of a job.
    """
    if any(not re.fullmatch(JOB_ID, job_id) for job_id in options.job):
        raise DrsInputError([f"--job: {NO_JOB_ID}"])
    return list(dict.fromkeys(options.job))


def read_endpoints(options: Namespace, job_ids: list[str]) -> list[Endpoint]:
    """Return what is to be tested; nothing without ``--test``.

    :raises DrsInputError: when the file cannot be read, an endpoint breaks a rule, or its job is not named.
    """
    if not options.test:
        return []
    endpoints = parse_endpoints(_read(Path(options.test)), members_of_connection)
    unnamed = [position for position, endpoint in enumerate(endpoints) if endpoint.id not in job_ids]
    if unnamed:
        raise DrsInputError([f"jobs[{position}].id: must be named by --job" for position in unnamed])
    return endpoints


def secrets_of(endpoints: list[Endpoint]) -> list[str]:
    """Return the values of endpoints that must not be told."""
    members: list[Mapping[str, Any]] = [endpoint.wire() for endpoint in endpoints]
    names = ("ip", "db_user", "db_name", "inst_id")
    return [
        *(secret for each in members for secret in CONNECTION_TEST.secrets_in(each)),
        *(str(each[name]) for each in members for name in names if each.get(name)),
    ]


def _read(file: Path) -> Any:
    try:
        with file.open("rb") as opened:
            data = opened.read(_MAX_FILE + 1)
    except OSError as error:
        raise DrsInputError([f"--test: the file cannot be read: {error.strerror}"]) from None
    if len(data) > _MAX_FILE:
        raise DrsInputError([f"--test: the file has more than {_MAX_FILE} bytes"])
    try:
        return read_yaml(data.decode())
    except UnicodeDecodeError:
        why = "is no text in UTF-8"
    except UnreadableError as error:
        why = str(error)
    raise DrsInputError([f"--test: {why}"])
