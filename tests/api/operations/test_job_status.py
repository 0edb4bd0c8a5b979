"""``batchListJobStatus``: each job has the one status that DRS reported without a contradiction, or an error."""

from __future__ import annotations

import json

import pytest
from calls import PROJECT, client, times_sent
from hypothesis import given
from hypothesis import strategies as some
from raw_answers import JOBS, answer, known, ready
from raw_answers import statuses as statuses_of
from samples import job_id
from wire import Reply, Service

from airflow_provider_drs.api.errors import DrsAnswerError, DrsError, DrsJobsRefusedError
from airflow_provider_drs.api.model.job_status import JobStatus
from airflow_provider_drs.api.operations.job_status import JOB_STATUS, MAX_PAGES, LastPages, body, statuses
from airflow_provider_drs.api.statuses import of_refusal

ONE, TWO, STRANGER = job_id(1), job_id(2), job_id(9)


def read(*results, **members):
    """Return what is known of two jobs by an answer with these results."""
    payload = {"results": list(results), "count": len(results), **members}
    return statuses([ONE, TWO], answer(payload, JOB_STATUS, headers={"X-Request-Id": "r-1"}))


def is_in(job, status="CREATING", **members):
    return {"id": job, "status": status, **members}


# --- what is asked ---


def test_the_jobs_are_asked_about_all_on_one_page():
    assert body([ONE, TWO]) == {"jobs": [ONE, TWO], "page_req": {"cur_page": 1, "per_page": 100}}


def test_the_request_names_the_project_and_carries_the_token():
    with Service() as service, client(service) as drs:
        drs.job_statuses([ONE])

    (request,) = service.requests
    assert (request.method, request.path) == ("POST", f"/v3/{PROJECT}/jobs/batch-status")
    assert request.headers["X-Auth-Token"] == "a-token"


def test_six_jobs_come_back_as_six_because_the_page_size_is_asked_for():
    asked = [job_id(number) for number in range(6)]

    with Service() as service, client(service) as drs:
        statuses = drs.job_statuses(asked)

    assert list(statuses) == asked
    assert service.requests[0].json["page_req"] == {"cur_page": 1, "per_page": 100}


# --- how an answer is read ---


def test_each_job_has_the_status_that_was_told_of_it_in_whatever_order():
    assert read(is_in(TWO, "CONFIGURATION"), is_in(ONE)) == {ONE: JobStatus.CREATING, TWO: JobStatus.CONFIGURATION}


def test_a_status_that_no_document_knows_is_kept_as_it_is():
    assert read(is_in(ONE, "REBALANCING"), is_in(TWO))[ONE] == JobStatus("REBALANCING")


def test_members_that_the_service_adds_change_nothing():
    first = is_in(ONE, name="Orders, old", error_code="", error_message=None, az_code="cn-north-4a")

    assert read(first, is_in(TWO)) == {ONE: JobStatus.CREATING, TWO: JobStatus.CREATING}


@pytest.mark.parametrize(
    ("results", "members", "text"),
    [
        ([is_in(ONE), is_in(TWO), is_in(STRANGER)], {}, f"speaks of {STRANGER}, which was not asked about"),
        ([is_in(ONE), is_in(TWO), {"status": "CREATING"}], {}, "names no job"),
        ([is_in(ONE), is_in(TWO), is_in(7)], {}, "names no job"),
        ([is_in(ONE), is_in(TWO), None], {}, "names no job"),
        ([is_in(ONE), is_in(TWO)], {"count": 3}, "2 results and counts 3"),
        ([is_in(ONE), is_in(TWO)], {"count": True}, "2 results and counts True"),
    ],
    ids=["a stranger", "no id", "an id that is no text", "no object", "another count", "no count"],
)
def test_an_answer_that_is_odd_as_a_whole_is_believed_about_no_job(results, members, text):
    for error in read(*results, **members).values():
        assert isinstance(error, DrsAnswerError)
        assert text in error.text
        assert error.request_id == "r-1"


