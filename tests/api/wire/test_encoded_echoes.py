"""A secret is not shown in any of the common encodings, nor in one within another; what only looks encoded is shown."""

from __future__ import annotations

import base64
import re
import string
import uuid
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from airflow_provider_drs.api.model.hidden import spellings
from airflow_provider_drs.api.texts import LEFT_OUT
from airflow_provider_drs.api.wire.scrubber import _PLAIN_WORDS, HIDDEN, Scrubber

ALPHABET = string.ascii_letters + string.digits + "!#$%&*+,-./:;<=>?@^_{|}~äöß"


def joined(between: str, form: str) -> Callable[[str], str]:
    return lambda text: between.join(form.format(byte) for byte in text.encode())


def escaped(form: str) -> Callable[[str], str]:
    return lambda text: "".join(form.format(ord(one)) for one in text)


def in_charset(charset: str, way: Callable[[bytes], bytes]) -> Callable[[str], str]:
    return lambda text: way(text.encode(charset)).decode()


def hexadecimal(raw: bytes) -> bytes:
    return raw.hex().encode()


ENCODINGS: dict[str, Callable[[str], str]] = {
    "hex": joined("", "{:02x}"),
    "hex in capitals": joined("", "{:02X}"),
    "hex, colons": joined(":", "{:02x}"),
    "hex, hyphens": joined("-", "{:02X}"),
    "hex, commas": joined(",", "{:02x}"),
    "hex, blanks": joined(" ", "{:02x}"),
    "hex, in pairs": lambda text: re.sub("(.{4})", r"\1 ", text.encode().hex()),
    "hex, 0x": joined(", ", "0x{:02x}"),
    "hex, one 0x": lambda text: f"0x{text.encode().hex()}",
    "hex, backslashes": joined("", "\\x{:02x}"),
    "hex of UTF-16-LE": in_charset("utf-16-le", hexadecimal),
    "hex of UTF-16-BE": in_charset("utf-16-be", hexadecimal),
    "hex of UTF-16 with a mark": in_charset("utf-16", hexadecimal),
    "hex of UTF-8 with a mark": in_charset("utf-8-sig", hexadecimal),
    "Base64": in_charset("utf-8", base64.b64encode),
    "Base64 in short lines": lambda text: re.sub("(.{10})", r"\1\r\n ", base64.b64encode(text.encode()).decode()),
    "Base64 in lines": in_charset("utf-8", base64.encodebytes),
    "Base64 for URLs": in_charset("utf-8", base64.urlsafe_b64encode),
    "Base64 after a name": lambda text: base64.b64encode(f"root:{text}".encode()).decode(),
    "Base64 of UTF-16-LE": in_charset("utf-16-le", base64.b64encode),
    "Base64 of UTF-16-BE": in_charset("utf-16-be", base64.b64encode),
    "Base64 without padding": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "Base64 of UTF-8 with a mark": in_charset("utf-8-sig", base64.b64encode),
    "HTML, decimal": escaped("&#{};"),
    "HTML, hexadecimal": escaped("&#x{:x};"),
    "JSON": escaped("\\u{:04x}"),
    "percent": joined("", "%{:02X}"),
    "percent where it must be": lambda text: quote(text, safe=""),
}
AROUND = ["{}", "refused: got '{}' from you", "denied for user drs (using {}), code 7", 'password="{}"', "<b>{}</b>"]
# a password that is nothing but a word of error messages, such as ERROR, cannot be told from that word
secrets = st.text(ALPHABET, min_size=5, max_size=40).filter(
    lambda secret: len(re.findall(r"\w", secret)) > 3 and not _PLAIN_WORDS.fullmatch(secret.casefold())
)


def assert_not_shown(secret: str, echo: str, around: str) -> None:
    shown = Scrubber([secret])(around.format(echo))
    hidden = echo
    for way in sorted(spellings(secret), key=len, reverse=True):
        hidden = hidden.replace(way, HIDDEN)
    if hidden != echo and len(hidden.replace(HIDDEN, "")) < 5 and shown == around.format(hidden):
        return  # hardly anything of it was encoded, and it is hidden as it is
    assert shown.endswith(LEFT_OUT), shown
    assert around.partition("{}")[0].startswith(shown.removesuffix(LEFT_OUT).strip()), shown


