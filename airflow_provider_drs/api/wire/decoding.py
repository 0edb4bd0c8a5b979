"""Decodes texts: without their escapes, or as the bytes that they write down."""

from __future__ import annotations

import html
import re
import string
import unicodedata
from binascii import a2b_base64
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

LEAST_ENCODED = 7
"""Characters that the shortest secret takes up in Base64, and so of the least that is worth decoding."""
_ROUNDS = 3
_ESCAPE = re.compile(r"%[0-9a-fA-F]|&[a-zA-Z#]|[\\+]")
_BACKSLASHED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{3})|(.))", re.DOTALL)
_BASE64 = (string.ascii_letters + string.digits + "+/-_").encode()
# whatever ends an encoding is read as a digit, so that one pass serves the whole text
_OF_64 = bytes(one if one in _BASE64 else ord("A") for one in range(256)).translate(bytes.maketrans(b"-_", b"+/"))
_BETWEEN_HEX = bytes(set(range(256)) - set((string.ascii_letters + string.digits).encode()))
_HEX = re.compile(rb"[0-9a-fA-F]{10,}")


def undecorated(text: str) -> str:
    """Return the letters of a text as anybody reads them: without accents, and none of them of full width."""
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))


def readings(text: str) -> Iterator[str]:
    """Yield a text as it is and as it reads without its escapes: those of one kind or all, up to three times.

    Many of these are alike. The next one is made when it is asked for, so that whoever reads them may stop.
    """
    for reading in _unescaped(text):
        yield reading
        if not reading.isascii():
            yield undecorated(reading)


def decoded(text: str) -> Iterator[bytes]:
    """Yield the bytes that a text writes down in Base64 or hexadecimal, some four for each of its characters.

    Nobody knows where in the text they begin, so each beginning is tried; all but one yield noise.
    """
    raw = text.encode("ascii", "replace")
    # an encoding in lines is one encoding
    digits = b"".join(raw.split()).translate(_OF_64) + b"AAA"
    for start in range(4):
        yield a2b_base64(digits[start : len(digits) - (len(digits) - start) % 4])
    for run in _HEX.findall(raw.replace(b"0x", b"").replace(b"0X", b"").translate(None, _BETWEEN_HEX)):
        for start in range(2):
            yield bytes.fromhex(run[start : len(run) - (len(run) - start) % 2].decode())


def _unescaped(text: str) -> Iterator[str]:
    yield text
    if not _ESCAPE.search(text):
        return
    for way in (unquote, unquote_plus, html.unescape, _without_backslashes, _without_escapes):
        reading = text
        for _ in range(_ROUNDS):
            reading = way(reading)
            yield reading


def _without_backslashes(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        four, two, octal, other = match.groups()
        if four or two:
            return chr(int(four or two, 16))
        return chr(int(octal, 8)) if octal else {"n": "\n", "t": "\t", "r": "\r"}.get(other, other)

    return _BACKSLASHED.sub(character, text)


def _without_escapes(text: str) -> str:
    return _without_backslashes(html.unescape(unquote(text)))
