"""What a gate reads of a job's details, and what it leaves unread."""

from __future__ import annotations

from typing import Any

import pytest
from calls import client
from hypothesis import given
from hypothesis import strategies as st
from samples import job_id
from wire import Reply, Request, Service

from airflow_provider_drs.api.errors import DrsAnswerError, DrsError, DrsJobsRefusedError
from airflow_provider_drs.api.model.job_detail import JobDetail, Node
from airflow_provider_drs.api.operations.job_details import JOB_DETAILS, body, details
from airflow_provider_drs.api.wire.answers import Answer

ANSWERED = {
    "id": job_id(1),
    "status": "CONFIGURATION",
    "update_time": "1767226200000",
    "job_direction": "up",
    "db_use_type": "migration",
    "task_type": "FULL_INCR_TRANS",
    "net_type": "eip",
    "is_target_readonly": True,
    "replace_definer": "false",
    "parent_id": "",
    "inst_info": {
        "engine_type": "mongodb-to-dds",
        "inst_type": "high",
        "ip": "10.0.0.40",
        "public_ip": "203.0.113.40",
        "status": "ACTIVE",
    },
    "period_order": {"status": "UNORDERED", "charging_mode": 1},
    "object_infos": [{"id": "shop", "type": "database", "name": "shop"}],
    "source_endpoint": {
        "db_type": "mysql",
        "ip": "203.0.113.10",
        "db_port": "3306",
        "db_user": "drs_reader",
        "db_password": "canary-password",
        "ssl_link": "true",
        "ssl_cert_key": "canary-key",
        "kafka_security_config": {"type": "SSL", "trust_store_key": "canary-store", "key_password": "canary-2"},
    },
    "target_endpoint": {},
    "of_next_year": {"db_password": "canary-of-next-year"},
}


def read(results: list[Any], asked: tuple[str, ...] = (job_id(1),), **beside: Any) -> dict[str, JobDetail | DrsError]:
    return details(asked, Answer({"results": results, "count": len(results), **beside}, "a-request", {}))


def test_a_detail_holds_what_a_gate_uses():
    (detail,) = read([ANSWERED]).values()

    assert isinstance(detail, JobDetail)
    assert detail == JobDetail(
        id=job_id(1),
        status=detail.status,
        update_time="1767226200000",
        node=Node("10.0.0.40", "203.0.113.40"),
        node_alive=True,
        node_type="high",
        engine_type="mongodb",
        net_type="eip",
        job_direction="up",
        db_use_type="migration",
        task_type="FULL_INCR_TRANS",
        is_target_readonly=True,
        replace_definer=False,
        prepaid=True,
        objects_chosen=True,
        source={
            "db_type": "mysql",
            "ip": "203.0.113.10",
            "db_port": 3306,
            "db_user": "drs_reader",
            "ssl_link": True,
            "kafka_security_config": {"type": "SSL"},
        },
        target={},
    )
    assert detail.status == "CONFIGURATION"


def test_no_secret_of_an_answer_is_kept():
    assert "canary" not in repr(read([ANSWERED]))


def test_what_drs_leaves_out_is_not_known_and_its_absence_is_no_fault():
    (detail,) = read([{"id": job_id(1), "status": "CREATING"}]).values()

    assert isinstance(detail, JobDetail)
    assert detail == JobDetail(id=job_id(1), status=detail.status, source={}, target={})
    assert detail.node_alive


@pytest.mark.parametrize(
    ("status", "alive"), [("active", True), ("ACTIVE", True), ("deleted", False), ("DELETED", False)]
)
def test_a_node_is_gone_when_drs_says_so_in_any_case(status, alive):
    (detail,) = read([{**ANSWERED, "inst_info": {"status": status}}]).values()

    assert isinstance(detail, JobDetail)
    assert detail.node_alive is alive


@pytest.mark.parametrize("word", ["common", "ultrahigh", "giant", None])
def test_a_size_of_the_node_in_other_words_than_those_of_a_store_is_not_guessed(word):
    (detail,) = read([{**ANSWERED, "inst_info": {"inst_type": word}}]).values()

    assert isinstance(detail, JobDetail)
    assert detail.node_type is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@given(members=st.dictionaries(st.sampled_from(sorted(ANSWERED.keys() - {"id", "status"})), json_values))