@pytest.mark.parametrize(
    ("results", "text"),
    [
        ([is_in(ONE), is_in(ONE)], f"2 results for {ONE}"),
        ([is_in(ONE), is_in(ONE, "CONFIGURATION")], f"2 results for {ONE}"),
        ([{"id": ONE}], f"no status for {ONE}"),
        ([is_in(ONE, "")], f"no status for {ONE}"),
        ([is_in(ONE, None)], f"no status for {ONE}"),
        ([is_in(ONE, 7)], f"no status for {ONE}"),
        ([is_in(ONE, ["CREATING"])], f"no status for {ONE}"),
        ([is_in(ONE, error_code="DRS.M00001")], f"contradicts itself about {ONE}: status 'CREATING', and error_code"),
        ([is_in(ONE, error_message="it broke")], f"contradicts itself about {ONE}: status 'CREATING', and error_mess"),
        ([is_in(ONE, success=False)], f"contradicts itself about {ONE}: status 'CREATING', and success"),
        ([], f"leaves out {ONE}"),
    ],
)
def test_what_is_odd_about_one_job_is_an_error_of_that_job_alone(results, text):
    actual = read(*results, is_in(TWO), count=None)

    assert isinstance(actual[ONE], DrsAnswerError)
    assert text in actual[ONE].text
    assert (actual[ONE].request_id, actual[TWO]) == ("r-1", JobStatus.CREATING)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ({"error_code": "DRS.M05004", "error_message": "deleted"}, "DRS.M05004: deleted"),
        ({"error_code": "DRS.M05004", "error_msg": "deleted", "status": None}, "DRS.M05004: deleted"),
        ({"error_code": "DRS.M05004", "status": ""}, "DRS.M05004: the service gave no reason"),
    ],
)
def test_a_job_with_an_error_in_place_of_its_status_is_refused(error, text):
    actual = read({"id": ONE, **error}, is_in(TWO))

    assert isinstance(actual[ONE], DrsJobsRefusedError)
    assert (actual[ONE].jobs, actual[ONE].request_id) == ({ONE: text}, "r-1")
    assert actual[TWO] == JobStatus.CREATING


def test_a_job_left_out_beside_a_refused_one_is_open_because_the_refusal_may_be_why():
    assert list(read({"id": ONE, "error_code": "DRS.M05004", "error_message": "deleted"})) == [ONE]


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"results": [{"id": job_id(2), "error_code": "DRS.M05004", "error_message": "deleted"}], "count": 1}),
        Reply(
            {"results": [{"id": job_id(2), "error_code": "DRS.M00289", "error_msg": "none"}], "count": 1}, status=400
        ),
    ],
    ids=["item error in a 200", "results in a 400"],
)
def test_a_job_that_drs_does_not_have_is_named(reply):
    with (
        Service(lambda request: reply) as service,
        client(service) as drs,
        pytest.raises(DrsJobsRefusedError) as caught,
    ):
        drs.job_statuses([job_id(1), job_id(2)])

    assert list(caught.value.jobs) == [job_id(2)]
    assert str(caught.value.jobs[job_id(2)]).endswith(("deleted", "none"))


def test_a_job_left_out_of_the_answer_is_named_and_may_be_asked_for_again():
    answer = Reply({"results": [{"id": job_id(1), "status": "CREATING"}], "count": 1})

    with Service(lambda request: answer) as service, client(service) as drs, pytest.raises(DrsAnswerError) as caught:
        drs.job_statuses([job_id(1), job_id(2)])

    assert job_id(2) in str(caught.value)
    assert caught.value.retryable


# --- a call that is refused as a whole ---


def refused(*jobs):
    return DrsJobsRefusedError("no", jobs=dict.fromkeys(jobs, "DRS.M00289: none"), code="DRS.M00289", http_status=400)


def test_the_jobs_that_a_refusal_names_are_refused_and_the_others_are_open():
    ((job, error),) = of_refusal([ONE, TWO], refused(TWO, STRANGER)).items()

    assert isinstance(error, DrsJobsRefusedError)
    assert (job, error.jobs, error.http_status) == (TWO, {TWO: "DRS.M00289: none"}, 400)


def test_a_refusal_for_the_sake_of_jobs_that_nobody_asked_about_is_no_answer():
    with pytest.raises(DrsAnswerError, match="jobs not asked about"):
        of_refusal([ONE, TWO], refused(STRANGER))


def test_a_refusal_that_names_no_job_stays_what_it_is():
    with pytest.raises(DrsJobsRefusedError, match="no"):
        of_refusal([ONE, TWO], refused())


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
    answered = statuses_of(beside_the_second(member))[JOBS[1]]

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
    assert statuses_of(beside_the_second(member))[JOBS[1]] == JobStatus("CONFIGURATION")


