"""What the marker of a start says when Airflow's Variables fail."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_drs.api.errors import DrsStartFailedError
from airflow_provider_drs.operators import _marker
from airflow_provider_drs.operators._marker import StartMarker

CONTEXT: Any = {"ti": SimpleNamespace(dag_id="dag", run_id="run", task_id="start", map_index=-1)}


@pytest.mark.parametrize("kind", [ValueError, RuntimeError, KeyError])
def test_the_text_of_an_error_of_a_secrets_backend_is_not_repeated(monkeypatch, kind):
    class Backend:
        @staticmethod
        def get(key, default):
            raise kind("the token s.canary is refused")

    monkeypatch.setattr(_marker, "Variable", Backend)
    marker = StartMarker(CONTEXT)

    for use in (marker.read, lambda: marker.write([])):
        with pytest.raises(DrsStartFailedError, match=kind.__name__) as caught:
            use()
        assert "canary" not in str(caught.value)
