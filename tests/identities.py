"""A metadata service and a pod identity that answer as a test defines."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from wire import Reply, Request, Service

from airflow_provider_drs.api.auth import Metadata, PodIdentity
from airflow_provider_drs.api.model.temporary_key import TemporaryKey

NOW = 1_767_323_045.0
"""2026-01-02T03:04:05Z"""
DAY = 86_400.0
NO_AGENCY = Reply(raw=b"Please configure Cloud Service Agency first", status=401)
V2 = Reply(raw=b"a-token-of-version-2", headers={"Content-Type": "text/plain"})
NO_V2 = Reply(raw=b"404 page not found", status=404)
POD_TOKEN = "eyJ.a-token-of-the-pod.x"
TOKEN_PATH = "/meta-data/latest/api/token"


def written(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def key(**members: Any) -> dict[str, Any]:
    """Return the key as a server gets it; ``None`` takes a member away."""
    usual = {"access": "AK", "secret": "SK", "securitytoken": "ST", "expires_at": written(NOW + DAY)}
    return {name: value for name, value in {**usual, **members}.items() if value is not None}


KEY = Reply({"credential": key()})


class MetadataService(Service):
    """Answers each call for a token, and each for the key, with the next of its replies, and with the last for ever."""

    def __init__(self, tokens: Reply | list[Reply] = NO_V2, keys: Reply | list[Reply] = KEY) -> None:
        self._replies = {
            "PUT": [tokens] if isinstance(tokens, Reply) else list(tokens),
            "GET": [keys] if isinstance(keys, Reply) else list(keys),
        }
        super().__init__(self._reply)

    def __enter__(self) -> MetadataService:
        super().__enter__()
        return self

    def _reply(self, request: Request) -> Reply:
        replies = self._replies[request.method]
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def fetch(self, **limits: Any) -> TemporaryKey:
        """Fetch a key as a client on this server would."""
        return Metadata(self.url, **{"max_attempts": 1, **limits}).key(NOW)

    @property
    def asked(self) -> list[tuple[str, str | None]]:
        """The method of each request, and the token that it bore."""
        return [(request.method, request.headers["X-Metadata-Token"]) for request in self.requests]


def pod(url: str, folder: Path, token: str | bytes = POD_TOKEN, **limits: Any) -> PodIdentity:
    """Return the identity of a pod with this token in its file."""
    file = folder / "token"
    file.write_bytes(token.encode() if isinstance(token, str) else token)
    return PodIdentity(environment(f"{url}/v1/credentials", str(file)), **{"max_attempts": 1, **limits})


def environment(uri: str, file: str) -> Mapping[str, str]:
    """Return the two variables of a pod."""
    return {"HC_CONTAINER_CREDENTIALS_FULL_URI": uri, "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": file}


def answering(payload: Any) -> Callable[[Request], Reply]:
    """Return the answer of a service that always gives this payload, bytes or JSON."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return lambda request: Reply(raw=raw)
