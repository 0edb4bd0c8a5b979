"""What a poll means for a watch: whether all jobs are there, what is news, and when the next poll is."""

from __future__ import annotations

import pytest
from samples import job_id

from airflow_provider_drs.api.errors import DrsPermissionError, DrsThrottledError, DrsUnavailableError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.watch import REFUSAL_PAUSE, Watch

A, B = job_id(1), job_id(2)
THERE, CREATING = JobStatus.CONFIGURATION, JobStatus.CREATING
PATIENCE = 600.0


def judged(watch, of_a, of_b=THERE):
    return watch.judge({A: of_a, B: of_b, job_id(3): CREATING}, now=0.0, patience=PATIENCE)


@pytest.fixture
def watch():
    return Watch([A, B], ["CONFIGURATION", "WAITING_FOR_START"])


@pytest.mark.parametrize(
    ("of_a", "there"),
    [
        (THERE, True),
        (JobStatus.WAITING_FOR_START, True),
        (CREATING, False),
        (JobStatus.DELETED, False),
        (JobStatus("NEW"), False),
        (DrsUnavailableError("down"), None),
        (DrsPermissionError("no"), None),
    ],
)
def test_all_jobs_are_there_or_not_and_an_error_does_not_tell(watch, of_a, there):
    sighting = judged(watch, of_a)

    assert (sighting.there, sighting.done) == (there, False)


def test_only_a_change_is_news(watch):
    down = [DrsUnavailableError("down", code="X.1", request_id=request_id) for request_id in ("r1", "r2")]
    polls = [CREATING, CREATING, *down, DrsUnavailableError("down", code="X.2"), CREATING, CREATING, THERE]

    creating = "1 of 2 jobs: CONFIGURATION; 1 of 2 jobs: CREATING"
    goes_on = "The watch goes on, although DRS did not tell the status of every job: "
    assert [judged(watch, each).news for each in polls] == [
        creating,
        "",
        f"{goes_on}X.1: down (request id r1)",
        "",
        f"{goes_on}X.2: down",
        f"DRS answers again: {creating}",
        "",
        "2 of 2 jobs: CONFIGURATION",
    ]


def test_after_a_fault_the_next_poll_is_soon_and_then_later_each_time_up_to_the_usual_pause(watch):
    assert watch.pause(9) == 9
    for _ in range(2):
        pauses = []
        for _ in range(5):
            judged(watch, DrsUnavailableError("down"))
            pauses.append(watch.pause(9))
        assert [least <= pause <= 1.25 * least for least, pause in zip([1, 2, 4, 8], pauses, strict=False)] == [
            True
        ] * 4
        assert pauses[-1] == 9
        judged(watch, THERE)
        assert watch.pause(9) == 9


@pytest.mark.parametrize(("named", "seconds"), [(0, 5), (30, 30), (7200, PATIENCE)])
def test_a_pause_that_drs_names_is_kept_within_the_patience_of_the_connection(watch, named, seconds):
    for _ in range(9):
        judged(watch, DrsThrottledError("slow", retry_after=named))

    assert watch.pause(5) == seconds


@pytest.mark.parametrize(("usual", "seconds"), [(1, REFUSAL_PAUSE), (3600, 3600)])
def test_while_drs_refuses_polls_are_rare(watch, usual, seconds):
    judged(watch, DrsPermissionError("no"))

    assert watch.pause(usual) == seconds
