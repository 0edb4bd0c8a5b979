"""What a service says, without the secrets that it was sent, whole or in part, as they are or encoded."""

from __future__ import annotations

import html
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NoReturn
from urllib.parse import unquote_plus

from airflow_provider_drs.api.secrets import SHORTEST, spellings
from airflow_provider_drs.api.texts import MAX_TEXT, printable

LONGEST_PART = 8
"""Characters of a secret that are never shown, however long the rest is."""
LEFT_OUT = "(left out: it may repeat a secret)"

# so that a weak password such as "mysql-password" does not hide why a login failed
_PLAIN_WORDS = re.compile(
    r"\b(access|address|authentication|certificate|closed|connect|connection|database|denied|error|failed|gaussdb|host"
    r"|identified|instance|invalid|kafka|listener|login|mariadb|mongo|mongodb|mysql|oracle|passwd|password|permission"
    r"|postgres|postgresql|private|public|redis|refused|reset|server|service|source|success|system|target|timeout|token"
    r"|unknown|user|username|using|wrong)\b"
)
_BORDER = re.compile(r"[,;:(\n]")
_HEXADECIMAL = re.compile(r"[0-9a-f-]{8,64}")
_BACKSLASHED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{3})|(.))", re.DOTALL)
_NO_MATTER = re.compile(r"[\s\\'\"\x00-\x1f\x7f]+")


class Scrubber:
    """Takes the secrets of a call out of the texts of its answer.

    A secret in a known spelling becomes ``***``. A text that seems to hold a part of one, or one in an encoding, is
    left out but for its first clause, because nobody can tell what else of it is secret.

    :param secrets: those of the request; one of fewer than 5 characters is left alone, as Airflow does.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = [secret for secret in set(secrets) if len(secret) >= SHORTEST]
        self._known: dict[tuple[str, int], str] = {}

    def __call__(self, text: str, limit: int = MAX_TEXT) -> str:
        """Return a text without secrets, as one line of printable characters.

        :param limit: characters that are kept at most.
        """
        key = text, limit
        if key not in self._known:
            self._known[key] = self._scrubbed(text[: 4 * limit], limit)
        return self._known[key]

    def _scrubbed(self, text: str, limit: int) -> str:
        # a request id, which is in every answer; all parts of a long token would take longer than the call
        harmless = _HEXADECIMAL.fullmatch(text) and not any(
            text[start : start + LONGEST_PART] in secret.casefold()
            for secret in self._secrets
            for start in range(len(text) - LONGEST_PART + 1)
        )
        if harmless or not self._secrets:
            return printable(text, limit)
        for way in self._spelled:
            text = text.replace(way, "***")
        if not self._holds_part(text):
            return printable(text, limit)
        # services name the reason first, and repeat what they were sent after it
        reason = next((text[: border.end()] for border in _BORDER.finditer(text)), "")
        kept = "" if self._holds_part(reason) else printable(reason, limit - len(LEFT_OUT) - 1)
        return f"{kept} {LEFT_OUT}".strip()

    def _holds_part(self, text: str) -> bool:
        for form in _decoded(text):
            plain = _squeezed(_PLAIN_WORDS.sub("\0", form.casefold()))
            for size, parts in self._parts.items():
                if any(plain[start : start + size] in parts for start in range(len(plain) - size + 1)):
                    return True
        return False

    @cached_property
    def _spelled(self) -> list[str]:
        spelled = {way for secret in self._secrets for way in spellings(secret)}
        # the longest first, for one may be part of another
        return sorted(filter(None, spelled), key=len, reverse=True)

    @cached_property
    def _parts(self) -> dict[int, set[str]]:
        """All parts of the secrets that are long enough, by their length."""
        parts: dict[int, set[str]] = {}
        for secret in self._secrets:
            for form in map(_squeezed, _encoded(secret)):
                size = max(SHORTEST, min(LONGEST_PART, len(form) // 2))
                parts.setdefault(size, set()).update(
                    form[start : start + size] for start in range(len(form) - size + 1)
                )
        return parts

    def __reduce__(self) -> NoReturn:
        raise TypeError("it holds secrets, which are not pickled")


def _squeezed(text: str) -> str:
    """Return a text without what a line break, a quote or an escape may have put into it; a NUL stays a border."""
    return "\0".join(_NO_MATTER.sub("", piece).casefold() for piece in text.split("\0"))


def _encoded(secret: str) -> Iterator[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    yield secret.replace("\0", "")
    yield raw.hex()
    for shift in range(3):
        # however many bytes come before the secret; the ends are left off, for they depend on its neighbours
        yield b64encode(b"\0" * shift + raw).decode().rstrip("=")[shift and shift + 1 : -1]
    yield secret[::-1].replace("\0", "")


def _decoded(text: str) -> set[str]:
    forms = {text, text.replace("-", "+").replace("_", "/")}
    for _ in range(2):
        forms |= {way(form) for form in forms for way in (unquote_plus, html.unescape, _without_backslashes)}
    return forms


def _without_backslashes(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        four, two, octal, other = match.groups()
        if four or two:
            return chr(int(four or two, 16))
        return chr(int(octal, 8)) if octal else {"n": "\n", "t": "\t", "r": "\r"}.get(other, other)

    return _BACKSLASHED.sub(character, text)
