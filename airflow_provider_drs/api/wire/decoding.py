"""What a text says to whoever decodes it: without its escapes, turned round, or as the bytes that it writes down."""

from __future__ import annotations

import html
import re
import unicodedata
from binascii import a2b_base64
from collections.abc import Iterator
from math import gcd
from string import ascii_lowercase, ascii_uppercase
from urllib.parse import unquote_plus

LEAST_ENCODED = 7
"""Characters that the shortest secret takes up in the densest encoding, and so of the least that is worth decoding."""
_LEAST_NUMBERS = 5
_LONGEST_NUMBER = 4

_QUOTED = re.compile(r"=(?:([0-9a-fA-F]{2})|[ \t]*\r?\n)")
_BACKSLASHED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{3})|(.))", re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_FOLD = re.compile(r"[ \t]*\r?\n[ \t]*")
_ESCAPE = re.compile(r"[%&\\=+<\n]")
_ROT13 = str.maketrans(
    ascii_lowercase + ascii_uppercase,
    ascii_lowercase[13:] + ascii_lowercase[:13] + ascii_uppercase[13:] + ascii_uppercase[:13],
)
# all but words, addresses and ids, which nobody decodes but as numbers, upright or turned round
_DENSE = re.compile(
    r"(?<!\S)(?!['\"(\[{<.,;:!?]*(?:[A-Z]?[a-z]{,13}[A-Z]?|[0-9.:,/-]+|[0-9a-f-]{16,}|[0-9n-s-]{16,})['\")\]}>.,;:!?]*(?!\S))"
    rf"\S{{{LEAST_ENCODED},}}"
)
_PUNCTUATION = re.compile(rb"['\")\]}>.,;:!?](?!\S)")
_OCTAL = re.compile(r"[0-7]{2,3}")
_DIGIT = re.compile(r"[0-9]")
# a sign, as Java writes a byte, is no sign where it stands between two numbers
_NUMBER = re.compile(r"[0-9]+|(?<![0-9])-[0-9]+|[A-Za-z]+")
_HEX = b"0123456789abcdefABCDEF"
_WORD = b"g"


def _digits(alphabet: bytes, digits: bytes, other: bytes) -> bytes:
    """Return a table that turns the characters of an alphabet into digits, and every other one into one more."""
    table = bytearray(other * 256)
    for character, digit in zip(alphabet, digits, strict=True):
        table[character] = digit
    return bytes(table)


_LETTERS = (ascii_uppercase + ascii_lowercase).encode()
# what stands between the digits goes, but a word ends the list; letters of 0x, 0b and \\u end none
_OTHER_LETTERS = bytes(set(_LETTERS) - set(_HEX + b"xXuU"))
_OF_16 = _digits(_OTHER_LETTERS + _HEX, _WORD * len(_OTHER_LETTERS) + _HEX, b" ")
_OF_2 = _digits(_OTHER_LETTERS + b"01", _WORD * len(_OTHER_LETTERS) + b"01", b" ")
_BASE64 = _LETTERS + b"0123456789+/"
_OF_64 = _digits(_BASE64 + b"-_", _BASE64 + b"+/", b"A")
_DIGITS_32 = b"0123456789abcdefghijklmnopqrstuv"
_OF_32 = _digits(_LETTERS + b"234567", _DIGITS_32[:26] * 2 + _DIGITS_32[26:], b"0")
_PAD = bytes([84])
# of Adobe, of Git and Python, and of ZeroMQ
_OF_85 = tuple(
    (re.compile(b"[^" + re.escape(alphabet) + b"]+"), _digits(alphabet, bytes(range(85)), _PAD))
    for alphabet in (
        bytes(range(33, 118)),
        b"0123456789" + _LETTERS + b"!#$%&()*+-;<=>?@^_`{|}~",
        b"0123456789" + _LETTERS[26:] + _LETTERS[:26] + b".-:+=^!/*?&<>()[]{}@%$#",
    )
)


def rot13(text: str) -> str:
    """Return a text with each Latin letter moved by half the alphabet."""
    return text.translate(_ROT13)


def undecorated(text: str) -> str:
    """Return the letters of a text as anybody reads them: without accents, and none of them of full width."""
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))


