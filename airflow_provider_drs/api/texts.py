"""Text from outside, made fit for every log, database and channel that may carry it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MAX_TEXT = 500
"""Characters kept of a text that the service sent; an error page must not flood a log."""
_REPLACEMENT = "\ufffd"
_NO_LETTERS = re.compile(r"[\W_]+")


def short(value: object) -> str:
    """Return a value as Python writes it, cut to a few words."""
    return printable(repr(value), 40)


def bare_name(name: str) -> str:
    """Return the name of a member without what its spellings differ in: ``dbType`` and ``DB-TYPE`` are one."""
    return _NO_LETTERS.sub("", name.lower())


def printable(text: str, limit: int = MAX_TEXT) -> str:
    """Return a text as one line of printable characters.

    No line break, terminal escape, NUL or half of a surrogate pair survives: the first two forge lines in a log, the
    others cannot be stored by PostgreSQL or sent to Airflow.

    :param limit: characters that are kept at most.
    """
    # a bounded part, for the text may be megabytes
    head = text[: 4 * limit]
    if not head.isprintable():
        head = "".join(
            character if character.isprintable() else " " if character.isspace() else _REPLACEMENT for character in head
        )
        head = " ".join(head.split())
    return head[:limit]


def storable(value: Any) -> Any:
    """Return a value as plain JSON that every database and channel of Airflow can carry: no NUL, no surrogate."""
    if isinstance(value, str):
        return value.replace("\0", _REPLACEMENT).encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {storable(str(name)): storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value
