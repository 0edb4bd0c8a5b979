"""What the emulator logs is kept apart: of a thousand jobs it would drown the report of a failed test."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def emulator_log() -> Iterator[list[logging.LogRecord]]:
    """Keep one record for each answer of an emulator, refusals and all."""
    kept: list[logging.LogRecord] = []

    def keep(record: logging.LogRecord) -> bool:
        kept.append(record)
        return False

    log = logging.getLogger("airflow_provider_drs.emulator.app")
    log.addFilter(keep)
    log.setLevel(logging.INFO)
    yield kept
    log.setLevel(logging.NOTSET)
    log.removeFilter(keep)
