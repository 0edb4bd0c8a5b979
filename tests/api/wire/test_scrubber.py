"""A secret that the service repeats is not shown, whole or in part, as it is or encoded; an ordinary reason is."""

from __future__ import annotations

import base64
import html
import json
import logging
import pickle
import random
import re
import string
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from raw_answers import JOBS, answer, good, report
from samples import endpoint
from virtual_time import VirtualTime
from wire import Reply, Service

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.texts import LEFT_OUT, MAX_TEXT
from airflow_provider_drs.api.wire.scrubber import HIDDEN, MAX_COMPARISONS, Scrubber

ALPHABET = string.ascii_letters + string.digits + "!#$%&*+,-./:;<=>?@^_{|}~äöß"


def escaped(secret: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in secret)


def percent(secret: str) -> str:
    return "".join(f"%{byte:02X}" for byte in secret.encode())


ECHOES: dict[str, Any] = {
    "as it is": lambda part: part,
    "in capitals": str.upper,
    "in small letters": str.lower,
    "with the cases swapped": str.swapcase,
    "in hexadecimal": lambda part: part.encode().hex(),
    "in hexadecimal capitals": lambda part: part.encode().hex().upper(),
    "percent-encoded": lambda part: quote(part, safe=""),
    "percent-encoded in a form": quote_plus,
    "every character percent-encoded": percent,
    "percent-encoded twice": lambda part: quote(percent(part), safe=""),
    "percent-encoded three times": lambda part: quote(quote(percent(part), safe=""), safe=""),
    "in HTML": html.escape,
    "in HTML twice": lambda part: html.escape(html.escape(part)),
    "every character an HTML number": lambda part: "".join(f"&#{ord(one)};" for one in part),
    "every character a hexadecimal HTML number": lambda part: "".join(f"&#x{ord(one):x};" for one in part),
    "in JSON": lambda part: json.dumps(part)[1:-1],
    "in JSON within JSON": lambda part: json.dumps(json.dumps(part)),
    "every character escaped": escaped,
    "in octal": lambda part: "".join(f"\\{byte:03o}" for byte in part.encode("latin-1")),
    "as a literal of Python": repr,
    "across a line break": lambda part: f"{part[:3]}\r\n  {part[3:]}",
    "a blank after each character": lambda part: " ".join(part),
    "a NUL after each character": "\0".join,
    "a zero-width space after each character": "\u200b".join,
    "an escape sequence's start after each character": "\x1b".join,
    "percent-encoded HTML": lambda part: percent(html.escape(part)),
    "an equals sign before each byte": lambda part: "".join(f"={byte:02X}" for byte in part.encode("latin-1")),
    "in letters of full width": lambda part: "".join(
        chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in part
    ),
    "with an accent on each letter": lambda part: "\u0301".join(part),
    "in Base64": lambda part: base64.b64encode(part.encode()).decode(),
    "in Base64 after one byte": lambda part: base64.b64encode(b":" + part.encode()).decode(),
    "in Base64 after two bytes": lambda part: base64.b64encode(b"u:" + part.encode()).decode(),
    "in Base64 among others": lambda part: base64.b64encode(b"root:" + part.encode() + b"@db").decode(),
    "in url-safe Base64": lambda part: base64.urlsafe_b64encode(b"\xfb\xff" + part.encode()).decode().rstrip("="),
    "in Base64, percent-encoded": lambda part: quote(base64.b64encode(b"u:" + part.encode()).decode(), safe=""),
}


def readable(text: str, part: str) -> bool:
    """Return whether the text shows what an echo of this part is."""
    shown = re.sub(r"[\s\x00\ufffd\\]", "", text).casefold()
    echoes = (re.sub(r"[\s\x00\x1b\u200b\ufffd\\]", "", way(part)).casefold().rstrip("=") for way in ECHOES.values())
    return any(echo in shown for echo in echoes)


