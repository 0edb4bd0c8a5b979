"""How a task ends whose endpoints passed and are not stored, and what its error says."""

from __future__ import annotations

import json

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException
from samples import endpoint, job_id
from storing import StoringService

from airflow_provider_drs._compat import AirflowFailException
from airflow_provider_drs.api.errors import DrsEndpointsFailedError, DrsInputError, error_from_dict
from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

REFUSED = {"status": "failed", "error_code": "DRS.M01504", "error_msg": "another operation is running"}


def change(detail):
    if detail.get("stored"):
        detail["source_endpoint"]["db_user"] = "somebody"


@pytest.fixture
def ended(monkeypatch):
    """Return the exception of a task that stores the endpoints of one job."""

    def run(service, **parameters):
        extra = {"project_id": "p", "max_attempts": 1}
        connection = {"conn_type": "drs", "host": service.url, "password": "a-token", "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))
        jobs = [endpoint(1, label="old shop"), endpoint(1, label="new shop", end_point_type="ta")]
        task = DrsTestConnectionsOperator(task_id="test", jobs=jobs, store=True, **parameters)
        with service, pytest.raises(Exception) as caught:  # noqa: PT011 - which one is what the tests look at
            task.execute({})
        return caught.value

    return run


@pytest.mark.parametrize(
    ("service", "on_failure", "ending"),
    [
        (StoringService(stores={job_id(1): REFUSED}), "fail", DrsEndpointsFailedError),
        (StoringService(stores={job_id(1): REFUSED}), "skip", AirflowSkipException),
        # nobody knows what is stored, so the task is not skipped as one whose gate is shut
        (StoringService(lost_stores=99), "skip", DrsEndpointsFailedError),
        # a retry would overwrite what somebody else has stored
        (StoringService(detail=change), "fail", AirflowFailException),
        (StoringService(detail=change), "skip", AirflowSkipException),
    ],
    ids=["refused", "refused, skip", "lost, skip", "changed", "changed, skip"],
)
def test_a_task_ends_as_what_is_known_of_the_store_demands(ended, service, on_failure, ending):
    assert type(ended(service, on_failure=on_failure)) is ending


def test_the_error_names_the_databases_the_side_the_reason_and_what_to_do(ended):
    error = str(ended(StoringService(detail=change)))

    assert (
        "old shop (source), new shop (target): not stored as tested: source db_user. "
        "Another person or program has changed the job since."
    ) in error
    assert f"(job {job_id(1)}" in error


def test_bad_input_that_was_seen_after_a_read_keeps_its_words_on_the_way_to_another_process():
    error = DrsInputError(["node_type is missing"], "nothing was tested")

    assert str(error_from_dict(json.loads(json.dumps(error.to_dict())))) == str(error)
