"""Types that hide secrets from every ``repr``, and the spellings of a secret in texts."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import quote, quote_plus, unquote

SHORTEST = 5
"""Minimum length, in characters, of a secret that is removed from texts; a shorter text may occur by chance.

Airflow's masker has the same minimum.
"""
_NEVER_ESCAPED = re.compile(r"[A-Za-z0-9_.~-]+")
# user:password@host, with or without a scheme; scheme://token@host; and ?password=...
_CREDENTIALS = (
    r"://[^\s:/@]*:(.+)@|://([^\s:/@]+)@|^[^\s:/@]+:(?!//)(\S+)@"
    r"|[?&][^=&]*(?:pass|pwd|token|secret|key|sign|cred)[^=&]*=([^&\s]+)"
)


class HiddenBytes(bytes):
    """Bytes whose ``repr`` and ``str`` show only their number, also in tracebacks and debug output."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"

    __str__ = __repr__


class HiddenText(str):
    """A text whose ``repr`` shows only its length, also in tracebacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} characters>"


class HiddenDict(dict[str, Any]):
    """A dict whose ``repr`` shows only its keys."""

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


class HiddenTuple(tuple[str, ...]):
    """A tuple whose ``repr`` shows only the number of its items."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} secrets>"


class Withheld(str):
    """A placeholder that is displayed instead of a secret value; no member accepts it as a value."""

    __slots__ = ()


WITHHELD = Withheld("***")


def spellings(secret: str) -> set[str]:
    """Return the spellings of a secret inside JSON, Python source, HTML and a URL, and the secret itself.

    :param secret: the text.
    """
    if _NEVER_ESCAPED.fullmatch(secret):
        return {secret}
    plain = json.dumps(secret)[1:-1]
    # as Jinja's filter tojson writes it
    markup = plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("'", "\\u0027")
    spelled = {
        secret,
        secret.strip(),
        plain,
        markup,
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        html.escape(secret),
        quote(secret, safe="", errors="surrogatepass"),
        quote_plus(secret, errors="surrogatepass"),
    }
    # A search for a spelling also finds every longer spelling that contains it, so the longer one is left out.
    long_enough = {spelling for spelling in spelled if len(spelling) >= SHORTEST}
    return {spelling for spelling in spelled if not any(other in spelling for other in long_enough - {spelling})}


def may_hold_credentials(text: str) -> bool:
    """Return whether :func:`credentials_in` may find something in a text, or in a part of it."""
    return "@" in text or "=" in text


def credentials_in(text: str) -> list[str]:
    """Return the secrets in a text that contains a URL with a credential: the whole text, and the credential.

    :param text: a text that should not be a URL, such as a host or a connection id.
    :return: empty when there is no credential in it.
    """
    if not may_hold_credentials(text):
        return []
    # compiled here: few texts come this far, and each worker imports this module
    found = re.finditer(_CREDENTIALS, text, re.IGNORECASE | re.DOTALL)
    credentials = [part for match in found for part in match.groups() if part]
    return [text, *credentials, *map(unquote, credentials)] if credentials else []
