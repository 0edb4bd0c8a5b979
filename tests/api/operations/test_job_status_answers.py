"""The status of a job is known only where nothing in the answer says another one."""

from __future__ import annotations

import json

import pytest
from raw_answers import JOBS, known, ready, statuses

from airflow_provider_drs.api.model.job_status import JobStatus


def beside_the_second(member):
    """Return an answer whose second item has one member more."""
    made = ready()
    made["results"][1] |= dict([member])
    return made


@pytest.mark.parametrize(
    "member",
    [
        ("job_status", "CREATING"),
        ("job_status", "SUCCESS"),
        ("taskStatus", "active"),
        ("current_job_state", "normal"),
        ("Status", "OK"),
        ("job_state", True),
        ("job_status", ["CONFIGURATION"]),
        ("job_id", JOBS[0]),
        ("jobId", "another"),
        ("ID", JOBS[0]),
    ],
    ids=json.dumps,
)
def test_an_item_with_a_second_status_or_job_that_differs_is_not_believed(member):
    answered = statuses(beside_the_second(member))[JOBS[1]]

    assert known(beside_the_second(member)) == [True, False]
    assert f"{member[0]} {member[1]!r}"[:40] in str(answered)


@pytest.mark.parametrize(
    "member",
    [
        ("job_status", "CONFIGURATION"),
        ("taskStatus", "configuration"),
        ("task_status", None),
        ("Status", ""),
        ("job_state", []),
        ("job_id", JOBS[1]),
        ("jobId", JOBS[1].upper()),
        ("ID", None),
        ("parent_id", JOBS[0]),
        ("master_job_id", JOBS[0]),
    ],
    ids=json.dumps,
)
def test_an_item_may_name_its_status_and_its_job_more_than_once(member):
    assert statuses(beside_the_second(member))[JOBS[1]] == JobStatus("CONFIGURATION")


@pytest.mark.parametrize("name", ["total_count", "totalCount", "total_record", "success_count"])
def test_no_status_is_known_by_an_answer_that_counts_none_and_lists_some(name):
    assert known(ready(**{name: 0})) == [False, False]
