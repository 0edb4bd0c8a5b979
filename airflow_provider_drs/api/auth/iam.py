"""The two calls of IAM that a DRS credential may need: a token for a user, and the project id of a region."""

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
from airflow_provider_drs.api.wire.transport import Transport

Authenticated = Callable[[Callable[[AuthBase], Answer]], Answer]
"""Runs a call with some credential."""

_LOGIN = "Check user, password and domain_name; IAM locks a user after some wrong passwords."


@dataclass(frozen=True)
class Iam:
    """IAM at one endpoint; like the client of DRS, it follows no redirect and speaks plain http to loopback only.

    :param endpoint: URL, such as ``https://iam.cn-north-4.myhuaweicloud.com``.
    :param verify: ``True``, or the path of a CA bundle.
    :param connect_timeout: seconds until a connection must stand, name look-up and TLS included.
    :param read_timeout: seconds from then on until the whole answer must be there.
    :param max_attempts: how many times one call is sent at most.
    :param max_retry_seconds: seconds in which a call may be sent again.
    :param cancellation: ends what is under way.
    :raises DrsInputError: when the endpoint is no URL that a credential may be sent to.
    """

    endpoint: str
    verify: bool | str = True
    connect_timeout: float = 10
    read_timeout: float = 120
    max_attempts: int = 5
    max_retry_seconds: float = MAX_RETRY_SECONDS
    cancellation: Cancellation = field(default_factory=Cancellation, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._transport().close()  # which looks at the endpoint

    def token(self, user: str, password: str, domain: str, project: Mapping[str, str]) -> iam_token.Token:
        """Log a user in; operation ``keystoneCreateUserTokenByPassword``.

        :param domain: name of the account that the user belongs to.
        :param project: ``{"id": ...}`` or ``{"name": ...}`` of the project that the token is for.
        :raises DrsCredentialError: when IAM knows no such user with this password.
        :raises DrsError: when the call failed in another way.
        """
        try:
            answer = self._call(
                IAM_TOKEN, IAM_TOKEN.path, _no_credential, iam_token.body(user, password, domain, project)
            )
        except DrsCredentialError as error:
            error.hint = _LOGIN
            raise
        return iam_token.token(answer)

    def project_id(self, region: str, authenticated: Authenticated) -> str:
        """Return the id of a region's own project, which bears the region's name; operation ``keystoneListProjects``.

        :param authenticated: :meth:`Auth.authenticated` of the credential to ask with.
        :raises DrsInputError: when IAM names none or several, so that the id must be given.
        :raises DrsError: when the call failed, or the credential may not make it.
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
        transport = self._transport()

        def attempt(_: int) -> Answer:
            self.cancellation.check()
            return transport.exchange(operation, path, data, auth=auth, secrets=secrets)

        try:
            return retried(
                attempt,
                operation,
                max_attempts=self.max_attempts,
                deadline=time.monotonic() + self.max_retry_seconds,
                clock=time.monotonic,
                sleep=self.cancellation.sleep,
            )
        finally:
            transport.close()

    def _transport(self) -> Transport:
        return Transport(
            self.endpoint,
            name="iam_endpoint",
            verify=self.verify,
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            cancellation=self.cancellation,
        )


def _no_credential(request: requests.PreparedRequest) -> requests.PreparedRequest:
    # given as auth, because without any, requests would look for a password of this host in ~/.netrc
    return request
