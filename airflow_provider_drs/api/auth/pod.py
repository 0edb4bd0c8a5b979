"""The identity of a pod in CCE: an agent beside it gives the keys of the agency of its service account."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_drs.api.auth.key_service import ASSOCIATE, NO_POD, KeyService, key_in, refusal
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.hidden import HiddenDict, HiddenText
from airflow_provider_drs.api.model.temporary_key import TemporaryKey
from airflow_provider_drs.api.operations.pod_identity import BODY, POD_IDENTITY
from airflow_provider_drs.api.texts import fits_a_header

URI = "HC_CONTAINER_CREDENTIALS_FULL_URI"
TOKEN_FILE = "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105 - the name of a variable
POD_SECONDS = 5.0
"""Seconds for a connection, and again for its answer."""
MAX_TOKEN = 2**15
"""The most bytes of a token file that are read."""


class PodIdentity(KeyService):
    """The identity of the pod in which this process runs. Its cluster sets two variables in the environment.

    :param environ: has ``HC_CONTAINER_CREDENTIALS_FULL_URI`` and ``HC_CONTAINER_AUTHORIZATION_TOKEN_FILE``.
    :param limits: as :class:`Iam` has them: ``verify``, ``max_attempts``, ``max_retry_seconds``, ``cancellation``.
    :raises DrsInputError: when a variable is missing, or the URI would show the token on the network.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ, **limits: Any) -> None:
        uri, file = environ.get(URI, "").strip(), environ.get(TOKEN_FILE, "").strip()
        if not uri or not file:
            missing = [name for name, value in ((URI, uri), (TOKEN_FILE, file)) if not value]
            raise DrsInputError([f"{name}: is not set, so this is no pod with an identity" for name in missing])
        endpoint, self._path = _split(uri)
        self._file = file
        super().__init__(endpoint, self._path, file, name=URI, seconds=POD_SECONDS, **limits)

    def key(self, now: float) -> TemporaryKey:
        """Fetch the key of the pod's agency, with the token that is in the file now; operation ``createPodCredential``.

        :param now: seconds since 1970, for the rest of its life.
        :raises DrsInputError: when the token file cannot be read, or holds no token.
        :raises DrsCredentialError: when the token is refused, or the service account has no agency.
        :raises DrsError: when the call fails in another way.
        """
        headers = HiddenDict({"Authorization": self._token()})
        raw = self._ask(POD_IDENTITY, self._path, headers, BODY, judged=(201, 401, 403, 404), hint=NO_POD)
        if raw.status >= 400:
            raise refusal(POD_IDENTITY, raw, ASSOCIATE, "the pod identity gives this service account no key")
        return key_in(POD_IDENTITY, raw, now)

    def _token(self) -> HiddenText:
        why = "is no file"
        if os.path.isfile(self._file):
            try:
                with open(self._file, "rb") as file:
                    token = HiddenText(file.read(MAX_TOKEN + 1).decode("latin-1").strip())
            except OSError as error:
                why = f"cannot be read: {error.strerror}"
            else:
                if len(token) <= MAX_TOKEN and fits_a_header(token):
                    return token
                why = "holds no token"
        raise DrsInputError([f"{TOKEN_FILE}: the file that it names {why}"])


def _split(uri: str) -> tuple[str, str]:
    """Return the endpoint and the path of a URI.

    :raises DrsInputError: when it is none, or has a query, which a log may show.
    """
    try:
        url = urlsplit(uri)
    except ValueError:
        url = urlsplit("")
    if not url.netloc or url.query or url.fragment or not fits_a_header(uri):
        raise DrsInputError([f"{URI}: must be a URL without a query"])
    return f"{url.scheme}://{url.netloc}", url.path or "/"
