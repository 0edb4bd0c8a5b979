"""What a server and a pod of the emulated world are given for their identity. No HTTP."""

from __future__ import annotations

import threading
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from .accounts import Accounts, TemporaryKey
from .errors import RefusedError

POD_TOKEN = "emulator-pod-token"  # noqa: S105 - it opens nothing but this emulator


class IdentityFacts(BaseModel):
    """What the identity of the server and of the pod is; every fact may be changed while the emulator serves.

    :param metadata: which version the metadata service has: ``optional`` serves both, ``required`` demands version 2,
        ``version 1`` has no other, and with ``none`` there is no service.
    :param agency: whether the server has an agency.
    :param pod_token: what the token file of the pod holds; any other is refused.
    :param lifetime: seconds until a temporary key ends; one that is not above 0 has ended already.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, validate_assignment=True)

    metadata: Literal["optional", "required", "version 1", "none"] = "optional"
    agency: bool = True
    pod_token: Annotated[str, Field(min_length=1)] = POD_TOKEN
    lifetime: Annotated[float, Field(allow_inf_nan=False)] = 86_400


class Identities:
    """The metadata service of a server, and the identity of a pod.

    :param accounts: issues the keys.
    :param facts: what they are.
    """

    def __init__(self, accounts: Accounts, facts: IdentityFacts) -> None:
        self.facts = facts
        self._accounts = accounts
        self._ends: dict[str, float] = {}
        self._lock = threading.Lock()

    def issue_token(self, lifetime: int) -> str:
        """Issue a token of version 2.

        :param lifetime: seconds until it ends.
        :raises RefusedError: there is no version 2.
        """
        if self.facts.metadata in ("version 1", "none"):
            raise RefusedError("404", "Not Found", 404)
        token = uuid4().hex * 2
        with self._lock:
            self._ends[token] = self._accounts.clock() + lifetime
        return token

    def expire_tokens(self) -> None:
        """End every token of version 2 now."""
        with self._lock:
            self._ends.clear()

    def server_key(self, token: str | None) -> TemporaryKey:
        """Give the server a key of its agency.

        :param token: of version 2, if one was sent.
        :raises RefusedError: there is no service or no agency, or the token is not good.
        """
        if self.facts.metadata == "none":
            raise RefusedError("404", "Not Found", 404)
        with self._lock:
            good = self._accounts.clock() < self._ends.get(token or "", float("-inf"))
        if not good and (token or self.facts.metadata == "required") and self.facts.metadata != "version 1":
            raise RefusedError("401", "Unauthorized", 401)
        if not self.facts.agency:
            raise RefusedError("401", "Please configure Cloud Service Agency first", 401)
        return self._accounts.issue_key(self.facts.lifetime)

    def pod_key(self, token: str | None) -> TemporaryKey:
        """Give the pod a key of the agency of its service account.

        :raises RefusedError: the token is not the one of the pod.
        """
        if token != self.facts.pod_token:
            raise RefusedError("401", "Unauthorized", 401)
        return self._accounts.issue_key(self.facts.lifetime)
