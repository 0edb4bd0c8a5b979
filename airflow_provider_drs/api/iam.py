"""The two calls of IAM that a DRS credential may need: a token for a user, and the project id of a region."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import requests
from requests.auth import AuthBase

from airflow_provider_drs.api.answers import read_answer
from airflow_provider_drs.api.client import MAX_BODY, checked_loopback, reason_of
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsCredentialError,
    DrsError,
    DrsInputError,
    DrsTimeoutError,
    DrsTlsError,
    DrsUnreachableError,
)

if TYPE_CHECKING:
    from airflow_provider_drs.api.auth import Auth

_LOGIN = "Check user, password and domain_name; IAM locks a user after some wrong passwords."


@dataclass(frozen=True)
class Token:
    """An IAM token.

    :param text: what is sent as ``X-Auth-Token``.
    :param lifetime: seconds from its issue to its end.
    """

    text: str = field(repr=False)
    lifetime: float


class _Answer(NamedTuple):
    payload: dict[str, Any]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Iam:
    """IAM at one endpoint; like the client of DRS, it follows no redirect and speaks plain http to loopback only.

    :param endpoint: URL, such as ``https://iam.cn-north-4.myhuaweicloud.com``.
    :param verify: ``True``, or the path of a CA bundle.
    :param connect_timeout: seconds until a connection must stand.
    :param read_timeout: seconds until an answer must be there as a whole.
    :raises DrsInputError: when the endpoint is no URL that a credential may be sent to.
    """

    endpoint: str
    verify: bool | str = True
    connect_timeout: float = 10
    read_timeout: float = 120

    def __post_init__(self) -> None:
        checked_loopback(self.endpoint, "iam_endpoint")

    def token(self, user: str, password: str, domain: str, project: Mapping[str, str]) -> Token:
        """Log a user in; operation ``keystoneCreateUserTokenByPassword``.

        :param domain: name of the account that the user belongs to.
        :param project: ``{"id": ...}`` or ``{"name": ...}`` of the project that the token is for.
        :raises DrsCredentialError: when IAM knows no such user with this password.
        :raises DrsError: when the call failed in another way.
        """
        login = {"user": {"name": user, "password": password, "domain": {"name": domain}}}
        body = {"auth": {"identity": {"methods": ["password"], "password": login}, "scope": {"project": dict(project)}}}
        try:
            # without the catalogue of services the answer is small
            answer = self._call("POST", "/v3/auth/tokens?nocatalog=true", "token", body=body)
        except DrsCredentialError as error:
            error.hint = _LOGIN
            raise
        try:
            facts = answer.payload["token"]
            return Token(answer.headers["X-Subject-Token"], _moment(facts["expires_at"]) - _issued(facts))
        except (KeyError, TypeError, ValueError):
            raise self._no_answer_of_iam("the token or its end is missing") from None

    def project_id(self, region: str, auth: Auth) -> str:
        """Return the id of a region's own project, which bears the region's name; operation ``keystoneListProjects``.

        :raises DrsInputError: when IAM names none or several, so that the id must be given.
        :raises DrsError: when the call failed, or the credential may not make it.
        """
        answer = auth.carry(lambda proof: self._call("GET", f"/v3/projects?name={region}", "projects", auth=proof))
        projects = answer.payload["projects"]
        ids = [str(item["id"]) for item in projects if isinstance(item, dict) and item.get("id")]
        if len(ids) != 1:
            raise DrsInputError([f"project_id: IAM knows {len(ids) or 'no'} projects named {region}; give the id"])
        return ids[0]

    def _call(
        self, method: str, path: str, holds: str, *, body: Mapping[str, Any] | None = None, auth: AuthBase | None = None
    ) -> _Answer:
        deadline = time.monotonic() + self.read_timeout
        try:
            with requests.Session() as session:
                # a proxy taken from the environment would carry a loopback call, and its password, off this machine
                session.trust_env = not checked_loopback(self.endpoint)
                with session.request(
                    method,
                    self.endpoint.rstrip("/") + path,
                    data=None if body is None else json.dumps(body).encode(),
                    headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
                    auth=auth or _no_credential,
                    timeout=(self.connect_timeout, self.read_timeout),
                    verify=self.verify,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    content = b""
                    for chunk in response.iter_content(2**16):
                        content += chunk
                        if len(content) > MAX_BODY or time.monotonic() > deadline:
                            raise self._no_answer_of_iam("it is too long, or comes too slowly")
                    payload = read_answer(response.status_code, response.headers, content, holds=holds, service="IAM")
                    return _Answer(payload, response.headers)
        except requests.RequestException as error:
            raise self._transport_error(error) from None

    def _transport_error(self, error: requests.RequestException) -> DrsError:
        if isinstance(error, requests.exceptions.SSLError):
            return DrsTlsError(f"no TLS connection to {self.endpoint}: {reason_of(error)}")
        if isinstance(error, requests.Timeout) and not isinstance(error, requests.ConnectionError):
            return DrsTimeoutError(f"{self.endpoint} gave no whole answer within {self.read_timeout:g} s")
        return DrsUnreachableError(f"no connection to {self.endpoint}: {reason_of(error)}")

    def _no_answer_of_iam(self, why: str) -> DrsAnswerError:
        return DrsAnswerError(f"the answer is not one of IAM: {why}", hint="Check iam_endpoint.")


def _no_credential(request: requests.PreparedRequest) -> requests.PreparedRequest:
    # given as auth, because without any, requests would look for a password of this host in ~/.netrc
    return request


def _moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _issued(facts: Mapping[str, str]) -> float:
    # IAM's own clock where it tells, since the one of this machine may be wrong
    return _moment(facts["issued_at"]) if "issued_at" in facts else time.time()
