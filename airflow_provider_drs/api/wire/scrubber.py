"""What a service says, without the secrets that it was sent, whole or in part, as they are or encoded."""

from __future__ import annotations

import html
import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import NoReturn
from urllib.parse import unquote_plus

from airflow_provider_drs.api.model.hidden import SHORTEST, HiddenTuple, spellings
from airflow_provider_drs.api.texts import MAX_TEXT, printable

LONGEST_PART = 8
"""Characters of a secret that are never shown, however long the rest is."""
HIDDEN = "***"
LEFT_OUT = "(left out: it may repeat a secret)"

# so that a weak password such as "mysql-password" does not hide why a login failed
_PLAIN_WORDS = re.compile(
    r"(?<![^\W_])(?:access|address|admin|authentication|certificate|closed|connect|connection|database|denied|error|failed"
    r"|gaussdb|host|huawei|identified|instance|invalid|kafka|listener|login|mariadb|mongo|mongodb|mysql|oracle|passwd|password"
    r"|permission|postgres|postgresql|private|public|redis|refused|reset|server|service|source|success|system|target"
    r"|timeout|token|unknown|user|username|using|wrong)(?![^\W_])"
)
_QUOTED = re.compile(r"=([0-9a-fA-F]{2})")
_BORDER = re.compile(r"[,;:(\n]")
_CLAUSES = 5
_SHORT = 64
"""Characters of a text, such as a request id, up to which its parts are sought in the secrets and not the reverse."""
FEW = 20_000
"""Comparisons after which all parts of the secrets are laid out even for short texts, for there are many of them."""
MAX_COMPARISONS = 4_000_000
"""Comparisons of an answer, a second's worth; a real one takes some ten thousand. Then every text is left out."""
_BACKSLASHED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{3})|(.))", re.DOTALL)
# what a line break, a quote, an escape or another charset may have put into it
_NO_MATTER = re.compile(r"[\s\\'\"\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]+")
_URL_SAFE = str.maketrans("-_", "+/")


