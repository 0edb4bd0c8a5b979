"""The pytest fixture ``drs_emulator``, for the tests of DAGs.

Every pytest run loads this module wherever the package is installed, so it imports pytest only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from airflow_provider_drs.emulator.rehearsal import RehearsalEmulator


@pytest.fixture
def drs_emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[RehearsalEmulator]:
    """A local DRS; for the time of one test, every Airflow connection to DRS leads to it and nowhere else."""
    try:
        from airflow_provider_drs.emulator.rehearsal import RehearsalEmulator
    except ModuleNotFoundError as missing:
        package = str(missing.name).partition(".")[0]
        pytest.fail(
            f"The fixture drs_emulator needs {package}: pip install 'airflow-provider-drs[emulator]'", pytrace=False
        )
    emulator = RehearsalEmulator()
    with emulator:
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", emulator.connection_json)
        # Airflow asks a secrets backend first, and that may know the real DRS
        monkeypatch.setattr("airflow_provider_drs.hooks.drs.read_connection", _connections_to(emulator))
        yield emulator


def _connections_to(emulator: RehearsalEmulator) -> Callable[[str], Any]:
    from airflow.providers.common.compat.sdk import Connection

    def get_connection(conn_id: str) -> Connection:
        fields = json.loads(emulator.connection_instead_of(os.environ.get(f"AIRFLOW_CONN_{conn_id.upper()}", "")))
        extra = fields.pop("extra", None)
        # not Connection.from_json, which Airflow 3.0 and 3.1 do not have
        return Connection(conn_id=conn_id, **fields, extra=extra if isinstance(extra, str) else json.dumps(extra or {}))

    return get_connection
