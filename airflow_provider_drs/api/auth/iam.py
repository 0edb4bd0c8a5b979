"""The two calls of IAM that a DRS credential may need: issue a user's token, and find the project id of a region."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.auth import AuthBase

from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.errors import DrsCredentialError
from airflow_provider_drs.api.model.hidden import HiddenBytes, HiddenTuple
from airflow_provider_drs.api.operation import Operation
from airflow_provider_drs.api.operations import iam_projects, iam_token
from airflow_provider_drs.api.operations.iam_projects import IAM_PROJECTS
from airflow_provider_drs.api.operations.iam_token import IAM_TOKEN
from airflow_provider_drs.api.retry import MAX_RETRY_SECONDS, retried
from airflow_provider_drs.api.wire.answers import Answer
from airflow_provider_drs.api.wire.transport import Transport, no_credential

Authenticated = Callable[[Callable[[AuthBase], Answer]], Answer]
"""Runs a call with a credential, as :meth:`Auth.authenticated` does."""

_LOGIN = "Check user, password and domain_name; IAM locks a user after some wrong passwords."


@dataclass(frozen=True)
class Iam:
    """A client of IAM at one endpoint. It follows no redirect, and uses plain http to loopback only.

    :param endpoint: URL of IAM, such as ``https://iam.cn-north-4.myhuaweicloud.com``.
    :param verify: ``True``, or the path of a CA bundle.
    :param connect_timeout: seconds for opening a connection, name resolution and TLS included.
    :param read_timeout: seconds after that for sending the request and reading the whole answer.
    :param max_attempts: the most times that one call is sent.
    :param max_retry_seconds: seconds from the start of a call in which a retry may start.
    :param cancellation: interrupts calls and pauses.
    :param transport: makes what sends the requests of a call; its parameters are those of :class:`Transport`.
    :raises DrsInputError: when the endpoint is no URL, or would show a credential in logs or on the network.
    """

    endpoint: str
    verify: bool | str = True
    connect_timeout: float = 10
    read_timeout: float = 120
    max_attempts: int = 5
    max_retry_seconds: float = MAX_RETRY_SECONDS
    cancellation: Cancellation = field(default_factory=Cancellation, repr=False, compare=False)
    transport: Callable[..., Transport] = field(default=Transport, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._new_transport().close()  # its constructor checks the endpoint

    def token(self, user: str, password: str, domain: str, project: Mapping[str, str]) -> iam_token.Token:
        """Log a user in and return the token; operation ``keystoneCreateUserTokenByPassword``.

        :param user: name of the IAM user.
        :param password: the user's password.
        :param domain: name of the account that the user belongs to.
        :param project: ``{"id": ...}`` or ``{"name": ...}`` of the project that the token is for.
        :raises DrsCredentialError: when IAM refuses the user or the password.
        :raises DrsError: when the call fails in another way.
        """
        try:
            answer = self._call(
                IAM_TOKEN, IAM_TOKEN.path, no_credential, iam_token.body(user, password, domain, project)
            )
        except DrsCredentialError as error:
            error.hint = _LOGIN
            raise
        return iam_token.token(answer)

    def project_id(self, region: str, authenticated: Authenticated) -> str:
        """Return the id of the project that has the region's name; operation ``keystoneListProjects``.

        :param region: name of the region, such as ``cn-north-4``.
        :param authenticated: :meth:`Auth.authenticated` of the credential that makes the call.
        :raises DrsInputError: when IAM lists no such project, or several. The user must set the id.
        :raises DrsError: when the call fails, or the credential has no permission for it.
        """
        path = IAM_PROJECTS.path.format(name=region)
        return iam_projects.project_id(region, authenticated(lambda auth: self._call(IAM_PROJECTS, path, auth)))

    def _call(
        self,
        operation: Operation,
        path: str,
        auth: Callable[[requests.PreparedRequest], requests.PreparedRequest] | AuthBase,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        data = HiddenBytes(json.dumps(body).encode()) if body else None
        secrets = HiddenTuple(operation.secrets_in(body))
        transport = self._new_transport()

        def attempt(_: int) -> Answer:
            self.cancellation.check()
            return transport.exchange(operation, path, data, auth=auth, secrets=secrets)

        try:
            return retried(
                attempt,
                operation,
                max_attempts=self.max_attempts,
                max_pause=self.max_retry_seconds,
                deadline=time.monotonic() + self.max_retry_seconds,
                clock=time.monotonic,
                sleep=self.cancellation.sleep,
            )
        finally:
            transport.close()

    def _new_transport(self) -> Transport:
        return self.transport(
            self.endpoint,
            name="iam_endpoint",
            verify=self.verify,
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            cancellation=self.cancellation,
        )
