"""``showJobList``: the cheapest read, which shows that credential and project are good."""

from __future__ import annotations

import pytest
from calls import PROJECT, client, times_sent
from raw_answers import answer
from wire import Reply, Service

from airflow_provider_drs.api.errors import DrsAnswerError, DrsCredentialError, DrsError
from airflow_provider_drs.api.operations.job_list import JOB_LIST, body

NO_JOBS = {"total_record": 0, "jobs": []}


def test_one_job_is_asked_for_and_the_answer_may_hold_none():
    with Service(lambda request: Reply(NO_JOBS)) as service, client(service) as drs:
        drs.check_access()

    (request,) = service.requests
    assert (request.method, request.path) == ("POST", f"/v3/{PROJECT}/jobs")
    assert request.json == body() == {"cur_page": 1, "per_page": 1, "db_use_type": "migration"}
    assert request.headers["X-Auth-Token"] == "a-token"


def test_what_is_told_of_the_jobs_does_not_matter():
    failed = {"id": "j", "name": "the login failed", "status": "CREATE_FAILED", "error_code": "DRS.M00001"}

    assert answer({"total_record": 1, "jobs": [failed]}, JOB_LIST).payload["jobs"] == [failed]


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ({}, DrsAnswerError),
        ({"total_record": 0}, DrsAnswerError),
        ({"jobs": {}}, DrsAnswerError),
        ({"jobs": None}, DrsAnswerError),
        ({"results": []}, DrsAnswerError),
        ({**NO_JOBS, "success": False}, DrsAnswerError),
        ({**NO_JOBS, "error_code": "DRS.M00100", "error_msg": "Invalid token."}, DrsCredentialError),
    ],
    ids=str,
)
def test_an_answer_without_a_list_of_jobs_or_against_itself_shows_nothing(payload, kind):
    with Service(lambda request: Reply(payload)) as service, client(service) as drs, pytest.raises(DrsError) as caught:
        drs.check_access()

    assert type(caught.value) is kind


@pytest.mark.parametrize("failure", ["throttled", "unavailable", "lost"])
def test_it_is_never_sent_again_because_somebody_waits_for_it(failure):
    assert times_sent(failure, Reply(NO_JOBS), lambda service: client(service).check_access()) == 1
