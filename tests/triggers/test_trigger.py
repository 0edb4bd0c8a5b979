"""What is kept of a trigger while it waits."""

from __future__ import annotations

import json
import math
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import job_id

from airflow_provider_drs.triggers.drs import DrsJobStatusTrigger


def test_a_trigger_comes_back_from_storage_as_it_was():
    given: dict[str, Any] = {
        "job_ids": [job_id(1), job_id(2)],
        "target_statuses": ["CONFIGURATION", "WAITING_FOR_START"],
        "drs_conn_id": "drs_staging",
        "project_id": "a-project",
        "poke_interval": 7.5,
        "exponential_backoff": True,
        "max_wait": 600.0,
        "silent_fail": True,
        "partial": True,
    }

    path, arguments = DrsJobStatusTrigger(**given).serialize()

    assert json.loads(json.dumps(arguments)) == given
    module, _, name = path.rpartition(".")
    again = getattr(import_module(module), name)(**arguments)
    assert again.serialize() == (path, arguments)


def test_a_trigger_stored_by_an_earlier_release_is_still_understood():
    stored: dict[str, Any] = {
        "job_ids": [job_id(1)],
        "target_statuses": ["CONFIGURATION"],
        "drs_conn_id": "drs_default",
        "project_id": None,
        "poke_interval": 60,
    }

    assert DrsJobStatusTrigger(**stored).serialize()[1].items() >= {**stored, "partial": False}.items()


@given(interval=st.floats(0, 86_400), polls=st.integers(1, 10**9))
def test_a_pause_that_doubles_is_a_second_at_least_and_stays_a_number_however_long_the_wait(interval, polls):
    pause = DrsJobStatusTrigger([job_id(1)], poke_interval=interval, exponential_backoff=True)._pause(polls)

    assert 1 <= pause < math.inf
    assert pause >= min(interval * 2 ** min(polls - 1, 30), 86_400)


@pytest.mark.parametrize("interval", [0.25, 10.0, 3600.0])
def test_a_pause_is_never_longer_than_the_longest_that_is_allowed(interval):
    trigger = DrsJobStatusTrigger([job_id(1)], poke_interval=interval, exponential_backoff=True, max_wait=1800)

    assert max(trigger._pause(polls) for polls in range(1, 100)) == 1800
