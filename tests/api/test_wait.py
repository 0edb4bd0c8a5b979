"""What a look means for whoever waits."""

from __future__ import annotations

import pytest

from airflow_provider_drs.api.errors import DrsCredentialError, DrsJobStateError, DrsUnavailableError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.wait import Wait

BUSY = DrsUnavailableError("busy", code="DRS.M00004", http_status=500, request_id="r-5")


def statuses(**found):
    return {job: JobStatus(status) for job, status in found.items()}


def test_it_is_done_when_every_job_is_in_a_target_status():
    wait = Wait(["a", "b"], ["CONFIGURATION", "WAITING_FOR_START"])

    assert not wait.judge(statuses(a="CREATING", b="CONFIGURATION", other="CREATING"), 0, 600).done
    look = wait.judge(statuses(a="WAITING_FOR_START", b="CONFIGURATION"), 1, 600)

    assert look.done
    assert look.statuses == {"a": "WAITING_FOR_START", "b": "CONFIGURATION"}


def test_only_what_changed_is_news():
    wait = Wait(["a", "b"], ["CONFIGURATION"])

    told = [
        wait.judge(found, 0, 600).news
        for found in [
            statuses(a="CREATING", b="CREATING"),
            statuses(a="CREATING", b="CREATING"),
            statuses(a="CREATING", b="CONFIGURATION"),
            {"a": BUSY, "b": BUSY},
            {"a": BUSY, "b": BUSY},
            statuses(a="CREATING", b="NEW_ONE"),
        ]
    ]

    assert told == [
        "2 of 2 jobs: CREATING",
        "",
        "1 of 2 jobs: CONFIGURATION; 1 of 2 jobs: CREATING",
        f"The wait goes on, although DRS could not be asked: {BUSY}",
        "",
        "DRS answers again: 1 of 2 jobs: CREATING; 1 of 2 jobs: NEW_ONE (a status this package does not know)",
    ]


@pytest.mark.parametrize(
    ("usual", "named", "faults", "least", "most"),
    [
        (300, None, 0, 300, 300),
        (300, None, 1, 1, 1.25),
        (300, None, 4, 8, 10),
        (300, None, 30, 60, 75),
        (2, None, 30, 2, 2),
        (2, 50, 1, 50, 50),
        (300, 50, 1, 50, 50),
        (2, 86_400, 1, 100, 100),
    ],
    ids=["no fault", "first", "fourth", "later", "short", "named", "named, and sooner", "named, and beyond patience"],
)
def test_after_a_fault_the_next_look_comes_sooner_but_not_before_the_time_that_drs_names(
    usual, named, faults, least, most
):
    wait = Wait(["a"], ["CONFIGURATION"], forever=True)
    for _ in range(faults):
        fault = DrsUnavailableError("busy", code=None, http_status=503, request_id=None, retry_after=named)
        wait.judge({"a": fault}, 0, 100)

    assert least <= wait.pause(usual) <= most
    wait.judge(statuses(a="CREATING"), 0, 100)
    assert wait.pause(usual) == usual


def test_a_lasting_fault_ends_the_wait_with_what_was_seen_last():
    wait = Wait(["a"], ["CONFIGURATION"])
    wait.judge(statuses(a="CREATING"), 0, 600)
    for now in (60, 120, 659):
        assert wait.judge({"a": BUSY}, now, 600).fault is BUSY

    with pytest.raises(DrsUnavailableError) as caught:
        wait.judge({"a": BUSY}, 660, 600)

    assert str(caught.value) == (
        "DRS.M00004: busy (HTTP 500, request id r-5) The fault has lasted for 600 s. Seen last: 1 of 1 jobs: CREATING."
    )
    assert BUSY.hint is None, "others are told of the same fault"


def test_a_fault_that_passed_does_not_count_towards_the_next():
    wait = Wait(["a"], ["CONFIGURATION"])

    for now in range(0, 6000, 500):
        wait.judge({"a": BUSY}, now, 600)
        wait.judge(statuses(a="CREATING"), now + 400, 600)


def test_without_patience_the_first_fault_is_the_last():
    with pytest.raises(DrsUnavailableError, match="Nothing was seen before"):
        Wait(["a"], ["CONFIGURATION"]).judge({"a": BUSY}, 0, 0)


def test_what_no_waiting_heals_ends_the_wait_at_once():
    with pytest.raises(DrsCredentialError):
        Wait(["a"], ["CONFIGURATION"]).judge({"a": DrsCredentialError("stale")}, 0, 600)
    with pytest.raises(DrsJobStateError, match="a is CREATE_FAILED"):
        Wait(["a", "b"], ["CONFIGURATION"]).judge({"a": JobStatus("CREATE_FAILED"), "b": BUSY}, 0, 600)
