"""Many jobs in one call, and one of them spoils it: who is to blame, and what becomes of the others."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from samples import job_id

from airflow_provider_drs.api.errors import (
    DrsCredentialError,
    DrsError,
    DrsJobsRefusedError,
    DrsRequestError,
    DrsUnavailableError,
)
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.statuses import MAX_LONE_REFUSALS, fetch_each, jobs_refused_error, most_severe

CREATING = JobStatus("CREATING")


class Picky:
    """Refuses a whole call for the sake of some ids: by their names, or without a word of which."""

    def __init__(self, unknown=(), malformed=()):
        self.unknown, self.malformed = set(unknown), set(malformed)
        self.calls: list[int] = []

    def __call__(self, asked: list[str]) -> dict[str, Any]:
        assert 0 < len(asked) <= 100
        self.calls.append(len(asked))
        if self.malformed & set(asked):
            raise DrsRequestError("malformed", code="DRS.M00202", http_status=400, request_id="r-1")
        if gone := [job for job in asked if job in self.unknown]:
            by = DrsError("", code="DRS.M05004", http_status=400)
            return {job: jobs_refused_error({job: "DRS.M05004: deleted"}, by) for job in gone}
        return dict.fromkeys(asked, CREATING)


def blamed(actual):
    return {job for job, item in actual.items() if isinstance(item, DrsError)}


def test_a_deleted_job_costs_one_more_call():
    ids = [job_id(number) for number in range(100)]
    service = Picky(unknown=[ids[3], ids[70]])

    actual = fetch_each(service, ids)

    assert blamed(actual) == {ids[3], ids[70]}
    assert list(actual) == ids
    assert service.calls == [100, 98]


def test_an_id_of_another_form_is_asked_for_by_itself_first():
    ids = [job_id(number) for number in range(99)]
    service = Picky(malformed=["job-7"])

    actual = fetch_each(service, [*ids[:50], "job-7", *ids[50:]])

    assert blamed(actual) == {"job-7"}
    assert service.calls == [100, 99, 1]


def test_a_culprit_that_looks_like_any_other_is_found_by_halving():
    ids = [job_id(number) for number in range(100)]
    service = Picky(malformed=[ids[41]])

    actual = fetch_each(service, ids)

    assert blamed(actual) == {ids[41]}
    assert len(service.calls) <= 1 + 2 * 7


@given(data=st.data(), count=st.integers(1, 230))
def test_the_culprits_are_blamed_and_nobody_else(data, count):
    ids = [job_id(number) for number in range(count)]
    unknown = data.draw(st.sets(st.sampled_from(ids), max_size=4))
    malformed = data.draw(st.sets(st.sampled_from(ids), max_size=4))
    service = Picky(unknown, malformed)

    actual = fetch_each(service, ids)

    assert list(actual) == ids
    assert blamed(actual) == unknown | malformed
    assert len(service.calls) <= 3 + len(unknown) + 2 * 7 * len(malformed)


def test_a_service_that_takes_no_id_at_all_is_not_asked_for_each():
    ids = [job_id(number) for number in range(100)]
    service = Picky(malformed=ids)

    actual = fetch_each(service, ids)

    assert blamed(actual) == set(ids)
    assert len(service.calls) <= 25
    assert service.calls.count(1) == MAX_LONE_REFUSALS


def test_a_refusal_that_is_no_matter_of_ids_is_not_looked_into():
    calls = []

    def refusing(asked):
        calls.append(asked)
        raise DrsRequestError("no such API", code="APIGW.0101", http_status=404)

    assert blamed(fetch_each(refusing, ["a", "b", "c"])) == {"a", "b", "c"}
    assert len(calls) == 1


def test_a_fault_concerns_the_jobs_of_its_own_call_only():
    ids = [job_id(number) for number in range(250)]

    def faulty(asked):
        if ids[150] in asked:
            raise DrsUnavailableError("busy")
        return dict.fromkeys(asked, CREATING)

    assert blamed(fetch_each(faulty, ids)) == set(ids[100:200])


def test_of_several_errors_that_one_is_told_that_no_waiting_heals():
    gone = jobs_refused_error({"a": "deleted"}, DrsError(""))
    busy = DrsUnavailableError("busy")
    stale = DrsCredentialError("stale")

    assert "a (deleted)" in str(most_severe({"a": busy, "b": gone}))
    assert most_severe({"a": gone, "b": busy, "c": stale}) is stale
    assert most_severe({"a": CREATING, "b": busy}) is busy
    assert most_severe({"a": CREATING}) is None


def test_all_refused_jobs_are_told_in_one_error():
    by = DrsError("", code="DRS.M05004", http_status=400, request_id="r-9", hint="Look.")
    actual = {
        "a": jobs_refused_error({"a": "DRS.M05004: gone"}, by),
        "b": jobs_refused_error({"b": "DRS.M00289: unknown"}, by),
    }

    error = most_severe(actual)

    assert isinstance(error, DrsJobsRefusedError)
    assert error.jobs == {"a": "DRS.M05004: gone", "b": "DRS.M00289: unknown"}
    assert str(error) == (
        "DRS.M05004: DRS has no status for a (gone), b (DRS.M00289: unknown) (HTTP 400, request id r-9) Look."
    )
