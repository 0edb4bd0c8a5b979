"""What the emulator says of one endpoint, asked over its API."""

from __future__ import annotations

from typing import Any

from drs_calls import Drs, entry

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

PASSED = ("", "")


def verdict(**members: Any) -> tuple[str, str]:
    """Test one endpoint; give the code and the text of the refusal, or `PASSED`."""
    with Emulator(World(ready_after_polls=0)) as emulator:
        (result,) = Drs(emulator).connect(entry(**members))
    assert result["success"] is ("error_code" not in result)
    return PASSED if result["success"] else (result["error_code"], result["error_msg"])
