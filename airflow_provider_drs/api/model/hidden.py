"""Secrets that have to travel in clear: hidden from every ``repr``, and in all their spellings."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import quote, quote_plus, unquote

SHORTEST = 5
"""Characters from which on a secret is taken out of texts, as Airflow does it; a shorter one occurs by chance."""
_NEVER_ESCAPED = re.compile(r"[A-Za-z0-9_.~-]+")
# user:password@host, with a scheme or without; token@host with one; and ?password=...
_CREDENTIALS = re.compile(
    r"://[^\s:/@]*:(.+)@|://([^\s:/@]+)@|^[^\s:/@]+:(?!//)(\S+)@"
    r"|[?&][^=&]*(?:pass|pwd|token|secret|key|sign|cred)[^=&]*=([^&\s]+)",
    re.IGNORECASE | re.DOTALL,
)


class HiddenBytes(bytes):
    """Bytes whose ``repr`` tells only how many they are, so that no traceback or debug output shows them."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"

    __str__ = __repr__


class HiddenText(str):
    """A text whose ``repr`` shows nothing of it, so that no traceback does."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} characters>"


class HiddenDict(dict[str, Any]):
    """A dict whose ``repr`` tells only its keys."""

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


class HiddenTuple(tuple[str, ...]):
    """A tuple whose ``repr`` tells only how many items it has."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} secrets>"


def spellings(secret: str) -> set[str]:
    """Return the ways in which a secret is written where text holds other text: JSON, Python, HTML, a URL."""
    if _NEVER_ESCAPED.fullmatch(secret):
        return {secret}
    plain = json.dumps(secret)[1:-1]
    # Jinja's tojson
    markup = plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("'", "\\u0027")
    spelled = {
        secret,
        secret.strip(),
        plain,
        markup,
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        html.escape(secret),
        quote(secret, safe=""),
        quote_plus(secret),
    }
    # where a longer one is found, so is the shorter one within it, and searching takes time for each
    looked_for = {way for way in spelled if len(way) >= SHORTEST}
    return {way for way in spelled if not any(other in way for other in looked_for - {way})}


def credentials_in(text: str) -> list[str]:
    """Return what is secret in a text that is a URL with a credential, where something else was to be: all of it."""
    if "@" not in text and "=" not in text:
        # nearly always, and a thousand waits send a thousand job ids a round
        return []
    credentials = [part for match in _CREDENTIALS.finditer(text) for part in match.groups() if part]
    return [text, *credentials, *map(unquote, credentials)] if credentials else []
