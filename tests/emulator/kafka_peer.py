"""As much of a Kafka broker as a login needs, written after the protocol guide: versions, SASL and metadata."""

from __future__ import annotations

import struct
from typing import Any

from peer import Wire
from scram import Scram

_METADATA, _SASL_HANDSHAKE, _API_VERSIONS, _SASL_AUTHENTICATE = 3, 17, 18, 36
_SPOKEN = {_METADATA: (0, 2), _SASL_HANDSHAKE: (0, 1), _API_VERSIONS: (0, 0), _SASL_AUTHENTICATE: (0, 0)}
_UNSUPPORTED_MECHANISM, _UNSUPPORTED_VERSION, _AUTHENTICATION_FAILED = 33, 35, 58


class KafkaBroker:
    """Knows the account ``reader`` with the password ``right``.

    :param mechanisms: with any, nobody gets in without a login.
    :param advertised: the port where it says that it is found, if not where it is.
    """

    def __init__(self, *mechanisms: str, advertised: int | None = None) -> None:
        self._mechanisms = mechanisms
        self._advertised = advertised
        self.failed_logins = 0

    def __call__(self, wire: Wire) -> None:
        session: dict[str, Any] = {"welcome": not self._mechanisms, "port": self._advertised or wire.port}
        while not session.get("over"):
            (size,) = wire.unpack(">i")
            content = wire.read(size)
            key, version, correlation, client = struct.unpack_from(">hhih", content)
            body = content[10 + max(client, 0) :]
            if key == _METADATA and not session["welcome"]:
                return
            answer = struct.pack(">i", correlation) + self._answer(key, version, body, session)
            wire.write(struct.pack(">i", len(answer)) + answer)

    def _answer(self, key: int, version: int, body: bytes, session: dict[str, Any]) -> bytes:
        if key == _API_VERSIONS:
            spoken = b"".join(struct.pack(">hhh", each, *versions) for each, versions in _SPOKEN.items())
            return struct.pack(">hi", _UNSUPPORTED_VERSION if version else 0, len(_SPOKEN)) + spoken
        if key == _METADATA:
            broker = struct.pack(">ii", 1, 1) + _text("127.0.0.1") + struct.pack(">ih", session["port"], -1)
            return broker + _text("a-cluster") + struct.pack(">ii", 1, 0)
        if key == _SASL_HANDSHAKE:
            session["mechanism"] = body[2:].decode()
            session["scram"] = Scram("reader", "right")
            error = 0 if session["mechanism"] in self._mechanisms else _UNSUPPORTED_MECHANISM
            return struct.pack(">hi", error, len(self._mechanisms)) + b"".join(map(_text, self._mechanisms))
        answer = self._authenticate(body[4:], session)
        if answer is None:
            self.failed_logins += 1
            session["over"] = True
            return (
                struct.pack(">h", _AUTHENTICATION_FAILED)
                + _text(f"Authentication failed during authentication with SASL mechanism {session['mechanism']}")
                + struct.pack(">i", 0)
            )
        return struct.pack(">hhi", 0, -1, len(answer)) + answer

    def _authenticate(self, token: bytes, session: dict[str, Any]) -> bytes | None:
        if session["mechanism"] == "PLAIN":
            session["welcome"] = token == b"\0reader\0right"
            return b"" if session["welcome"] else None
        if token.startswith(b"n,,"):
            return session["scram"].first(token)  # type: ignore[no-any-return]
        answer: bytes | None = session["scram"].final(token)
        session["welcome"] = answer is not None
        return answer


def _text(value: str) -> bytes:
    return struct.pack(">h", len(value)) + value.encode()
