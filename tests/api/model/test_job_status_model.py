"""The statuses in which a wait continues, and those that end it."""

from __future__ import annotations

import pickle
from collections import Counter

import pytest

from airflow_provider_drs.api.model.job_status import JobStatus, Phase

TO_BE_TESTED = [JobStatus.CONFIGURATION]


def test_each_of_the_29_statuses_has_a_phase():
    assert Counter(status.phase for status in JobStatus) == {
        Phase.BEFORE: 1,
        Phase.TARGET: 1,
        Phase.PAST: 16,
        Phase.FAILED: 9,
        Phase.GONE: 2,
    }


def test_an_unlisted_status_keeps_its_spelling_and_the_wait_continues():
    status = JobStatus("REBALANCING")

    assert (str(status), status == "REBALANCING", status.phase) == ("REBALANCING", True, None)
    assert status.can_reach(TO_BE_TESTED)
    assert pickle.loads(pickle.dumps(status)) == status  # noqa: S301 - our own


def test_both_spellings_of_pausing_are_the_same_status():
    assert JobStatus("PAUSEING") is JobStatus.PAUSING


@pytest.mark.parametrize(
    "status", [status for status in JobStatus if status.phase in (Phase.PAST, Phase.FAILED, Phase.GONE)]
)
def test_a_job_past_configuration_cannot_come_back_to_it(status):
    assert not status.can_reach(TO_BE_TESTED)


@pytest.mark.parametrize(
    ("status", "targets", "reachable"),
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
def test_a_wait_fails_only_when_no_target_status_can_be_reached(status, targets, reachable):
    assert status.can_reach(targets) is reachable
