"""Looks for canaries wherever an Airflow may have put something."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from canaries import Canary
from cryptography.fernet import Fernet

Place = tuple[str, bytes]
"""Where something was found, for people, and what it is."""


def in_database(file: Path, fernet_key: str) -> Iterator[Place]:
    """Yield every value of every column of every table, encrypted ones decrypted, and the file as it stands."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        database.text_factory = bytes
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            rows = database.execute(f'SELECT * FROM "{table.decode()}"')  # noqa: S608 - the database's own names
            columns = [column[0] for column in rows.description]
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    held = value if isinstance(value, bytes) else str(value).encode()
                    yield f"database {table.decode()}.{column}", _decrypted(held, fernet_key)
    # what was deleted stays in the file for a while
    for part in file.parent.glob(f"{file.name}*"):
        yield f"database file {part.name}", part.read_bytes()


def in_files(kind: str, folder: Path) -> Iterator[Place]:
    """Yield every file of a folder, at any depth."""
    for file in folder.rglob("*"):
        if file.is_file():
            yield f"{kind} {file.relative_to(folder)}", file.read_bytes()


def found(canaries: Iterable[Canary], places: Iterable[Place]) -> Mapping[str, set[str]]:
    """Return the places that hold a trace of each canary, by its name; those found nowhere are left out."""
    canary_of = {trace: canary.name for canary in canaries for trace in canary.traces()}
    any_trace = re.compile(b"|".join(map(re.escape, canary_of)))
    result: dict[str, set[str]] = {}
    for place, content in places:
        for hit in set(any_trace.findall(content)):
            result.setdefault(canary_of[hit], set()).add(place)
    return result


def _decrypted(held: bytes, fernet_key: str) -> bytes:
    text = held.strip(b'"')
    return Fernet(fernet_key).decrypt(text) if text.startswith(b"gAAAAA") else held
