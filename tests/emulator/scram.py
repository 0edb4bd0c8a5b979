"""The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), for a peer that knows one account."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from hashlib import pbkdf2_hmac, sha256
from secrets import token_hex

ITERATIONS = 4096


class Scram:
    """One login. `first` and `final` answer the client's two messages."""

    def __init__(self, user: str, password: str) -> None:
        self._user = user
        self._salt = b"sixteen bytes ok"
        self._salted = pbkdf2_hmac("sha256", password.encode(), self._salt, ITERATIONS)

    def first(self, message: bytes) -> bytes:
        self._bare = message.decode().removeprefix("n,,")
        fields = _fields(self._bare)
        self._known = fields["n"] == self._user
        self._nonce = fields["r"] + token_hex(12)
        self._challenge = f"r={self._nonce},s={b64encode(self._salt).decode()},i={ITERATIONS}"
        return self._challenge.encode()

    def final(self, message: bytes) -> bytes | None:
        """Give the last message, or ``None`` when the account is wrong."""
        without_proof, _, proof = message.decode().partition(",p=")
        if not self._known or _fields(without_proof)["r"] != self._nonce:
            return None
        signed = f"{self._bare},{self._challenge},{without_proof}".encode()
        client_key = _hmac(self._salted, b"Client Key")
        signature = _hmac(sha256(client_key).digest(), signed)
        expected = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        if not hmac.compare_digest(b64decode(proof), expected):
            return None
        return b"v=" + b64encode(_hmac(_hmac(self._salted, b"Server Key"), signed))


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, sha256).digest()


def _fields(message: str) -> dict[str, str]:
    return {field[0]: field[2:] for field in message.split(",")}
