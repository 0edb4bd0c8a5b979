"""Credentials, as auth objects of ``requests``: each adds a token or a signature to a request before it is sent."""

from __future__ import annotations

import copy
import hashlib
import time
from abc import abstractmethod
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
from airflow_provider_drs.api.auth.tokens import Fetched, SharedCredential, shared_credential
from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.codes import CLOCK
from airflow_provider_drs.api.errors import DrsCredentialError, DrsError, DrsInputError
from airflow_provider_drs.api.model.hidden import HiddenText, HiddenTuple
from airflow_provider_drs.api.operations.iam_token import IAM_TOKEN, Token
from airflow_provider_drs.api.texts import fits_a_header
from airflow_provider_drs.api.wire.headers import http_date

Sent = TypeVar("Sent")

MAX_SKEW = 15 * 60
"""Seconds by which the date of a signature may differ from the service's clock, by the vendor's signing guide."""
TOKEN_MARGIN = 300
"""Seconds before its expiry at which a token is replaced: longer than a request with the default timeouts."""
UNPROVEN_CALLS = 4
"""The most concurrent calls with an access key until the service has accepted it once. Five refusals lock the key."""

_SIGNED = ("Content-Type", "Host", "X-Language", "X-Project-Id", "X-Sdk-Date", "X-Security-Token")


class Auth(AuthBase):
    """A credential. It cannot be pickled, and its ``repr`` does not show it.

    :param parts: the texts that make up the credential.
    """

    def __init__(self, *parts: str) -> None:
        # plain texts, because hidden texts of equal length have the same repr
        self.fingerprint = hashlib.sha256(repr([str(part) for part in parts]).encode()).digest()
        """SHA-256 of the parts: differs for every credential, and does not reveal it."""

    def authenticated(self, send: Callable[[AuthBase], Sent]) -> Sent:
        """Run a call with this credential, and react when the service refuses the credential.

        :param send: sends the call with the auth in its argument. It may retry, and raises when the call fails.
        :return: the result of ``send``.
        :raises DrsError: the error of ``send``.
        """
        return send(self)

    def cancel(self) -> None:
        """Interrupt a running login. Only a credential that logs in has one."""

    def __reduce__(self) -> NoReturn:
        raise TypeError("a credential is not pickled: read it from the Connection in the process that needs it")


class TokenAuth(Auth):
    """An IAM token, sent as ``X-Auth-Token``.

    :param token: the token's text.
    :raises DrsInputError: when the text holds a character that no token has.
    """

    def __init__(self, token: str) -> None:
        super().__init__(token)
        token = HiddenText(token)
        self._token = _header_value("token", token)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["X-Auth-Token"] = self._token
        return request


class RenewedAuth(Auth):
    """A credential that is fetched by the first call and shared by all threads. One that is refused is renewed once.

    :param parts: the texts that make up what fetches the credential.
    :param cancellation: interrupts a running fetch.
    :param clock: returns seconds since 1970; decides when the credential expires.
    """

    _margin: float

    def __init__(self, *parts: str, cancellation: Cancellation, clock: Callable[[], float]) -> None:
        super().__init__(type(self).__name__, *parts)
        self._cancellation = cancellation
        self._clock = clock
        self._shared: SharedCredential[Auth] = shared_credential(self.fingerprint, self._margin, self._remembered)

    def authenticated(self, send: Callable[[AuthBase], Sent]) -> Sent:
        """Run a call, and run it once more with a new credential if the service refuses the first one.

        :param send: sends the call with the auth in its argument.
        :return: the result of ``send``.
        :raises DrsCredentialError: when no credential is issued, or when DRS refuses a new one.
        :raises DrsError: when the fetch or the call fails in another way.
        """
        auth = self._current()
        try:
            return auth.authenticated(send)
        except DrsCredentialError:
            renewed = self._shared.renewed(auth, self._fetched, self._clock, self._cancellation.check)
            if renewed is None:
                raise
        return renewed.authenticated(send)

    def cancel(self) -> None:
        """Interrupt a running fetch."""
        self._cancellation.cancel()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        return self._current()(request)

    def _current(self) -> Auth:
        return self._shared.current(self._fetched, self._clock, self._cancellation.check)

    @abstractmethod
    def _fetched(self) -> Fetched[Auth]:
        """Fetch a new credential."""

    @abstractmethod
    def _remembered(self, error: DrsError) -> bool:
        """Return whether a fetch that failed with this error is not repeated for a minute."""


class PasswordAuth(RenewedAuth):
    """An IAM user. The first call fetches a token; a token that the service refuses is renewed once.

    All threads of a process share the token.

    :param user: name of the IAM user.
    :param password: the user's password.
    :param domain: name of the account that the user belongs to.
    :param project: ``{"id": ...}`` or ``{"name": ...}`` of the project that the token is for.
    :param iam: the IAM that issues the token.
    :param clock: returns seconds; decides when the token expires.
    """

    _margin = TOKEN_MARGIN

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
        parts = HiddenTuple((iam.endpoint, domain, user, password, repr(sorted(project.items()))))
        super().__init__(*parts, cancellation=iam.cancellation, clock=clock)
        password = HiddenText(password)
        self._log_in: Callable[[], Token] = lambda: iam.token(user, password, domain, project)

    def _fetched(self) -> Fetched[Auth]:
        token = self._log_in()
        return Fetched(TokenAuth(token.text), token.lifetime)

    def _remembered(self, error: DrsError) -> bool:
        return IAM_TOKEN.may_be_done(error)


class AkSkAuth(Auth):
    """An access key, permanent or temporary, that signs every request.

    After the service has refused one signature, this object sends no further call.

    :param access_key: the key's id (AK).
    :param secret_key: the secret key (SK). It signs, and is never sent.
    :param security_token: the token of a temporary key; ``None`` for a permanent key.
    :param clock: returns seconds since 1970, for the date of the signature.
    :raises DrsInputError: when the access key or the security token holds a character that no such text has.
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
        """Run a call. After the first refused signature, raise that error for every further call.

        :param send: sends the call with the auth in its argument.
        :return: the result of ``send``.
        :raises DrsCredentialError: when the service refuses this signature, or has refused an earlier one.
        :raises DrsError: when the call fails in another way.
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
        # requests would set Host after the signature, and perhaps differently
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
        request.hooks["response"].append(_check_the_clock)
        return request


def _check_the_clock(response: Response, **_: Any) -> None:
    # the gateway reports a wrong clock as a wrong signature; the date of its answer tells the two apart
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
    # requests and h11 check a header only when they send it, and quote its value in their errors
    if not fits_a_header(text):
        raise DrsInputError([f"{name}: is empty, or holds a blank, a line break or a character that no {name} has"])
    return text


def _host(url: str) -> str:
    target = urlsplit(url)
    default_port = {"https": ":443", "http": ":80"}[target.scheme]
    return target.netloc.rpartition("@")[2].removesuffix(default_port)
