"""Which statuses a wait goes on in, and which end it."""

from __future__ import annotations

import pickle
from collections import Counter

import pytest

from airflow_provider_drs.api.errors import DrsJobStateError
from airflow_provider_drs.api.model.job_status import JobStatus, Phase, all_reached

TO_BE_TESTED = [JobStatus.CONFIGURATION]


def test_all_29_statuses_have_their_class():
    assert Counter(status.phase for status in JobStatus) == {
        Phase.BEFORE: 1,
        Phase.TARGET: 1,
        Phase.PAST: 16,
        Phase.FAILED: 9,
        Phase.GONE: 2,
    }


def test_an_unlisted_status_is_kept_as_it_is_and_waited_on():
    status = JobStatus("REBALANCING")

    assert (str(status), status == "REBALANCING", status.phase) == ("REBALANCING", True, None)
    assert all_reached({"a": status}, TO_BE_TESTED) is False
    assert pickle.loads(pickle.dumps(status)) == status  # noqa: S301 - our own


def test_the_second_spelling_of_pausing_is_understood():
    assert JobStatus("PAUSEING") is JobStatus.PAUSING


@pytest.mark.parametrize(
    "status", [status for status in JobStatus if status.phase in (Phase.PAST, Phase.FAILED, Phase.GONE)]
)
def test_a_job_past_configuration_cannot_come_back_to_it(status):
    with pytest.raises(DrsJobStateError, match=f"job-1 is {status}: can no longer reach CONFIGURATION"):
        all_reached({"job-1": status, "job-2": JobStatus.CREATING}, TO_BE_TESTED)


def test_the_wait_ends_when_every_job_has_arrived():
    assert all_reached({"a": JobStatus.CONFIGURATION, "b": JobStatus.CONFIGURATION}, TO_BE_TESTED)
    assert not all_reached({"a": JobStatus.CONFIGURATION, "b": JobStatus.CREATING}, TO_BE_TESTED)


@pytest.mark.parametrize(
    ("status", "targets", "can"),
    [
        (JobStatus.STARTJOBING, [JobStatus.INCRE_TRANSFER_STARTED], True),
        (JobStatus.FULL_TRANSFER_FAILED, [JobStatus.INCRE_TRANSFER_STARTED], False),
        (JobStatus.FULL_TRANSFER_FAILED, [JobStatus.RELEASE_RESOURCE_COMPLETE], True),
        (JobStatus.RELEASE_RESOURCE_COMPLETE, [JobStatus.DELETED], True),
        (JobStatus.DELETED, [JobStatus.RELEASE_RESOURCE_COMPLETE], False),
        (JobStatus.CONFIGURATION, [JobStatus("BRAND_NEW")], True),
        (JobStatus.CREATE_FAILED, [JobStatus.CREATE_FAILED], True),
    ],
)
def test_other_targets_are_given_up_only_when_they_are_out_of_reach(status, targets, can):
    assert status.can_reach(targets) is can
