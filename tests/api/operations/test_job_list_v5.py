"""``listJobsV5``: a read without a body, which is sent once."""

from __future__ import annotations

import pytest
from calls import PROJECT, client, times_sent
from wire import Reply, Service

from airflow_provider_drs.api.errors import DrsRequestError
from airflow_provider_drs.api.operations.job_list_v5 import JOB_LIST_V5

NO_JOBS = {"total_count": 0, "jobs": []}


def test_it_has_a_query_and_no_body():
    with Service(lambda request: Reply(NO_JOBS)) as service, client(service) as drs:
        drs._call(JOB_LIST_V5, None)

    (request,) = service.requests
    assert (request.method, request.path) == ("GET", f"/v5/{PROJECT}/jobs?job_type=migration&limit=1")
    assert request.body == b""


def test_a_region_without_v5_refuses_it():
    refusal = Reply({"error_code": "APIG.0101", "error_msg": "The API does not exist."}, 404)
    with Service(lambda request: refusal) as service, client(service) as drs, pytest.raises(DrsRequestError) as caught:
        drs._call(JOB_LIST_V5, None)

    assert caught.value.code == "APIG.0101"


@pytest.mark.parametrize("failure", ["throttled", "unavailable", "lost"])
def test_it_is_never_sent_again(failure):
    assert times_sent(failure, Reply(NO_JOBS), lambda service: client(service)._call(JOB_LIST_V5, None)) == 1
