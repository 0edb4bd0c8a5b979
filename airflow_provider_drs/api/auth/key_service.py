"""Services beside a server or a pod that give it temporary keys. They are asked directly, and never through a proxy."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import partial

from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsCredentialError,
    DrsError,
    DrsServiceError,
    DrsThrottledError,
    DrsTransportError,
    DrsUnavailableError,
)
from airflow_provider_drs.api.model.hidden import HiddenDict, HiddenTuple
from airflow_provider_drs.api.model.temporary_key import TemporaryKey, read_key
from airflow_provider_drs.api.model.values import UnreadableError
from airflow_provider_drs.api.operation import Operation
from airflow_provider_drs.api.retry import MAX_RETRY_SECONDS, retried
from airflow_provider_drs.api.wire.connection import RawAnswer
from airflow_provider_drs.api.wire.headers import retry_after
from airflow_provider_drs.api.wire.json_reading import read_secrets
from airflow_provider_drs.api.wire.transport import Transport, no_credential

NO_SERVER = (
    "agency is for servers of Huawei Cloud whose metadata service can be reached: choose another credential on other"
    " machines, and pod in a pod that has an identity."
)
HOP_LIMIT = (
    "In a container, raise the hop limit in the metadata options of the server: its answer passes one router more."
)
NO_TOKENS = "Set http_tokens to optional in the metadata options of the server."
ATTACH = "Attach an agency for the ECS service, with permissions on DRS in this project, to the server."
ASSOCIATE = "Associate the service account of the pod, in its namespace, with an agency that has permissions on DRS."
NO_POD = "pod is for CCE pods that have an identity: check that pod identity works in this cluster."
WRONG_END = "Set the clock of this machine; if it is right, the service has kept an old key."
NO_KEY = "Check what listens at this address: it does not answer as the vendor's service does."

HINTS = frozenset({NO_SERVER, HOP_LIMIT, NO_TOKENS, ATTACH, ASSOCIATE, NO_POD, WRONG_END, NO_KEY})
"""What to do about a service that gives no key. An error with one of these has a text without a word of an answer."""

_KINDS: dict[int, type[DrsServiceError]] = {
    401: DrsCredentialError,
    403: DrsCredentialError,
    429: DrsThrottledError,
}


class KeyService(ABC):
    """A service that gives temporary keys.

    It follows no redirect, and uses neither a proxy nor anything else of the environment.

    :param endpoint: its URL without the path; plain http goes to loopback and to the link of this machine alone.
    :param parts: further texts that differ for each service that gives other keys.
    :param name: the user's name for the endpoint, for error texts.
    :param seconds: seconds for opening a connection, and again for the answer.
    :param verify: ``True``, or the path of a CA bundle.
    :param max_attempts: the most times that one call is sent.
    :param max_retry_seconds: seconds from the start of a call in which a retry may start.
    :param cancellation: interrupts calls and pauses.
    :raises DrsInputError: when the endpoint is no URL, or would show a credential in logs or on the network.
    """

    def __init__(
        self,
        endpoint: str,
        *parts: str,
        name: str,
        seconds: float,
        verify: bool | str = True,
        max_attempts: int = 5,
        max_retry_seconds: float = MAX_RETRY_SECONDS,
        cancellation: Cancellation | None = None,
    ) -> None:
        self.cancellation = cancellation or Cancellation()
        self.parts = (name, endpoint, *parts)
        self._transport = partial(
            Transport,
            endpoint,
            name=name,
            verify=verify,
            connect_timeout=seconds,
            read_timeout=seconds,
            cancellation=self.cancellation,
            on_link=True,
        )
        self._max_attempts = max_attempts
        self._max_retry_seconds = max_retry_seconds
        self._transport().close()  # its constructor checks the endpoint

    @abstractmethod
    def key(self, now: float) -> TemporaryKey:
        """Fetch a key.

        :param now: seconds since 1970, for the rest of its life.
        :raises DrsError: when there is none; its hint tells what to do.
        """

    def _ask(
        self,
        operation: Operation,
        path: str,
        headers: Mapping[str, str],
        data: bytes | None = None,
        *,
        judged: tuple[int, ...] = (),
        hint: str,
    ) -> RawAnswer:
        """Send one request, and return an answer with status 200 or with one that the caller judges.

        :param judged: the other statuses that are no error yet.
        :param hint: what to do when there is no such answer.
        """
        headers = HiddenDict(headers)
        transport = self._transport()

        def attempt(_: int) -> RawAnswer:
            self.cancellation.check()
            secrets = HiddenTuple(headers.values())
            raw, _scrub = transport.raw_exchange(
                operation, path, data, auth=no_credential, headers=headers, secrets=secrets
            )
            if raw.status not in (200, *judged):
                raise refusal(operation, raw, hint)
            return raw

        try:
            return retried(
                attempt,
                operation,
                max_attempts=self._max_attempts,
                max_pause=self._max_retry_seconds,
                deadline=time.monotonic() + self._max_retry_seconds,
                clock=time.monotonic,
                sleep=self.cancellation.sleep,
            )
        except DrsTransportError as error:
            error.hint = error.hint or hint
            raise
        finally:
            transport.close()


def key_in(operation: Operation, raw: RawAnswer, now: float) -> TemporaryKey:
    """Return the key in an answer with status 200.

    :param now: seconds since 1970.
    :raises DrsAnswerError: when it holds no key, or one that has ended. Its text repeats nothing of the answer.
    """
    payload = read_secrets(raw.body)
    try:
        if payload is None:
            raise UnreadableError("it is no JSON object")
        key = read_key(payload, now)
    except UnreadableError as error:
        why, hint = f"the answer of {operation.service} is no temporary key: {error}", NO_KEY
    else:
        if key.lifetime > 0:
            return key
        why, hint = f"the key of {operation.service} ended {abs(key.lifetime):.0f} s ago by the clock here", WRONG_END
    raise DrsAnswerError(why, http_status=raw.status, hint=hint)


def refusal(operation: Operation, raw: RawAnswer, hint: str, text: str | None = None) -> DrsError:
    """Return the error for an answer that gives no key. It repeats nothing of the answer but its status.

    :param hint: what to do about it.
    :param text: what has happened, where that is known.
    """
    kind = _KINDS.get(raw.status, DrsUnavailableError if raw.status >= 500 else None)
    if kind:
        text = text or f"{operation.service} refuses {operation.name}"
        return kind(text, http_status=raw.status, hint=hint, retry_after=retry_after(raw.headers))
    what = "a redirect, which is not followed" if 300 <= raw.status < 400 else "no temporary key"
    return DrsAnswerError(text or f"{operation.service} answers with {what}", http_status=raw.status, hint=hint)
