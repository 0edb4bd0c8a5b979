"""The two calls of IAM that a DRS credential may need: a token for a user, and the project id of a region."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pendulum
import requests
from requests.auth import AuthBase

from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.errors import DrsAnswerError, DrsCredentialError, DrsInputError
from airflow_provider_drs.api.model.hidden import HiddenBytes, HiddenText, HiddenTuple
from airflow_provider_drs.api.operations.operation import PROJECTS, TOKEN, Operation
from airflow_provider_drs.api.retry import MAX_RETRY_SECONDS, retried
from airflow_provider_drs.api.wire.answers import Answer
from airflow_provider_drs.api.wire.transport import Transport

Carry = Callable[[Callable[[AuthBase], Answer]], Answer]
"""Runs a call with some credential."""

_LOGIN = "Check user, password and domain_name; IAM locks a user after some wrong passwords."


@dataclass(frozen=True)
class Token:
    """An IAM token.

    :param text: what is sent as ``X-Auth-Token``.
    :param lifetime: seconds from its issue to its end.
    """

    text: str = field(repr=False)
    lifetime: float


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
            answer = self._call(
                TOKEN,
                TOKEN.path,
                data=HiddenBytes(json.dumps(body).encode()),
                secrets=HiddenTuple([password]),
                auth=_no_credential,
            )
        except DrsCredentialError as error:
            error.hint = _LOGIN
            raise
        try:
            facts = answer.payload["token"]
            return Token(HiddenText(answer.headers["X-Subject-Token"]), _moment(facts["expires_at"]) - _issued(facts))
        except (KeyError, TypeError, ValueError):
            raise self._no_answer_of_iam("the token or its end is missing") from None

    def project_id(self, region: str, carry: Carry) -> str:
        """Return the id of a region's own project, which bears the region's name; operation ``keystoneListProjects``.

        :param carry: :meth:`Auth.carry` of the credential to ask with.
        :raises DrsInputError: when IAM names none or several, so that the id must be given.
        :raises DrsError: when the call failed, or the credential may not make it.
        """
        answer = carry(lambda auth: self._call(PROJECTS, PROJECTS.path.format(name=region), auth=auth))
        ids = [str(item["id"]) for item in answer.payload["projects"] if isinstance(item, dict) and item.get("id")]
        if len(ids) != 1:
            raise DrsInputError([f"project_id: IAM knows {len(ids) or 'no'} projects named {region}; give the id"])
        return ids[0]

    def _call(
        self,
        operation: Operation,
        path: str,
        *,
        data: bytes | None = None,
        secrets: Sequence[str] = (),
        auth: Callable[[requests.PreparedRequest], requests.PreparedRequest] | AuthBase,
    ) -> Answer:
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

    def _no_answer_of_iam(self, why: str) -> DrsAnswerError:
        return DrsAnswerError(f"the answer is not one of IAM: {why}", hint="Check iam_endpoint.")


def _no_credential(request: requests.PreparedRequest) -> requests.PreparedRequest:
    # given as auth, because without any, requests would look for a password of this host in ~/.netrc
    return request


def _moment(text: str) -> float:
    moment = pendulum.parse(text)
    if not isinstance(moment, pendulum.DateTime):
        raise ValueError("a date without a time")
    return moment.timestamp()


def _issued(facts: Mapping[str, str]) -> float:
    # IAM's own clock where it tells, since the one of this machine may be wrong
    return _moment(facts["issued_at"]) if "issued_at" in facts else time.time()