@st.composite
def parts(draw: Any) -> tuple[str, str]:
    """A secret, and a part of it that is too long to be shown."""
    secret = draw(st.text(ALPHABET, min_size=10, max_size=40))
    least = max(5, min(8, len(secret) // 2))
    start = draw(st.integers(0, len(secret) - least))
    return secret, secret[start : draw(st.integers(start + least, len(secret)))]


@pytest.mark.parametrize("name", ECHOES)
def test_a_part_of_a_secret_is_not_shown_however_it_is_written(name):
    way = ECHOES[name]

    @settings(max_examples=15)
    @example(pair=("Tr0ub4dor&3", "Tr0ub"))
    @example(pair=("correct horse battery", "t horse b"))
    @example(pair=("p=ss/w+rd%41", "ss/w+rd"))
    @given(pair=parts())
    def not_shown(pair: tuple[str, str]) -> None:
        secret, part = pair
        if not re.search(r"[^\W_]{4}", part) or re.fullmatch(r"[A-Za-z]{,14}", part):
            return  # nothing but signs, or a word such as "password", which any text may have
        for text in (way(part), f"refused: got {way(part)} from you", "x" * 100 + " " + way(part)):
            shown = Scrubber([secret])(text)
            assert way(part) not in shown, shown
            assert LEFT_OUT in shown or HIDDEN in shown

    not_shown()


def test_a_part_of_a_long_token_is_found_in_a_short_and_in_a_long_text():
    token = "".join(random.Random(7).choices(string.ascii_letters + string.digits + "+-", k=2000))  # noqa: S311
    scrub = Scrubber([token])

    for start in range(0, 1990, 97):
        for text in (token[start : start + 8], "y" * 200 + token[start : start + 8]):
            assert token[start : start + 8] not in scrub(text)
    assert scrub("3f0c8a1e-77aa-4b1e-9d41-0123456789ab") == "3f0c8a1e-77aa-4b1e-9d41-0123456789ab"


REASONS = [
    "Access denied for user 'root'@'192.0.2.10' (using password: YES)",
    "Unknown database 'orders'",
    "Host '192.0.2.10' is not allowed to connect to this MySQL server",
    "Communications link failure. The last packet sent successfully to the server was 0 milliseconds ago.",
    'FATAL: password authentication failed for user "drs"',
    'FATAL: no pg_hba.conf entry for host "192.0.2.10", user "drs", database "orders", SSL off',
    "connection to server at 192.0.2.10, port 5432 failed: Connection refused",
    "ORA-01017: invalid username/password; logon denied",
    "ORA-12514: TNS: listener does not currently know of service requested in connect descriptor",
    "ORA-28000: the account is locked",
    "Exception authenticating MongoCredential{mechanism=SCRAM-SHA-1, userName='drs', source='admin'}",
    "Command failed with error 18 (AuthenticationFailed): 'Authentication failed.' on server 192.0.2.10:27017.",
    "Timed out waiting for a node assignment. Call: describeCluster",
    "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512",
    "The private key does not match the certificate.",
]
WEAK = [
    "mysql-root-01",
    "Passw0rd!",
    "mysql-password",
    "Huawei@123",
    "drs_user_2024",
    "Welcome1",
    "root1234",
    "admin@12",
]


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("password", WEAK)
def test_an_ordinary_reason_stays_as_it_is_beside_a_weak_password(password, reason):
    assert Scrubber([password])(reason) == reason


@pytest.mark.parametrize("password", ["postgres", "mysql", "password", "oracle", "server"])
def test_a_password_that_is_an_ordinary_word_costs_that_word_and_no_more(password):
    for reason in REASONS:
        assert Scrubber([password])(reason) == reason.replace(password, HIDDEN)


def test_the_clauses_before_an_echo_are_kept():
    text = "login refused (code 7): wrong password, you sent battery-staple"

    assert Scrubber(["correct-battery-staple"])(text) == f"login refused (code 7): wrong password, {LEFT_OUT}"


@given(text=st.text(max_size=300), secrets=st.lists(st.text(max_size=30), max_size=3), limit=st.sampled_from([60, 500]))
def test_whatever_comes_is_one_short_storable_line(text, secrets, limit):
    shown = Scrubber(secrets)(text, limit)

    assert shown.encode().decode() == shown
    assert shown.isprintable()
    assert len(shown) <= limit
    assert not any(
        len(secret) >= 5 and not secret.isspace() and secret in shown for secret in secrets if "*" not in secret
    )


@pytest.mark.parametrize("secret", ["     ", "'''''", '"\\"\\"\\"', "\u200b" * 6, "\0" * 5, "]^-\\]"])
def test_a_secret_of_blanks_quotes_or_signs_hides_itself_and_nothing_else(secret):
    text = "the password 4f5e6d7c8b9a was refused by host QWERTYuiop123, code 0x1f"

    assert Scrubber([secret, "pässwört"])(text) == Scrubber([secret])(text) == text
    assert Scrubber([secret])(f"a{secret}b") == f"a{HIDDEN}b"


def test_half_a_surrogate_in_a_secret_stops_neither_the_answer_nor_the_search():
    scrub = Scrubber(["abcdef\ud800gh"])

    assert scrub("some text of the service") == "some text of the service"
    assert LEFT_OUT in scrub("wrong: abcdef")
    assert LEFT_OUT in scrub("wrong: YWJjZGVm")


def test_a_scrubber_shows_nothing_of_its_secrets_and_is_not_pickled():
    scrub = Scrubber(["Tr0ub4dor&3"])

    assert "Tr0ub" not in repr(scrub) + repr(vars(scrub))
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(scrub)


PASSWORD, TOKEN = "Tr0ub4dor&3-xyzzy", "MIItokenABCDEF0123456789abcdefghij" * 3
PLACES: dict[str, Any] = {
    "error_msg": lambda echo: Reply(_failed(error_msg=f"denied: {echo}")),
    "error_message": lambda echo: Reply(_failed(error_message=echo)),
    "error_code": lambda echo: Reply(_failed(error_code=echo, error_msg="no")),
    "status": lambda echo: Reply(_failed(status=echo)),
    "success": lambda echo: Reply(_failed(success=echo)),
    "id": lambda echo: Reply(_failed(id=echo)),
    "count": lambda echo: Reply({**good(), "count": echo}),
    "a member's name": lambda echo: Reply({**good(), f"error {echo}": "x"}),
    "a result's member's name": lambda echo: Reply(_failed(**{f"x{echo}": "x"})),
    "an item that is a text": lambda echo: Reply({"results": [echo], "count": 1}),
    "the whole answer's text": lambda echo: Reply({"error_code": "X.1", "error_msg": echo}, status=400),
    "the whole answer's code": lambda echo: Reply({"error_code": echo, "error_msg": "no"}, status=400),
    "a list of texts": lambda echo: Reply({"error_code": "X.1", "error_msg": list(echo)}, status=400),
    "request_id": lambda echo: Reply({"error_code": "X.1", "error_msg": "no", "request_id": echo}, status=400),
    "X-Request-Id": lambda echo: Reply({}, status=500, headers={"X-Request-Id": _line(echo)}),
    "Content-Type": lambda echo: Reply(raw=b"x", headers={"Content-Type": _line(echo)}),
    "Date": lambda echo: Reply({}, status=401, headers={"Date": _line(echo)}),
    "Retry-After": lambda echo: Reply({}, status=429, headers={"Retry-After": _line(echo)}),
    "Location": lambda echo: Reply(status=307, headers={"Location": f"https://x/{_line(echo)}"}),
    "a header's name": lambda echo: Reply({}, status=500, headers={re.sub(r"\W", "-", echo): "x"}),
    "HTML": lambda echo: Reply(raw=f"<html>{echo}".encode(), status=502),
    "no JSON": lambda echo: Reply(raw=f'{{"a": "{echo}"'.encode()),
}


def _failed(**members: Any) -> dict[str, Any]:
    return {"results": [{"id": JOBS[0], "status": "failed", **members}], "count": 1}


def _line(echo: str) -> str:
    return re.sub(r"[^\x21-\x7e]", "", echo)


@pytest.mark.parametrize("place", PLACES)
def test_an_echo_is_shown_nowhere(place, caplog):
    caplog.set_level(logging.DEBUG)
    endpoints = parse_endpoints([endpoint(1, db_password=PASSWORD)])
    secrets = (PASSWORD, PASSWORD[:9], TOKEN[5:30])
    echoes = [(secret, ECHOES[name](secret)) for secret in secrets for name in list(ECHOES)[:: len(secrets)]]
    with Service() as service, DrsClient(service.url, "p", TokenAuth(TOKEN), pacer=VirtualTime().pacer()) as client:
        for secret, echo in echoes:
            reply = PLACES[place](echo)
            service.answer = lambda request, reply=reply: reply  # type: ignore[misc]
            outcome = run_tests(client, endpoints)
            (verdict,) = outcome.endpoints
            shown = [json.dumps(outcome.to_dict()), repr(outcome), verdict.line]
            for error in outcome.errors:
                shown += [str(error), repr(error), json.dumps(error.to_dict())]
                shown += traceback.TracebackException.from_exception(error, capture_locals=True).format()
            assert not verdict.passed
            assert not readable(" ".join(shown), secret), shown
            assert not readable(caplog.text, secret)
            caplog.clear()


def test_a_number_may_be_a_secret_too():
    shown = report({"results": [{"id": JOBS[0], "status": 20261126, "error_code": 20261126}]}, secrets=["20261126"])

    assert "20261126" not in json.dumps(shown.to_dict())


def test_what_steers_a_verdict_is_left_alone_even_if_somebody_uses_it_as_a_password():
    assert report(good(), secrets=["success", "results", "status", "00000001-2222"]).passed
    with pytest.raises(DrsError) as caught:
        answer({"error_code": "DRS.M00304", "error_msg": "state"}, status=400, secrets=["DRS.M00304"])
    assert caught.value.code == "DRS.M00304"


# time


def whatever(number: int) -> str:
    return f"{number:05}" + "".join(random.Random(number).choices(string.ascii_letters + "+/", k=45))  # noqa: S311


ESCAPED = "%26&amp;\\u0041\\x41\\101%2541&lt;"
FLOODS: dict[str, Callable[[int], str]] = {
    "short": whatever,
    "long": lambda number: whatever(number) * 10,
    "longer than is shown": lambda number: whatever(number) * 1000,
    "escaped": lambda number: f"{number:05}{ESCAPED}",
    "escaped and long": lambda number: f"{number:05}{ESCAPED * 20}",
    "clauses": lambda number: f"{number:05}" + "a,b,c,d,e," * 40,
    "near misses": lambda number: f"{number:05}" + "0-1-2-3-4-5-6-7-8-9-" * 20,
}


@pytest.mark.parametrize("count", [1, 50])
@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_of_texts_takes_bounded_work_and_what_is_not_looked_at_is_left_out_whole(flood, count):
    scrub = Scrubber(f"{number}-s3cr3t-{number:x}" for number in range(count))
    texts = [FLOODS[flood](number) for number in range(20_000)]
    shown = [scrub(text) for text in texts]

    assert scrub.comparisons <= MAX_COMPARISONS * 1.2
    assert shown[-1] == LEFT_OUT
    assert all(one == LEFT_OUT or text.startswith(one) for one, text in zip(shown, texts, strict=True))
    assert shown[0] == texts[0][:MAX_TEXT]


def test_a_real_answer_is_nowhere_near_the_bound():
    scrub = Scrubber([f"pa55-{number}-w0rd" for number in range(40)])
    for number in range(10):
        scrub(
            f"connection to 10.0.0.{number}:3306 failed: Access denied for user 'drs'@'10.0.0.1' (using password: YES)"
        )

    assert scrub.comparisons < MAX_COMPARISONS / 50


def test_of_two_secrets_one_of_which_begins_with_the_other_nothing_stays_visible():
    assert Scrubber(["hunter2", "hunter2xyz"])("no login with hunter2xyz today") == f"no login with {HIDDEN} today"


def test_seven_characters_of_a_long_secret_are_shown_and_eight_are_not():
    scrub = Scrubber(["kT9vQ2mXw8Zp4Rd7"])

    assert scrub("job kT9vQ2m failed") == "job kT9vQ2m failed"
    assert scrub("job kT9vQ2mX failed") == LEFT_OUT
