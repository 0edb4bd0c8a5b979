"""The pytest fixture ``drs_emulator``, for the tests of DAGs.

Every pytest run loads this module wherever the package is installed, so it imports pytest only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from airflow_provider_drs.emulator.rehearsal import RehearsalEmulator


@pytest.fixture
def drs_emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[RehearsalEmulator]:
    """A local DRS, which the Airflow connection ``drs_default`` points at for the time of one test."""
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
        yield emulator