def test_any_json_in_the_place_of_a_member_is_read_without_an_exception(members):
    (detail,) = read([{**ANSWERED, **members}]).values()

    assert isinstance(detail, JobDetail)
    assert len(detail.digest) == len("sha256:") + 64


@pytest.mark.parametrize(
    ("results", "text"),
    [
        ([], "leaves out"),
        ([{"id": job_id(1)}], "has no status"),
        ([ANSWERED, ANSWERED], "2 results"),
        ([{**ANSWERED, "id": job_id(9)}], "not asked about"),
        (["x"], "names no job"),
        ([{"status": "CONFIGURATION"}], "names no job"),
    ],
)
def test_an_answer_that_does_not_fit_the_question_is_an_error_in_place_of_the_detail(results, text):
    (error,) = read(results).values()

    assert isinstance(error, DrsAnswerError)
    assert text in error.text
    assert error.request_id == "a-request"


def test_a_count_that_does_not_fit_is_an_error():
    (error,) = read([ANSWERED], count=7).values()

    assert isinstance(error, DrsAnswerError)


def test_a_job_that_drs_refuses_among_others_is_an_error_of_this_job_only():
    gone = {"id": job_id(2), "error_code": "DRS.M05004", "error_message": "deleted"}

    first, second = read([ANSWERED, gone], (job_id(1), job_id(2))).values()

    assert isinstance(first, JobDetail)
    assert isinstance(second, DrsJobsRefusedError)
    assert "DRS has no details for" in second.text


def test_any_number_of_jobs_is_asked_about_in_calls_of_ten_with_a_page_that_holds_them():
    def answer(request: Request) -> Reply:
        results = [{"id": job, "status": "CONFIGURATION"} for job in request.json["jobs"]]
        return Reply({"results": results, "count": len(results)})

    jobs = [job_id(number) for number in range(25)]
    with Service(answer) as service, client(service) as drs:
        read_details = drs.job_details(jobs)

    assert list(read_details) == jobs
    assert [len(request.json["jobs"]) for request in service.calls("batch-detail")] == [10, 10, 5]
    assert service.requests[0].json == body(jobs[:10])
    assert service.requests[0].json["page_req"] == {"cur_page": 1, "per_page": 10}


def test_a_deleted_job_makes_drs_refuse_a_call_and_hides_no_other_job():
    gone = {"id": job_id(2), "error_code": "DRS.M05004", "error_message": "deleted"}

    def answer(request: Request) -> Reply:
        if job_id(2) in request.json["jobs"]:
            return Reply({"results": [gone], "count": 1}, 400)
        results = [{"id": job, "status": "CONFIGURATION"} for job in request.json["jobs"]]
        return Reply({"results": results, "count": len(results)})

    with Service(answer) as service, client(service) as drs:
        results = drs.look_up_details([job_id(1), job_id(2), job_id(3)])
        with pytest.raises(DrsJobsRefusedError, match="DRS has no details for"):
            drs.job_details([job_id(1), job_id(2)])

    assert [type(result) for result in results.values()] == [JobDetail, DrsJobsRefusedError, JobDetail]


def test_the_operation_is_a_read():
    assert JOB_DETAILS.repeat.name == "READ"


@pytest.mark.parametrize("order", [{"order_id": "o-1"}, [{"order_id": "o-1"}], "o-1", True, 1])
def test_an_order_in_any_form_is_one_that_a_start_may_pay(order):
    (detail,) = read([{**ANSWERED, "period_order": order}]).values()

    assert isinstance(detail, JobDetail)
    assert detail.prepaid


@pytest.mark.parametrize("order", [None, {}, "", []])
def test_no_order_is_paid_by_no_start(order):
    (detail,) = read([{**ANSWERED, "period_order": order}]).values()

    assert isinstance(detail, JobDetail)
    assert not detail.prepaid


def test_a_detail_beside_an_error_of_its_result_is_none():
    (detail,) = read([{**ANSWERED, "error_code": "DRS.M05004", "error_msg": "the job was released"}]).values()

    assert isinstance(detail, DrsJobsRefusedError)
    assert "the job was released" in str(detail)


def test_a_job_may_have_an_error_of_its_own():
    (detail,) = read([{**ANSWERED, "error_code": "", "error_msg": None, "error_message": "an old fault"}]).values()

    assert isinstance(detail, JobDetail)
