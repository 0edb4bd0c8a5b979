"""Secrets that have to travel in clear: hidden from every ``repr``, and in all their spellings."""

from __future__ import annotations

import html
import json
from typing import Any
from urllib.parse import quote, quote_plus


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
    plain = json.dumps(secret)[1:-1]
    # Jinja's tojson
    markup = plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("'", "\\u0027")
    return {
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
