"""Makes the client of a live check from a Connection or from environment variables, and reads what is to be tested."""

from __future__ import annotations

import json
import os
import re
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from airflow_provider_drs._compat import Connection
from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.endpoint import Endpoint, parse_endpoints
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.hidden import HiddenDict, HiddenTuple
from airflow_provider_drs.api.model.rules import CONNECTION_ID, JOB_ID, NO_CONNECTION_ID, NO_JOB_ID
from airflow_provider_drs.api.operations.connection_test import CONNECTION_TEST
from airflow_provider_drs.hooks.connection import client_for
from airflow_provider_drs.hooks.connection_fields import read_connection, read_fields
from airflow_provider_drs.hooks.databases import members_of_connection
from airflow_provider_drs.livecheck.client import ProbingClient

_ONCE = {"max_attempts": 1, "max_retry_seconds": 10}
_VARIABLES = {
    "login": "HUAWEICLOUD_SDK_AK",
    "password": "HUAWEICLOUD_SDK_SK",
    "project_id": "HUAWEICLOUD_SDK_PROJECT_ID",
    "security_token": "HUAWEICLOUD_SDK_SECURITY_TOKEN",
    "iam_endpoint": "HUAWEICLOUD_SDK_IAM_ENDPOINT",
}


def connect(options: Namespace) -> tuple[ProbingClient, HiddenTuple]:
    """Return the client, which sends each call once, and the values of the Connection, which must not be told.

    :raises DrsInputError: when the Connection is wrong; it names every violation and no value.
    :raises DrsError: when the Connection cannot be read, or the look-up of the project fails.
    """
    if options.environment:
        connection = _from_environment(options.environment)
    elif re.fullmatch(CONNECTION_ID, options.conn_id):
        connection = read_connection(options.conn_id)
    else:
        raise DrsInputError([f"--conn-id: {NO_CONNECTION_ID}"])
    fields = read_fields(connection)
    extra = [str(fields.extra.get(name, "")) for name in ("project_id", "security_token", "domain_name")]
    client = client_for(connection, _ONCE, lambda _: None, Cancellation(), ProbingClient)
    assert isinstance(client, ProbingClient)
    hosts = re.split(r"[/:]+", client.endpoint)[1:2]
    return client, HiddenTuple([fields.login, fields.password, client.project_id, *extra, *hosts])


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
    names = ("ip", "db_user", "db_name", "inst_id", "label")
    return [
        *(secret for each in members for secret in CONNECTION_TEST.secrets_in(each)),
        *(str(each[name]) for each in members for name in names if each.get(name)),
    ]


def _read(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        why = error.strerror
    except (ValueError, yaml.YAMLError):
        # the parser's own text quotes the file
        why = "it is neither YAML nor JSON"
    raise DrsInputError([f"--test: the file cannot be read: {why}"])
