"""Credentials, as what ``requests`` calls auth: each adds what proves the caller to a request about to go out."""

from __future__ import annotations

from typing import NoReturn

from requests import PreparedRequest
from requests.auth import AuthBase

from airflow_provider_drs.api.errors import DrsInputError


class TokenAuth(AuthBase):
    """An IAM token, sent as ``X-Auth-Token``.

    :param token: the token's text; it is in no ``repr`` and no pickle.
    :raises DrsInputError: when no header can carry it.
    """

    def __init__(self, token: str) -> None:
        # requests would refuse it, too, and repeat it in the error
        if not (token.isascii() and token.isprintable()) or token != token.strip():
            raise DrsInputError(["the IAM token holds a character that no HTTP header can carry"])
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["X-Auth-Token"] = self._token
        return request

    def __reduce__(self) -> NoReturn:
        raise TypeError("it holds a credential, which is not pickled")
