"""What dialling one endpoint comes to, without the emulator's API in between."""

from __future__ import annotations

from typing import Any

import pytest
from drs_calls import entry

from airflow_provider_drs.emulator.errors import RefusedError
from airflow_provider_drs.emulator.probes import dial

WRONG_ACCOUNT, FAILED = "DRS.KE0002", "DRS.M01501"


def refusal(timeout: float = 3.0, **members: Any) -> tuple[str, str]:
    """Dial an endpoint that does not pass; give the code and the text."""
    with pytest.raises(RefusedError) as caught:
        dial(entry(**members), timeout)
    return caught.value.code, caught.value.text