@pytest.mark.parametrize("name", ENCODINGS)
def test_an_encoded_secret_is_left_out_whole(name):
    @settings(max_examples=25)
    @example(secret="pass1", around="{}")
    @example(secret="00000", around="{}")
    @example(secret="00001", around="<b>{}</b>")
    @example(secret="P136E", around="{}")
    @example(secret="Tr0ub4dor&3", around=AROUND[1])
    @example(secret="pässwört", around=AROUND[2])
    @example(secret="60M x", around=AROUND[1])
    @example(secret="数据库的密码是一二三四", around=AROUND[1])
    @example(secret="a'\\4\n", around="{}")
    @given(secret=secrets, around=st.sampled_from(AROUND))
    def not_shown(secret: str, around: str) -> None:
        assert_not_shown(secret, ENCODINGS[name](secret), around)

    not_shown()


@settings(max_examples=200)
@example(secret="Tr0ub4dor&3", names=("Base64", "Base64"), around="{}")
@example(secret="Tr0ub4dor&3", names=("Base64", "hex"), around="{}")
@example(secret="Tr0ub4dor&3", names=("hex", "Base64"), around="{}")
@example(secret="Tr0ub4dor&3", names=("percent", "Base64 of UTF-16-LE"), around="{}")
@example(secret="数据库的密码是一二三四", names=("hex of UTF-16-BE", "Base64"), around=AROUND[1])
@example(secret="0000ß", names=("hex, 0x", "Base64 in lines"), around="<b>{}</b>")
@example(secret="a+b&c%41", names=("HTML, decimal", "JSON"), around="{}")
@given(secret=secrets, names=st.tuples(*[st.sampled_from(list(ENCODINGS))] * 2), around=st.sampled_from(AROUND))
def test_an_encoding_within_an_encoding_is_left_out_too(secret, names, around):
    inner, outer = names
    assert_not_shown(secret, ENCODINGS[outer](ENCODINGS[inner](secret)), around)


@pytest.mark.parametrize("name", ["hex, colons", "Base64", "Base64 of UTF-16-LE", "Base64 in lines"])
def test_so_is_a_part_of_one_that_is_too_long_to_be_shown(name):
    assert LEFT_OUT in Scrubber(["correct-battery-staple"])(ENCODINGS[name]("battery-"))


MESSAGES = [
    "Failed to connect to 10.0.{0}.{1}:3306, request id {2}",
    "Access denied for user 'drs_{0}'@'10.0.0.{1}' (using password: YES), trace {3}",
    "ORA-{0:05}: TNS listener does not know of service ORCL{1} requested in connect descriptor; id={2}",
    "certificate SHA-256 {3}{3} has expired on 2024-0{4}-1{4}T10:1{4}:00Z",
    "handshake failed: server sent 0x{3}, expected [112, 97, {0}, {1}, 115, 119, 111]",
    "Command failed with error 18 (AuthenticationFailed) on server-{0}.example.org:27017, node {2}; token {5}",
]


@settings(max_examples=200)
@given(
    secret=secrets,
    message=st.sampled_from(MESSAGES),
    numbers=st.tuples(st.integers(0, 255), st.integers(0, 255)),
    one=st.uuids(),
    digit=st.integers(1, 9),
    raw=st.binary(min_size=12, max_size=40),
)
def test_an_ordinary_message_with_ids_and_sums_stays_as_it_is(
    secret: str, message: str, numbers: tuple[int, int], one: uuid.UUID, digit: int, raw: bytes
) -> None:
    text = message.format(*numbers, one, raw.hex()[:24], digit, base64.b64encode(raw).decode())
    least = max(5, min(8, len(secret) // 2))
    parts = {secret.casefold()[start : start + least] for start in range(len(secret))}
    assume(not any(len(part) >= 5 and part in text.casefold() for part in parts))

    assert Scrubber([secret])(text) == text
