"""Credentials, as what ``requests`` calls auth: each adds what proves the caller to a request about to go out."""

from __future__ import annotations

from requests import PreparedRequest
from requests.auth import AuthBase


class TokenAuth(AuthBase):
    """An IAM token, sent as ``X-Auth-Token``.

    :param token: the token's text; it is in no ``repr``.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["X-Auth-Token"] = self._token
        return request
