"""Searches the database, logs and answers of an Airflow for canaries."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from canaries import Canary
from cryptography.fernet import Fernet

Place = tuple[str, bytes]
"""The name of a place in a form for people, and its content."""


def in_database(file: Path, fernet_key: str) -> Iterator[Place]:
    """Yield every value of every table, decrypted if it is encrypted, and the bytes of the database files."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        database.text_factory = bytes
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            rows = database.execute(f'SELECT * FROM "{table.decode()}"')  # noqa: S608 - the database's own names
            columns = [column[0] for column in rows.description]
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    content = value if isinstance(value, bytes) else str(value).encode()
                    yield f"database {table.decode()}.{column}", _decrypted(content, fernet_key)
    # SQLite leaves deleted rows in the file for a while
    for part in file.parent.glob(f"{file.name}*"):
        yield f"database file {part.name}", part.read_bytes()


def in_files(kind: str, folder: Path) -> Iterator[Place]:
    """Yield every file of a folder and its subfolders."""
    for file in folder.rglob("*"):
        if file.is_file():
            yield f"{kind} {file.relative_to(folder)}", file.read_bytes()


def places_of(canaries: Iterable[Canary], places: Iterable[Place]) -> Mapping[str, set[str]]:
    """Return the places that hold a trace of each canary, by the canary's name. A canary without places is left out."""
    canary_of = {trace: canary.name for canary in canaries for trace in canary.traces()}
    any_trace = re.compile(b"|".join(map(re.escape, canary_of)))
    result: dict[str, set[str]] = {}
    for place, content in places:
        for hit in set(any_trace.findall(content)):
            result.setdefault(canary_of[hit], set()).add(place)
    return result


def _decrypted(content: bytes, fernet_key: str) -> bytes:
    text = content.strip(b'"')
    return Fernet(fernet_key).decrypt(text) if text.startswith(b"gAAAAA") else content
