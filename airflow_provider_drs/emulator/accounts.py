"""Who may call the emulated service, and how they prove it: tokens, IAM users, lasting and temporary keys. No HTTP."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from uuid import uuid4

from .errors import RefusedError
from .signature import expected_signature, parse_authorization

LOCK_AFTER = 5
LOCK_SECONDS = 300
DATE_TOLERANCE = 900


@dataclass(frozen=True)
class TemporaryKey:
    """An access key that ends, as a server or a pod is given it.

    :param access: its id.
    :param secret: what signs with it.
    :param security_token: goes with each signature.
    :param expires_at: when it ends, as the service writes it.
    """

    access: str
    secret: str = field(repr=False)
    security_token: str = field(repr=False)
    expires_at: str


class Accounts:
    """The one account of the emulated world; its parts may be changed while the emulator serves.

    :param region: the name of the region, and of the region's own project.
    :param user: an IAM user.
    :param password: its password.
    :param domain: the account's name.
    :param access_key: an access key of that user.
    :param secret_key: what signs with it.
    :param security_token: demanded beside the signature, as of a temporary key, unless empty.
    :param lifetime: seconds until a token that IAM issued ends.
    :param clock: seconds since 1970.
    """

    def __init__(
        self,
        *,
        region: str = "emulator-1",
        user: str = "emulator-user",
        password: str = "emulator-password",  # noqa: S107 - it opens nothing but this emulator
        domain: str = "emulator-account",
        access_key: str = "EMULATORACCESSKEY",
        secret_key: str = "emulator-secret-key",  # noqa: S107
        security_token: str = "",
        lifetime: float = 86_400,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.region = region
        self.user = user
        self.password = password
        self.domain = domain
        self.access_key = access_key
        self.secret_key = secret_key
        self.security_token = security_token
        self.lifetime = lifetime
        self.clock = clock
        self.issued: list[str] = []
        self.keys: list[TemporaryKey] = []
        self._ends: dict[str, float] = {}
        self._failures: Counter[str] = Counter()
        self._locked_until: dict[str, float] = {}
        self._lock = threading.Lock()

    def log_in(self, user: str, password: str, domain: str) -> tuple[str, str, str]:
        """Issue a token; give it with the moments of its issue and its end, as IAM writes them.

        :raises RefusedError: there is no such user, or this is not its password.
        """
        if (user, password, domain) != (self.user, self.password, self.domain):
            raise RefusedError("401", "The username or password is wrong.", 401)
        token, now = uuid4().hex, self.clock()
        with self._lock:
            self.issued.append(token)
            self._ends[token] = now + self.lifetime
        return token, _iam_time(now), _iam_time(now + self.lifetime)

    def expire(self, *tokens: str) -> None:
        """End these tokens now, and with none named every token that IAM issued."""
        with self._lock:
            for token in tokens or self.issued:
                self._ends[token] = float("-inf")

    def issue_key(self, lifetime: float) -> TemporaryKey:
        """Issue a temporary key of the account.

        :param lifetime: seconds until it ends.
        """
        end = self.clock() + lifetime
        key = TemporaryKey(f"TEMPORARY{uuid4().hex[:12].upper()}", uuid4().hex, uuid4().hex * 20, _iam_time(end))
        with self._lock:
            self.keys.append(key)
            self._ends[key.access] = end
        return key

    def expire_keys(self) -> None:
        """End every temporary key now, although each says that it ends later."""
        with self._lock:
            for key in self.keys:
                self._ends[key.access] = float("-inf")

    def check_token(self, token: str | None, pasted: str) -> None:
        """Let in who bears a token that IAM issued, or the one that is always there.

        :raises RefusedError: ``APIGW.0307`` for a token that has ended, ``DRS.M00100`` for one that never was good.
        """
        with self._lock:
            ends = self._ends.get(token or "", float("inf") if token == pasted else None)
        if ends is None:
            raise RefusedError("DRS.M00100", "Invalid token.", 403)
        if self.clock() >= ends:
            raise RefusedError("APIGW.0307", "The token must be updated.", 401)

    def check_signature(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> None:
        """Let in who signed a request with the access key.

        :param path: as it came, with its escapes.
        :param query: as it came.
        :param headers: by lower-case name.
        :raises RefusedError: ``APIGW.0301``; after five in a row the key is locked for five minutes.
        """
        access_key = parse_authorization(headers["authorization"])[0]
        with self._lock:
            now = self.clock()
            if now < self._locked_until.get(access_key, now):
                raise _bad("AK access failed to reach the limit")
            try:
                self._check(now, method, path, query, headers, body)
            except RefusedError:
                self._failures[access_key] += 1
                if self._failures[access_key] >= LOCK_AFTER:
                    self._failures[access_key], self._locked_until[access_key] = 0, now + LOCK_SECONDS
                raise
            self._failures[access_key] = 0

    def _check(self, now: float, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> None:
        access_key, signed, signature = parse_authorization(headers["authorization"])
        secret_key, security_token = self._secrets(access_key, now)
        needed = {"host", "x-sdk-date"} | ({"x-security-token"} if security_token else set())
        if not needed <= set(signed) <= headers.keys():
            raise _bad("verify aksk signature fail")
        if headers.get("x-security-token", "") != security_token:
            raise _bad("security token is invalid")
        try:
            moment = datetime.strptime(headers["x-sdk-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        except ValueError:
            raise _bad("verify aksk signature fail") from None
        right = expected_signature(secret_key, method, path, query, {name: headers[name] for name in signed}, body)
        if abs(now - moment.timestamp()) > DATE_TOLERANCE or signature != right:
            raise _bad("verify aksk signature fail")

    def _secrets(self, access_key: str, now: float) -> tuple[str, str]:
        if access_key == self.access_key:
            return self.secret_key, self.security_token
        for key in self.keys:
            if key.access == access_key:
                if now >= self._ends[access_key]:
                    raise _bad("security token has expired")
                return key.secret, key.security_token
        raise _bad("ak not exist")


def _bad(why: str) -> RefusedError:
    return RefusedError("APIGW.0301", f"Incorrect IAM authentication information: {why}", 401)


def _iam_time(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