@pytest.mark.parametrize("name", ["total_count", "totalCount", "total_record", "success_count"])
def test_no_status_is_known_by_an_answer_that_counts_none_and_lists_some(name):
    assert known(ready(**{name: 0})) == [False, False]


# --- what is repeated ---


@pytest.mark.parametrize("failure", ["throttled", "unavailable", "lost"])
def test_a_read_is_sent_again_after_whatever_may_heal(failure):
    assert times_sent(failure, Reply(ready()), lambda service: client(service).job_statuses([ONE, TWO])) == 2


# --- the same answer again ---


ITEMS = some.sampled_from(
    [
        is_in(ONE),
        is_in(TWO),
        is_in(ONE, "CONFIGURATION"),
        is_in(TWO, "SO_NEW"),
        is_in(TWO, error_msg="lost"),
        is_in(STRANGER),
    ]
)
ANSWERS = some.lists(ITEMS, max_size=3).map(lambda items: {"results": items, "count": len(items)})


@given(some.lists(ANSWERS, max_size=6))
def test_answers_that_come_again_mean_what_they_meant(payloads):
    pages = LastPages()
    for payload in payloads:
        alone = statuses([ONE, TWO], answer(payload, JOB_STATUS))
        again = answer(payload, JOB_STATUS, earlier=pages.answer([ONE, TWO]))
        after_others = pages.statuses([ONE, TWO], again)

        assert {job: str(item) for job, item in after_others.items()} == {job: str(item) for job, item in alone.items()}


def test_the_json_of_an_equal_answer_is_not_read_again():
    pages = LastPages()
    first = answer(ready(), JOB_STATUS)
    pages.statuses(JOBS, first)

    assert answer(ready(), JOB_STATUS, earlier=pages.answer(JOBS)).payload is first.payload
    assert answer(ready(more=1), JOB_STATUS, earlier=pages.answer(JOBS)).payload is not first.payload
    assert pages.answer([ONE]) is None


@pytest.mark.parametrize(
    "odd",
    [
        {"results": [is_in(ONE), is_in(TWO, "SO_NEW")]},
        {"results": [is_in(ONE), is_in(TWO, "")]},
        {"results": [is_in(ONE)]},
    ],
    ids=["a status nobody knows", "no status", "a job left out"],
)
def test_only_known_statuses_are_remembered(odd):
    pages = LastPages()
    pages.statuses([ONE, TWO], answer({"results": [is_in(ONE), is_in(TWO)], "count": 2}, JOB_STATUS))
    pages.statuses([ONE, TWO], answer({**odd, "count": len(odd["results"])}, JOB_STATUS))

    assert pages.answer([ONE, TWO]) is None


@pytest.mark.parametrize(
    "facts", [{"status": 503}, {"headers": {"Age": "7"}}, {"headers": {"Content-Encoding": "gzip"}}]
)
def test_an_equal_answer_is_refused_for_what_stands_beside_its_body(facts):
    earlier = answer(ready(), JOB_STATUS)

    with pytest.raises(DrsError):
        answer(ready(), JOB_STATUS, earlier=earlier, **facts)


def test_the_memory_for_pages_is_bounded():
    pages = LastPages()
    for number in range(3 * MAX_PAGES):
        job = job_id(number)
        pages.statuses([job], answer({"results": [is_in(job)], "count": 1}, JOB_STATUS))

    assert sum(pages.answer([job_id(number)]) is not None for number in range(3 * MAX_PAGES)) <= MAX_PAGES
    assert pages.answer([job]) is not None


def test_a_change_is_seen_after_any_number_of_equal_answers():
    left = ["CREATING"] * 5 + ["CONFIGURATION", "CREATING"]
    with Service() as service, client(service) as drs:
        service.answer = lambda request: Reply({"results": [is_in(ONE, left.pop(0))], "count": 1})
        seen = [str(drs.job_statuses([ONE])[ONE]) for _ in range(7)]

    assert seen == ["CREATING"] * 5 + ["CONFIGURATION", "CREATING"]


def test_a_credential_in_place_of_a_job_id_is_known_as_a_secret():
    url = "mysql://root:Pa55-word@203.0.113.7"
    assert {url, "Pa55-word"} <= set(JOB_STATUS.secrets_in(body([ONE, url])))
