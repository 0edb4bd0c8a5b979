"""Keeps exchanges as files that hold nothing but what may be told; tests can replay them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from airflow_provider_drs.api.errors import DrsError, DrsInputError
from airflow_provider_drs.api.wire.answers import read_answer
from airflow_provider_drs.api.wire.scrubber import Scrubber
from airflow_provider_drs.livecheck.client import Exchange
from airflow_provider_drs.livecheck.redaction import Redactor

SCHEMA = 1
"""Version of the members of a record."""


def prepare(folder: Path) -> None:
    """Make the folder for the records.

    :raises DrsInputError: when it cannot be made, or is not empty.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        empty = not any(folder.iterdir())
    except OSError as error:
        raise DrsInputError([f"--record: the folder cannot be used: {error.strerror}"]) from None
    if not empty:
        raise DrsInputError(["--record: the folder must be new or empty"])


def write(folder: Path, exchanges: Sequence[Exchange], redactor: Redactor) -> None:
    """Write one file for each exchange, numbered in their order.

    :param folder: an empty folder.
    """
    for number, record in enumerate(_records(exchanges, redactor), 1):
        text = json.dumps(record, indent=2) + "\n"
        (folder / f"{number:03d}-{record['operation']}.json").write_text(text, encoding="utf-8")


def _read_as(exchange: Exchange) -> str:
    """Return ``good``, or the kind of error that the client takes an answer for."""
    if exchange.answer is None:
        return type(exchange.error).__name__
    try:
        read_answer(exchange.operation, exchange.answer, Scrubber(()))
    except DrsError as error:
        return type(error).__name__
    return "good"


def _records(exchanges: Sequence[Exchange], redactor: Redactor) -> Iterator[dict[str, Any]]:
    for exchange in exchanges:
        answer = exchange.answer
        kept = answer and {
            "status": answer.status,
            "headers": redactor.headers(answer.headers),
            "bytes": len(answer.body),
            "body": redactor.told(redactor.body(exchange.body)) if exchange.body else None,
        }
        yield {
            "schema": SCHEMA,
            "operation": exchange.operation.name,
            "request": redactor.told(redactor.body(json.loads(exchange.data))) if exchange.data else None,
            "answer": kept,
            "read_as": _read_as(exchange),
            "seconds": exchange.seconds,
        }
