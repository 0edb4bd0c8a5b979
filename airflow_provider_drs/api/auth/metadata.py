"""The metadata service of a server of Huawei Cloud, which gives the server the keys of its agency."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from airflow_provider_drs.api.auth.key_service import (
    ATTACH,
    HOP_LIMIT,
    NO_KEY,
    NO_SERVER,
    NO_TOKENS,
    KeyService,
    key_in,
    refusal,
)
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsConnectionLostError,
    DrsInputError,
    DrsTimeoutError,
)
from airflow_provider_drs.api.model.hidden import HiddenText
from airflow_provider_drs.api.model.temporary_key import TemporaryKey
from airflow_provider_drs.api.model.values import UnreadableError, addresses
from airflow_provider_drs.api.operations.metadata_key import METADATA_KEY, has_no_agency
from airflow_provider_drs.api.operations.metadata_token import (
    LIFETIME_HEADERS,
    METADATA_TOKEN,
    NOT_SERVED,
    TOKEN_HEADER,
)
from airflow_provider_drs.api.texts import fits_a_header
from airflow_provider_drs.api.wire.connection import RawAnswer

METADATA = "http://169.254.169.254"
"""The same on every server. No name leads there, and no router does."""
METADATA_SECONDS = 3.0
"""Seconds for a connection, and again for its answer. On a server both take milliseconds."""


class Metadata(KeyService):
    """The metadata service of the server on which this process runs: version 2, and version 1 where there is no other.

    :param endpoint: for tests, a URL on loopback in place of the one address of the service.
    :param limits: as :class:`Iam` has them: ``max_attempts``, ``max_retry_seconds``, ``cancellation``.
    :raises DrsInputError: when the endpoint is any other address; nothing is sent.
    """

    def __init__(self, endpoint: str | None = None, **limits: Any) -> None:
        try:
            url = loopback_url(endpoint) if endpoint else METADATA
        except UnreadableError as error:
            raise DrsInputError([f"metadata_endpoint: {error}"]) from None
        super().__init__(url, name="metadata_endpoint", seconds=METADATA_SECONDS, **limits)

    def key(self, now: float) -> TemporaryKey:
        """Fetch the key of the server's agency; operation ``showSecurityKey``.

        :param now: seconds since 1970, for the rest of its life.
        :raises DrsCredentialError: when the server has no agency, or the service refuses its own token.
        :raises DrsError: when the call fails in another way.
        """
        token = self._token()
        raw = self._answer(token)
        if raw.status == 401 and not has_no_agency(raw.body):
            # a service that issued none a moment ago may have been busy, and may demand one
            token = self._token()
            if not token:
                text = "the metadata service demands a token of version 2, and issues none"
                raise refusal(METADATA_KEY, raw, NO_TOKENS, text)
            raw = self._answer(token)
        if raw.status == 401:
            if has_no_agency(raw.body):
                raise refusal(METADATA_KEY, raw, ATTACH, "this server has no agency")
            raise refusal(METADATA_KEY, raw, NO_KEY, "the metadata service refuses the token that it has issued")
        return key_in(METADATA_KEY, raw, now)

    def _answer(self, token: HiddenText | None) -> RawAnswer:
        headers = {TOKEN_HEADER: token} if token else {}
        return self._ask(METADATA_KEY, METADATA_KEY.path, headers, judged=(401,), hint=NO_SERVER)

    def _token(self) -> HiddenText | None:
        """Return a token of version 2, or ``None`` where there is version 1 alone."""
        try:
            raw = self._ask(METADATA_TOKEN, METADATA_TOKEN.path, LIFETIME_HEADERS, judged=NOT_SERVED, hint=NO_SERVER)
        except (DrsConnectionLostError, DrsTimeoutError) as error:
            # the connection stood, and each router on the way takes the answer for too old
            error.hint = HOP_LIMIT
            raise
        if raw.status != 200:
            return None
        token = HiddenText(raw.body.decode("latin-1").strip())
        if not fits_a_header(token):
            text = "the answer of the metadata service is no token of version 2"
            raise DrsAnswerError(text, http_status=raw.status, hint=NO_KEY)
        return token


def loopback_url(text: str) -> str:
    """Return the URL of a server on loopback.

    :param text: the URL, or host and port.
    :raises UnreadableError: when it is anywhere else, or is more than scheme, host and port.
    """
    address, *others = addresses(text)
    try:
        loopback = address.host == "localhost" or ip_address(address.host).is_loopback
    except ValueError:
        loopback = False
    if others or not loopback or address.scheme not in ("", "http"):
        raise UnreadableError("must be http on loopback, for tests; the address of the metadata service is fixed")
    return f"http://{address}"
