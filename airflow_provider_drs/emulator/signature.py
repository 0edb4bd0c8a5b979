"""What the gateway computes to check a signature; a reading of the signing guide of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from hmac import HMAC
from urllib.parse import unquote_plus, unquote_to_bytes

_AUTHORIZATION = re.compile(r"SDK-HMAC-SHA256 Access=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})")
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")


def parse_authorization(header: str) -> tuple[str, list[str], str]:
    """Take an ``Authorization`` header apart: access key, names of the signed headers, signature.

    A header of another form yields empty parts, which fit no key.
    """
    match = _AUTHORIZATION.fullmatch(header)
    return (match[1], match[2].split(";"), match[3]) if match else ("", [], "")


def expected_signature(
    secret_key: str, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> str:
    """Compute the only right signature.

    :param headers: those that were signed, by lower-case name.
    """
    segments = unquote_to_bytes(path).split(b"/")
    uri = "/".join(map(_escaped, segments))
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    arguments = sorted((unquote_plus(name), unquote_plus(value)) for name, _, value in pairs)
    text = f"{method.upper()}\n{uri}{'' if uri.endswith('/') else '/'}\n"
    text += "&".join(_escaped(name.encode()) + "=" + _escaped(value.encode()) for name, value in arguments) + "\n"
    for name in sorted(headers):
        text += f"{name}:{headers[name].strip()}\n"
    text += "\n" + ";".join(sorted(headers)) + "\n" + sha256(body).hexdigest()
    to_sign = "\n".join(["SDK-HMAC-SHA256", headers["x-sdk-date"], sha256(text.encode()).hexdigest()])
    return HMAC(secret_key.encode(), to_sign.encode(), sha256).hexdigest()


def _escaped(raw: bytes) -> str:
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in raw)