class Scrubber:
    """Takes the secrets of a call out of the texts of its answer.

    A secret in a known spelling becomes ``***``. A text that seems to hold a part of one, or one in an encoding, is
    left out but for its first clauses, because nobody can tell what else of it is secret.

    :param secrets: those of the request; one of fewer than 5 characters is left alone, as Airflow does.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = HiddenTuple(secret for secret in set(secrets) if len(secret) >= SHORTEST)
        self._known: dict[tuple[str, int], str] = {}
        self.comparisons = 0
        """How many there were, as a measure of the time that they took."""

    def __call__(self, text: str, limit: int = MAX_TEXT) -> str:
        """Return a text without secrets, as one line of printable characters.

        :param limit: characters that are kept at most.
        """
        if len(text) < SHORTEST or not self._secrets:
            return printable(text, limit)
        key = text, limit
        if key not in self._known:
            self._known[key] = self._scrubbed(text[: 4 * limit], limit)
        return self._known[key]

    def _scrubbed(self, text: str, limit: int) -> str:
        if self.comparisons > MAX_COMPARISONS:
            return LEFT_OUT
        # a token is longer than nearly all texts, and its spellings would take as long as the call
        if any(len(secret.strip()) <= len(text) for secret in self._secrets):
            self.comparisons += len(self._spelled)
            for way in self._spelled:
                text = text.replace(way, HIDDEN)
        if not self._holds_part(text):
            return printable(text, limit)
        # services name the reason first, and repeat what they were sent after it
        reason = ""
        for border in islice(_BORDER.finditer(text), _CLAUSES):
            if self._holds_part(text[: border.end()]):
                break
            reason = text[: border.end()]
        return f"{printable(reason, limit - len(LEFT_OUT) - 1)} {LEFT_OUT}".strip()

    def _holds_part(self, text: str) -> bool:
        haystacks = self._forms if len(text) <= _SHORT and self.comparisons < FEW else self._parts
        for reading in _readings(text):
            marked = _squeezed(_PLAIN_WORDS.sub(lambda word: word[0].upper(), reading.casefold()))
            plain = marked.lower()
            self.comparisons += (len(reading) + 1) * (len(haystacks) + 1)
            for size, haystack in haystacks:
                if isinstance(haystack, str) and not _may_hold_part(plain, size, haystack):
                    continue
                for start in range(len(plain) - size + 1):
                    if plain[start : start + size] in haystack:
                        part = marked[start : start + size]
                        if not (part.isalpha() and part.isupper()):  # more than a plain word
                            return True
        return False

    @cached_property
    def _spelled(self) -> list[str]:
        spelled = {way for secret in self._secrets for way in spellings(secret)}
        # the longest first, for one may be part of another
        return sorted(filter(None, spelled), key=len, reverse=True)

    @cached_property
    def _forms(self) -> list[tuple[int, str]]:
        """Every secret in every encoding, and how many characters of that are too many."""
        return [form for secret in self._secrets for form in _encoded(secret)]

    @cached_property
    def _parts(self) -> list[tuple[int, set[str]]]:
        """All parts of the secrets that are long enough, by their length."""
        parts: dict[int, set[str]] = {}
        for size, form in self._forms:
            parts.setdefault(size, set()).update(form[start : start + size] for start in range(len(form) - size + 1))
        return list(parts.items())

    def __reduce__(self) -> NoReturn:
        raise TypeError("it holds secrets, which are not pickled")


def _may_hold_part(text: str, size: int, form: str) -> bool:
    """Return false when no ``size`` characters in a row of a text are in a form.

    A token has thousands of characters, so a few searches for shorter parts come before one for each character.
    """
    # every run of that size holds one of these parts whole
    half = size // 2
    return any(text[start : start + half] in form for start in range(0, len(text) - half + 1, size - half + 1))


def _squeezed(text: str) -> str:
    return _NO_MATTER.sub("", text).translate(_URL_SAFE)


def _encoded(secret: str) -> Iterator[tuple[int, str]]:
    size = max(SHORTEST, min(LONGEST_PART, len(secret) // 2))
    plain = _squeezed(secret.casefold())
    if len(plain) < len(secret):
        windows = (secret[start : start + size] for start in range(len(secret) - size + 1))
        size = max(SHORTEST, min(len(_squeezed(window)) for window in windows))
    raw = secret.encode("utf-8", "surrogatepass")
    yield size, plain
    yield size, plain[::-1]
    yield LONGEST_PART, raw.hex()
    for shift in range(3):
        # however many bytes come before the secret; the ends are left off, for they depend on its neighbours
        yield size, b64encode(b"\0" * shift + raw).decode().rstrip("=")[shift and shift + 1 : -1].casefold()
    if not secret.isascii():
        yield size, _squeezed(_undecorated(secret).casefold())
        # as it looks when somebody took its charset for another
        yield size, re.sub(r"[^\x00-\x7f]", "", plain)
        yield size, _squeezed(raw.decode("latin-1").casefold())


def _readings(text: str) -> set[str]:
    """Return a text as it is and as whoever undoes its escapes, up to three times, reads it."""
    readings = {text}
    for _ in range(3):
        more = {way(one) for one in readings for way in (unquote_plus, html.unescape, _without_backslashes, _unquoted)}
        if more <= readings:
            break
        readings |= more
    return readings | {_undecorated(one) for one in readings if not one.isascii()}


def _undecorated(text: str) -> str:
    """Return the letters of a text as anybody reads them: without accents, and none of them of full width."""
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))


def _unquoted(text: str) -> str:
    """Return a quoted-printable text as it is read."""
    return _QUOTED.sub(lambda byte: chr(int(byte[1], 16)), text)


def _without_backslashes(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        four, two, octal, other = match.groups()
        if four or two:
            return chr(int(four or two, 16))
        return chr(int(octal, 8)) if octal else {"n": "\n", "t": "\t", "r": "\r"}.get(other, other)

    return _BACKSLASHED.sub(character, text)
