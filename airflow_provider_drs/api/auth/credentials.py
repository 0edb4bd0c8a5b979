"""Credentials, as what ``requests`` calls auth: each adds what proves the caller to a request about to go out."""

from __future__ import annotations

import copy
import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import datetime, timezone
from threading import BoundedSemaphore
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.auth import AuthBase

from airflow_provider_drs.api.auth.iam import Iam
from airflow_provider_drs.api.auth.signing import DATE_FORMAT, authorization
from airflow_provider_drs.api.auth.tokens import shared_token
from airflow_provider_drs.api.codes import CLOCK
from airflow_provider_drs.api.errors import DrsCredentialError, DrsInputError
from airflow_provider_drs.api.model.hidden import HiddenText
from airflow_provider_drs.api.wire.headers import http_date

Sent = TypeVar("Sent")

MAX_SKEW = 15 * 60
"""Seconds by which the date of a signature may differ from the service's clock."""
UNPROVEN_CALLS = 4
"""Calls under way before an access key was accepted once: five refusals in a row would lock it."""

_SIGNED = ("Content-Type", "Host", "X-Language", "X-Project-Id", "X-Sdk-Date", "X-Security-Token")


class Auth(AuthBase):
    """A credential. It is never pickled, and its ``repr`` shows nothing of it.

    :param parts: the texts that it is made of.
    """

    def __init__(self, *parts: str) -> None:
        # each as a plain text, for a hidden one has the repr of any other of its length
        self.fingerprint = hashlib.sha256(repr([str(part) for part in parts]).encode()).digest()
        """Tells it from any other credential, and nothing about it."""

    def authenticated(self, send: Callable[[AuthBase], Sent]) -> Sent:
        """Run a call with this credential, and do what it allows when the service refuses it.

        :param send: sends the call with the auth that it is given, again where that may help, and raises when the
            service says no.
        """
        return send(self)

    def cancel(self) -> None:
        """End what is under way to get the credential; nothing, unless a token is fetched."""

    def __reduce__(self) -> NoReturn:
        raise TypeError("a credential is not pickled: read it from the Connection where it is needed")


class TokenAuth(Auth):
    """An IAM token, sent as ``X-Auth-Token``.

    :param token: the token's text.
    :raises DrsInputError: when it cannot be an IAM token.
    """

    def __init__(self, token: str) -> None:
        super().__init__(token)
        token = HiddenText(token)
        self._token = _header_value("token", token)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["X-Auth-Token"] = self._token
        return request


class PasswordAuth(Auth):
    """An IAM user, whose token is fetched when it is needed, and renewed once when the service refuses it.

    All threads of a process share the token.

    :param user: name of the IAM user.
    :param password: its password.
    :param domain: name of the account that the user belongs to.
    :param project: ``{"id": ...}`` or ``{"name": ...}`` of the project that the token is for.
    :param iam: where it is fetched.
    :param clock: seconds, by which the token is kept.
    """

    def __init__(
        self,
        user: str,
        password: str,
        *,
        domain: str,
        project: Mapping[str, str],
        iam: Iam,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(iam.endpoint, domain, user, password, repr(sorted(project.items())))
        self._iam = iam
        password = HiddenText(password)
        self._fetch = lambda: iam.token(user, password, domain, project)
        self._shared = shared_token(self.fingerprint)
        self._clock = clock

    def authenticated(self, send: Callable[[AuthBase], Sent]) -> Sent:
        """Run a call, and once more with a new token if the service refuses the one it went with.

        :raises DrsCredentialError: when IAM refuses the login, or DRS a new token.
        """
        token = self._shared.current(self._fetch, self._clock, self._iam.cancellation.check)
        try:
            return send(TokenAuth(token))
        except DrsCredentialError:
            renewed = self._shared.renewed(token, self._fetch, self._clock, self._iam.cancellation.check)
            if renewed is None:
                raise
        return send(TokenAuth(renewed))

    def cancel(self) -> None:
        """End a login that is under way."""
        self._iam.cancellation.cancel()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        return TokenAuth(self._shared.current(self._fetch, self._clock, self._iam.cancellation.check))(request)


class AkSkAuth(Auth):
    """An access key, permanent or temporary, that signs every request.

    A signature that was refused ends the use of this object: what comes later is refused without being sent.

    :param access_key: the key's id (AK).
    :param secret_key: the key itself (SK); it never leaves.
    :param security_token: of a temporary key.
    :param clock: seconds since 1970, for the date of the signature.
    :raises DrsInputError: when one of them cannot be what it should.
    """

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        security_token: str | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(access_key, secret_key, security_token or "")
        access_key, secret_key = HiddenText(access_key), HiddenText(secret_key)
        security_token = HiddenText(security_token or "")
        self._access_key = _header_value("access key", access_key)
        self._secret_key = secret_key
        self._security_token = security_token and _header_value("security_token", security_token)
        self._clock = clock
        self._proven = False
        self._refusal: DrsCredentialError | None = None
        self._probation = BoundedSemaphore(UNPROVEN_CALLS)

    def authenticated(self, send: Callable[[AuthBase], Sent]) -> Sent:
        """Run a call; once a signature was refused, refuse every further one in the same words.

        :raises DrsCredentialError: when the signature is refused, or was before.
        """
        with nullcontext() if self._proven else self._probation:
            if self._refusal:
                raise copy.copy(self._refusal)
            try:
                answer = send(self)
            except DrsCredentialError as error:
                self._refusal = error
                raise
            self._proven = True
            return answer

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if isinstance(request.body, str):
            request.body = request.body.encode()
        headers = request.headers
        # set here, so that what goes out is what was signed
        headers["Host"] = _host(str(request.url))
        headers["X-Sdk-Date"] = datetime.fromtimestamp(self._clock(), timezone.utc).strftime(DATE_FORMAT)
        if self._security_token:
            headers["X-Security-Token"] = self._security_token
        headers["Authorization"] = authorization(
            str(request.method),
            str(request.url),
            {name: str(headers[name]) for name in _SIGNED if name in headers},
            request.body or b"",
            access_key=self._access_key,
            secret_key=self._secret_key,
        )
        request.hooks["response"].append(_tell_a_wrong_clock)
        return request


def _tell_a_wrong_clock(response: Response, **_: Any) -> None:
    # the gateway says no more than that the signature is wrong, but its answer is dated
    if response.status_code not in (401, 403):
        return
    signed = datetime.strptime(response.request.headers["X-Sdk-Date"], DATE_FORMAT).replace(tzinfo=timezone.utc)
    dated = http_date(response.headers["Date"])
    if dated is None:
        return
    ahead = (signed - dated).total_seconds()
    if abs(ahead) > MAX_SKEW:
        raise DrsCredentialError(
            f"the signature was refused, and the clock of this machine is {abs(ahead) / 60:.0f} minutes "
            f"{'ahead of' if ahead > 0 else 'behind'} the service's",
            http_status=response.status_code,
            request_id=response.headers.get("X-Request-Id"),
            hint=CLOCK,
        )


def _header_value(name: str, text: HiddenText) -> HiddenText:
    # requests and h11 refuse some of it only when a call is made, and quote it in their errors
    if not text.isascii() or not text.isprintable() or " " in text or not text:
        raise DrsInputError([f"{name}: holds a blank, a line break or another character that no {name} has"])
    return text


def _host(url: str) -> str:
    target = urlsplit(url)
    usual = {"https": ":443", "http": ":80"}[target.scheme]
    return target.netloc.rpartition("@")[2].removesuffix(usual)
