"""What a look means for whoever waits."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_drs.api.errors import (
    DrsCredentialError,
    DrsError,
    DrsJobsRefusedError,
    DrsJobStateError,
    DrsPermissionError,
    DrsUnavailableError,
)
from airflow_provider_drs.api.model.job_status import JobStatus, Phase
from airflow_provider_drs.api.wait import Wait

REQUEST = itertools.count()
BUSY = DrsUnavailableError("busy", code="DRS.M00004", http_status=500, request_id="r-5")


def statuses(**actual):
    return {job: JobStatus(status) for job, status in actual.items()}


def refused(job):
    """Return the error in the place of a job that DRS refuses by itself; each answer has its own request id."""
    return DrsJobsRefusedError(
        f"DRS has no status for {job} (deleted)",
        jobs={job: "DRS.M05004: deleted"},
        code="DRS.M05004",
        http_status=400,
        request_id=f"r-{next(REQUEST)}",
        hint="Create it again.",
    )


def partial_wait(*jobs, targets=("CONFIGURATION",)):
    return Wait(jobs, targets, partial=True)


def test_it_is_done_when_every_job_is_in_a_target_status():
    wait = Wait(["a", "b"], ["CONFIGURATION", "WAITING_FOR_START"])

    assert not wait.judge(statuses(a="CREATING", b="CONFIGURATION", other="CREATING"), 0, 600).done
    look = wait.judge(statuses(a="WAITING_FOR_START", b="CONFIGURATION"), 1, 600)

    assert look.done
    assert look.statuses == {"a": "WAITING_FOR_START", "b": "CONFIGURATION"}


def test_only_what_changed_is_news():
    wait = Wait(["a", "b"], ["CONFIGURATION"])

    actual = [
        wait.judge(actual, 0, 600).news
        for actual in [
            statuses(a="CREATING", b="CREATING"),
            statuses(a="CREATING", b="CREATING"),
            statuses(a="CREATING", b="CONFIGURATION"),
            {"a": BUSY, "b": BUSY},
            {"a": BUSY, "b": BUSY},
            statuses(a="CREATING", b="NEW_ONE"),
        ]
    ]

    assert actual == [
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
    assert BUSY.hint is None, "other waits get the same error"


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


def test_the_error_for_a_lost_job_says_where_every_other_one_is():
    wait = Wait(["a", "b", "c", "d", "e"], ["CONFIGURATION"])
    poll = statuses(a="CREATING", b="CREATE_FAILED", c="CONFIGURATION", e="DELETED") | {"d": BUSY}

    with pytest.raises(DrsJobStateError) as caught:
        wait.judge(poll, 0, 600)

    assert str(caught.value) == (
        "1 of 5 jobs is in CONFIGURATION. b is CREATE_FAILED and can no longer reach it. "
        "e is DELETED and can no longer reach it. a is CREATING. d is in an unknown status."
    )
    assert caught.value.jobs == {"b": "CREATE_FAILED", "e": "DELETED"}
    assert caught.value.targets == ["CONFIGURATION"]


def test_a_partial_wait_goes_on_until_each_job_is_there_or_lost():
    wait = partial_wait("a", "b", "c")
    lost = statuses(b="CREATE_FAILED") | {"c": refused("c")}

    assert not wait.judge(statuses(a="CREATING") | lost, 0, 600).done
    assert not wait.judge(statuses(a="NEVER_HEARD_OF") | lost, 1, 600).done
    assert not wait.judge({"a": BUSY} | lost, 2, 600).done
    last = wait.judge(statuses(a="CONFIGURATION") | lost, 3, 600)

    assert last.done
    assert last.statuses == {"a": "CONFIGURATION", "b": "CREATE_FAILED"}


def test_a_partial_wait_names_a_lost_job_once_with_the_reason_even_during_a_fault():
    wait = partial_wait("a", "b", "c")

    news = [
        wait.judge(poll, 0, 600).news
        for poll in [
            statuses(a="CREATING", b="CREATING", c="CREATING"),
            {"a": BUSY, "b": BUSY, "c": refused("c")},
            {"a": BUSY, "b": BUSY, "c": refused("c")},
            statuses(a="CREATING", b="CREATE_FAILED") | {"c": refused("c")},
            statuses(a="CREATING", b="CREATE_FAILED") | {"c": refused("c")},
            statuses(a="CONFIGURATION", b="CREATE_FAILED") | {"c": refused("c")},
        ]
    ]

    assert news[0] == "3 of 3 jobs: CREATING"
    assert news[1].startswith("DRS.M05004: DRS has no status for c (deleted) (HTTP 400, request id r-")
    assert news[1].endswith(f" Create it again. The wait goes on, although DRS could not be asked: {BUSY}")
    assert news[2:] == [
        "",
        "DRS answers again: 1 of 3 jobs: CREATE_FAILED; 1 of 3 jobs: CREATING. "
        "b is CREATE_FAILED and can no longer reach CONFIGURATION.",
        "",
        "1 of 3 jobs: CONFIGURATION; 1 of 3 jobs: CREATE_FAILED",
    ]


def test_a_lost_job_that_is_deleted_is_named_again_because_its_status_is_gone():
    wait = partial_wait("a", "b")
    wait.judge(statuses(a="CREATING", b="CREATE_FAILED"), 0, 600)

    assert (
        "DRS.M05004: DRS has no status for b" in wait.judge(statuses(a="CREATING") | {"b": refused("b")}, 1, 600).news
    )


@pytest.mark.parametrize(
    ("poll", "error"),
    [
        (lambda: {"a": refused("a"), "b": refused("b")}, DrsJobsRefusedError),
        (lambda: {"a": refused("a"), "b": DrsPermissionError("no")}, DrsPermissionError),
        (lambda: statuses(a="CREATE_FAILED") | {"b": DrsJobsRefusedError("no such jobs")}, DrsJobsRefusedError),
        (lambda: {"a": refused("a"), "b": BUSY}, DrsUnavailableError),
    ],
    ids=["all jobs refused", "the caller refused", "the whole call refused", "a lasting fault"],
)
def test_a_partial_wait_fails_for_what_is_no_single_jobs_loss(poll, error):
    with pytest.raises(error):
        partial_wait("a", "b").judge(poll(), 0, 0)


JOBS = ["a", "b", "c"]
KINDS = [*JobStatus, JobStatus("NEVER_HEARD_OF"), "refused", "busy"]
ENDS = {JobStatus.CONFIGURATION, "refused"} | {status for status in JobStatus if (status.phase or 0) > Phase.TARGET}


@given(st.lists(st.tuples(*(st.sampled_from(KINDS) for _ in JOBS)), max_size=8))
def test_whatever_the_polls_say_a_partial_wait_ends_at_the_first_where_each_job_is_there_or_lost(polls):
    wait = partial_wait(*JOBS)
    for now, kinds in enumerate(polls):
        items = {
            job: refused(job) if kind == "refused" else BUSY if kind == "busy" else kind
            for job, kind in zip(JOBS, kinds, strict=True)
        }
        if set(kinds) == {"refused"}:
            with pytest.raises(DrsJobsRefusedError):
                wait.judge(items, now, 600)
            break
        result = wait.judge(items, now, 600)
        assert result.done == ENDS.issuperset(kinds)
        assert result.statuses == {job: item for job, item in items.items() if not isinstance(item, DrsError)}
        if result.done:
            break
