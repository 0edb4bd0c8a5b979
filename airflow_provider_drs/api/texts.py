"""Make text from outside safe for logs, databases and Airflow's channels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MAX_TEXT = 500
"""Maximum length of a text from the service, in characters; an error page must not flood a log."""
LEFT_OUT = "(left out: it may repeat a secret)"
"""Stands in place of a text, or of its end, that may contain a secret."""
_REPLACEMENT = "\ufffd"


def short(value: object) -> str:
    """Return the ``repr`` of a value as one line of at most 40 printable characters.

    :param value: anything.
    """
    return printable(repr(value), 40)


def bare_name(name: str) -> str:
    """Return a name without case and punctuation: ``dbType`` and ``DB-TYPE`` become the same.

    :param name: the name of a member.
    """
    # compiled at the first use: each DAG file that is parsed imports this module
    return re.sub(r"[\W_]+", "", name.lower())


def printable(text: str, limit: int = MAX_TEXT) -> str:
    """Return a text as one line of printable characters.

    Line breaks, terminal escapes, NULs and lone surrogates are replaced. The first two can forge lines in a log;
    PostgreSQL cannot store the others, and Airflow cannot send them.

    :param text: any text.
    :param limit: maximum length of the result, in characters.
    """
    # Only the beginning is processed: the text may have megabytes.
    head = text[: 4 * limit]
    if not head.isprintable():
        head = "".join(
            character if character.isprintable() else " " if character.isspace() else _REPLACEMENT for character in head
        )
        head = " ".join(head.split())
    return head[:limit]


def fits_a_header(text: str) -> bool:
    """Return whether a text may be a token or a key in a header: no blank, no line break, only ASCII, and not empty.

    :param text: any text.
    """
    return text.isascii() and text.isprintable() and " " not in text and text != ""


def storable(value: Any) -> Any:
    """Return plain JSON without NULs and lone surrogates, which some databases and channels of Airflow cannot carry.

    :param value: JSON as Python objects.
    """
    if isinstance(value, str):
        return value.replace("\0", _REPLACEMENT).encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {storable(str(name)): storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value