def readings(text: str) -> set[str]:
    """Return a text as it is and as whoever undoes its escapes, up to three times, reads it.

    The escapes may have been turned round together with the rest.
    """
    found = {text}
    if _ESCAPE.search(text):
        found = _unescaped(text)
        found |= {reading[::-1] for reading in _unescaped(text[::-1])}
        found |= {rot13(reading) for reading in _unescaped(rot13(text))}
    return found | {undecorated(one) for one in found if not one.isascii()}


def _unescaped(text: str) -> set[str]:
    found = {text}
    for _ in range(3):
        more = {way(one) for one in found for way in _UNESCAPING}
        if more <= found:
            break
        found |= more
    return found


def decoded(text: str) -> Iterator[bytes]:
    """Yield the bytes that a text writes down in any alphabet of 2, 8, 10, 16, 32, 64 or 85 digits.

    Nobody knows where in the text they begin, so each beginning is tried; all but one yield noise.
    """
    if len(_DIGIT.findall(text)) >= _LEAST_NUMBERS:
        yield from _numbers(text)
    dense = " ".join(_DENSE.findall(text)).encode("ascii", "replace")
    if not dense:
        return
    digits = dense.translate(_OF_64)
    yield from _shifted(int.from_bytes(a2b_base64(digits + b"A" * (-len(digits) % 4)), "big"), 6)
    yield from _shifted(int(dense.translate(_OF_32), 32), 5)
    # punctuation at the end may be digits or the sentence's own
    without_one = _PUNCTUATION.sub(b"", dense)
    ways = {dense, without_one, _PUNCTUATION.sub(b"", without_one)}
    # the last group is written short, and read as if blanks were its other digits
    yield from _of_85(
        b"".join(others.sub(b"    ", way + b" ").translate(table) for way in ways for others, table in _OF_85)
    )


def _numbers(text: str) -> Iterator[bytes]:
    """Yield the bytes that are written as numbers, with anything or nothing between them."""
    numbers = _NUMBER.findall(text)
    values = bytes([int(one) & 255 if len(one) <= _LONGEST_NUMBER and one[-1] <= "9" else 255 for one in numbers])
    # each may stand beside its index
    yield from (values, values[::2], values[1::2])
    yield bytes([int(one, 8) & 255 if _OCTAL.fullmatch(one) else 255 for one in numbers])
    raw = text.encode("ascii", "replace")
    digits = raw.replace(b"0x", b"").replace(b"0X", b"").translate(_OF_16).replace(b" ", b"")
    yield from _shifted(int(digits.replace(_WORD, b"ffff"), 16), 4)
    bits = raw.replace(b"0b", b"").translate(_OF_2).replace(b" ", b"")
    if bits.count(b"0") + bits.count(b"1") >= 8 * _LEAST_NUMBERS:
        yield from _shifted(int(bits.replace(_WORD, b"1" * 16), 2), 1)


def _shifted(number: int, width: int) -> Iterator[bytes]:
    """Yield the bytes of a number whose digits have so many bits, for each place where a byte may end."""
    size = number.bit_length() // 8 + 1
    for shift in range(0, 8, gcd(width, 8)):
        yield (number >> shift).to_bytes(size, "big")


def _of_85(digits: bytes) -> Iterator[bytes]:
    """Yield what groups of five digits to base 85 stand for, for each digit that may be the first of a group."""
    # one number with 64 bits for each digit, so that one multiplication serves all groups
    lanes = bytearray(8 * len(digits))
    lanes[7::8] = digits
    number = int.from_bytes(lanes, "big")
    groups = sum((number << 64 * place) * 85 ** (4 - place) for place in range(5))
    words = memoryview(groups.to_bytes(8 * (len(digits) + 4), "big")).cast("I")[9::2]
    for start in range(5):
        yield words[start::5].tobytes()


def _unquoted(text: str) -> str:
    """Return a quoted-printable text as it is read."""
    return _QUOTED.sub(lambda byte: chr(int(byte[1], 16)) if byte[1] else "", text)


def _without_backslashes(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        four, two, octal, other = match.groups()
        if four or two:
            return chr(int(four or two, 16))
        return chr(int(octal, 8)) if octal else {"n": "\n", "t": "\t", "r": "\r"}.get(other, other)

    return _BACKSLASHED.sub(character, text)


def _untagged(text: str) -> str:
    return _TAG.sub(" ", text)


def _in_one_line(text: str) -> str:
    return _FOLD.sub("", text)


_UNESCAPING = (unquote_plus, html.unescape, _without_backslashes, _unquoted, _untagged, _in_one_line)
