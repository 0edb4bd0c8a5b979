"""What was tested is what DRS has stored, or the job fails."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from calls import client
from samples import endpoint, job_id
from storing import StoringService
from wire import Reply, Request

from airflow_provider_drs.api.errors import DrsInputError, DrsPermissionError, DrsStoppedError
from airflow_provider_drs.api.model.job_verdict import JobVerdict
from airflow_provider_drs.api.model.report import Report, Verdict
from airflow_provider_drs.api.store import parse_for_store, run_tests_and_store

REFUSED = {"status": "failed", "error_code": "DRS.M00304", "error_msg": "not in this status"}


def ends(number: int, **members: Any) -> list[dict[str, Any]]:
    """Return a source, and a target that is a cloud instance."""
    source = endpoint(number, **members)
    target = endpoint(number, end_point_type="ta", ip="10.0.0.5", db_user="root", inst_id="in01", region="cn-north-4")
    return [source, target]


def stored(service: StoringService, jobs: list[dict[str, Any]], job_settings: Any = None, **settings: Any) -> Report:
    with service, client(service, **settings) as drs:
        endpoints, parsed = parse_for_store(jobs, job_settings)
        return run_tests_and_store(drs, endpoints, parsed, endpoints, max_concurrency=2)


def changed(side: str, **members: Any) -> Any:
    """Return what changes a stored endpoint behind one's back."""

    def change(detail: dict[str, Any]) -> None:
        if detail.get("stored"):
            detail[side] |= members

    return change


def test_the_tested_endpoints_are_stored_as_they_were_tested_with_what_the_job_has_beside_them():
    service = StoringService()

    report = stored(service, ends(1))

    assert service.sent() == [
        "batch-detail",
        "batch-status",
        *["batch-connection"] * 2,
        "batch-modification",
        "batch-detail",
    ]
    (request,) = service.calls("batch-modification")
    tested = {entry["end_point_type"]: entry for call in service.calls("batch-connection") for entry in call.entries}
    not_stored = ("id", "net_type", "end_point_type")
    assert request.method == "PUT"
    assert request.entries == [
        {
            "job_id": job_id(1),
            "source_endpoint": {name: value for name, value in tested["so"].items() if name not in not_stored},
            "target_endpoint": {name: value for name, value in tested["ta"].items() if name not in not_stored},
            "store_db_info": True,
            "net_type": "eip",
            "node_type": "high",
            "engine_type": "mysql",
            "job_direction": "up",
            "is_target_readonly": True,
            "replace_definer": True,
        }
    ]
    assert report.passed
    (job,) = report.to_dict()["jobs"]
    assert (job["job_id"], job["passed"], job["stored"], job["unproven"]) == (job_id(1), True, True, ["db_password"])
    assert job["node"] == {"ip": "10.0.0.40", "public_ip": None}
    assert job["update_time"] == "1767226200000"
    assert datetime.fromisoformat(job["checked_at"]) >= report.checked_at.replace(microsecond=0)
    assert job["digest"].startswith("sha256:")


def test_a_report_without_a_store_says_of_each_job_that_nothing_was_to_be_stored():
    from airflow_provider_drs.api.readiness import run_ready_tests

    service = StoringService(results={job_id(2): REFUSED})
    with service, client(service) as drs:
        endpoints, _ = parse_for_store([*ends(1), *ends(2)], None)
        report = run_ready_tests(drs, endpoints)

    assert [(job["job_id"], job["passed"], job["stored"]) for job in report.to_dict()["jobs"]] == [
        (job_id(1), True, None),
        (job_id(2), False, None),
    ]
    assert "batch-modification" not in service.sent()


@pytest.mark.parametrize(
    ("side", "members", "named"),
    [
        ("source_endpoint", {"ip": "192.0.2.99"}, "source ip"),
        ("source_endpoint", {"db_user": "root"}, "source db_user"),
        ("source_endpoint", {"db_type": "postgresql"}, "source db_type"),
        ("source_endpoint", {"db_port": 3307}, "source db_port"),
        ("source_endpoint", {"ssl_link": True}, "source ssl_link"),
        ("source_endpoint", {"inst_id": "in02"}, "source inst_id"),
        ("target_endpoint", {"inst_id": "in02"}, "target inst_id"),
        ("target_endpoint", {"region": "eu-west-0"}, "target region"),
        ("target_endpoint", {"db_user": None}, "target db_user"),
        ("source_endpoint", {"ip": None}, "source ip"),
    ],
)
def test_a_stored_end_that_differs_from_the_tested_one_fails_the_job_and_is_named(side, members, named):
    report = stored(StoringService(detail=changed(side, **members)), ends(1))

    (job,) = report.stores
    assert (report.passed, job.passed, job.stored) == (False, False, False)
    assert job.text == f"not stored as tested: {named}"
    assert (report.failed, report.not_stored) == ([], [job])
    assert report.to_dict()["failed"] == 1


def test_all_that_differs_is_named_at_once():
    service = StoringService(detail=changed("target_endpoint", db_user="x", db_port=1, ssl_link="true"))

    (job,) = stored(service, ends(1)).stores

    assert job.text == "not stored as tested: target db_port, target db_user, target ssl_link"


@pytest.mark.parametrize("value", [1, "1", "yes", [False], {}, "off"])
def test_a_tls_switch_that_is_neither_true_nor_false_is_not_the_tested_one(value):
    service = StoringService(detail=changed("source_endpoint", ssl_link=value))

    assert not stored(service, ends(1, ssl_link=False)).passed


@pytest.mark.parametrize("member", ["ip", "region", "db_name", "az_code", "db_port", "project_id"])
@pytest.mark.parametrize("value", [["x"], {"host": "x"}, True, 5])
def test_a_value_of_another_type_is_not_the_tested_one(member, value):
    tested = {"region": "r", "db_name": "n", "az_code": "a", "project_id": "p"}
    service = StoringService(detail=changed("source_endpoint", **{member: value}))

    (job,) = stored(service, ends(1, **tested)).stores

    assert job.text == f"not stored as tested: source {member}"


@pytest.mark.parametrize("change", [{"inst_info": {"status": "deleted"}}, {"status": "DELETED"}, {"net_type": ["eip"]}])
def test_a_job_that_is_no_longer_what_was_tested_fails(change):
    def gone(detail: dict[str, Any]) -> None:
        if detail.get("stored"):
            detail |= change

    (job,) = stored(StoringService(detail=gone), ends(1)).stores

    assert (job.passed, job.stored) == (False, False)


@pytest.mark.parametrize(("sent", "back"), [("2001:db8::1", "[2001:DB8:0:0::1]"), ("a:1,b:1", "B:1,a:1,")])
def test_an_address_may_come_back_in_another_spelling(sent, back):
    assert stored(StoringService(detail=changed("source_endpoint", ip=back)), ends(1, ip=sent)).passed


@pytest.mark.parametrize("odd", [{"job_direction": "sideways"}, {"inst_info": {"engine_type": "my sql"}}])
def test_what_no_store_may_have_is_not_taken_over_from_the_job(odd):
    service = StoringService(detail=lambda detail: detail.update(odd))

    stored(service, ends(1), {"engine_type": "mysql", "node_type": "high"})

    assert "sideways" not in str(service.calls("batch-modification")[0].body)
    assert service.calls("batch-modification")[0].entries[0]["engine_type"] == "mysql"


@pytest.mark.parametrize("refusal", [Reply({"error_code": "DRS.M1", "error_msg": "bad row canary-password"}, 400)])
def test_a_password_that_a_status_call_repeats_is_in_no_log_and_no_report(refusal, caplog):
    service = StoringService()
    reply = service.answer
    service.answer = lambda request: refusal if request.path.endswith("batch-status") else reply(request)

    report = stored(service, ends(1, db_password="canary-password"))

    assert "gives no job statuses" in caplog.text
    assert "canary" not in caplog.text + repr(report) + str(report.to_dict())


@pytest.mark.parametrize(
    ("side", "members"),
    [
        ("source_endpoint", {"db_port": "3306"}),
        ("source_endpoint", {"ssl_link": "false"}),
        ("source_endpoint", {"vpc_id": "filled-in", "subnet_id": "filled-in", "region": "cn-north-4"}),
        ("target_endpoint", {"inst_name": "rds-demo", "security_group_id": "sg"}),
        ("source_endpoint", {"db_password": "another", "ssl_cert_key": "another"}),
    ],
)
def test_what_drs_fills_in_or_spells_otherwise_is_no_difference(side, members):
    assert stored(StoringService(detail=changed(side, **members)), ends(1)).passed


def test_hosts_may_come_back_in_another_order():
    service = StoringService(detail=changed("source_endpoint", ip="b:27017,a:27017"))

    assert stored(service, ends(1, db_type="mongodb", db_port=0, ip="a:27017,b:27017")).passed


def test_another_address_of_a_cloud_instance_is_a_warning():
    report = stored(StoringService(detail=changed("target_endpoint", ip="10.0.0.5,10.0.0.6")), ends(1))

    assert report.passed
    assert report.stores[0].warnings == ("target ip is stored otherwise than it was tested",)


@pytest.mark.parametrize(("ip", "passed"), [("10.0.0.41", False), (None, True), ("10.0.0.40", True)])
def test_another_node_than_before_the_test_fails_the_job(ip, passed):
    def replaced(detail: dict[str, Any]) -> None:
        if detail.get("stored"):
            detail["inst_info"]["ip"] = ip

    (job,) = stored(StoringService(detail=replaced), ends(1)).stores

    assert job.passed is passed
    assert passed or "no longer the node" in (job.text or "")


def test_a_secret_that_drs_gives_back_is_nowhere_in_the_report():
    service = StoringService(detail=changed("target_endpoint", db_password="canary-secret", ssl_cert_key="canary-key"))

    report = stored(service, ends(1))

    assert "canary" not in repr(report) + str(report.to_dict())


def test_a_store_that_drs_refuses_inside_http_200_is_not_stored_and_its_neighbour_is():
    report = stored(StoringService(stores={job_id(1): REFUSED}), [*ends(1), *ends(2)])

    first, second = report.stores
    assert (first.passed, first.stored, first.code, first.text) == (
        False,
        False,
        "DRS.M00304",
        "not stored: not in this status",
    )
    assert (second.passed, second.stored) == (True, True)
    assert not report.passed


@pytest.mark.parametrize(
    "result",
    [
        {"status": "success", "error_code": "DRS.M00304", "error_msg": "no"},
        {"status": "success", "succeeded": False},
        {"status": "success", "error_msg": "The task status does not allow this"},
        {"status": "true"},
        {"status": "accepted"},
        {"status": None},
        {"status": True},
    ],
)
def test_a_result_that_is_no_plain_success_is_not_called_stored(result):
    service = StoringService(stores={job_id(1): result})

    (job,) = stored(service, ends(1)).stores

    assert (job.passed, job.stored) == (False, False)


def test_a_store_whose_answer_is_lost_is_sent_again_because_it_has_the_same_effect_twice():
    service = StoringService(lost_stores=2)

    report = stored(service, ends(1))

    assert report.passed
    bodies = {request.body for request in service.calls("batch-modification")}
    assert (service.sent().count("batch-modification"), len(bodies)) == (3, 1)


def test_a_store_whose_every_answer_is_lost_is_not_called_stored():
    service = StoringService(lost_stores=99)

    (job,) = stored(service, ends(1), max_attempts=2).stores

    assert (job.passed, job.stored) == (False, False)
    assert "it is not known whether DRS has stored the endpoints" in (job.text or "")


def test_a_store_that_cannot_be_compared_is_not_proven():
    def silent(detail: dict[str, Any]) -> None:
        if detail.get("stored") and detail["id"] == job_id(1):
            detail["status"] = ""

    other, job = stored(StoringService(detail=silent), [*ends(2), *ends(1)]).stores

    assert (job.passed, job.stored) == (False, False)
    assert "cannot be compared" in (job.text or "")
    assert other.stored


def test_an_odd_detail_before_the_test_concerns_its_own_job_only():
    def silent(detail: dict[str, Any]) -> None:
        if detail["id"] == job_id(1):
            detail["status"] = ""

    service = StoringService(detail=silent)

    report = stored(service, [*ends(1), *ends(2)])

    assert [job.stored for job in report.stores] == [False, True]
    assert "has no status" in (report.endpoints[0].text or "")
    assert {entry["id"] for call in service.calls("batch-connection") for entry in call.entries} == {job_id(2)}


def test_without_any_detail_no_database_is_logged_in_to():
    service = StoringService()
    service.answer = lambda request: Reply({"error_code": "DRS.M00103", "error_msg": "no"}, 401)

    with pytest.raises(DrsPermissionError):
        stored(service, ends(1))

    assert service.sent() == ["batch-detail"]


def test_a_client_that_is_stopped_after_the_store_ends_the_run_and_leaves_no_report():
    clients: list[Any] = []

    def stop(detail: dict[str, Any]) -> None:
        if detail.get("stored"):
            clients[0].cancel()

    with StoringService(detail=stop) as service, client(service) as drs:
        clients.append(drs)
        endpoints, settings = parse_for_store(ends(1), None)
        with pytest.raises(DrsStoppedError):
            run_tests_and_store(drs, endpoints, settings, endpoints, max_concurrency=2)


def test_a_password_that_an_error_of_the_details_repeats_is_not_shown():
    service = StoringService()
    reply = service.answer

    def telling(request: Request) -> Reply:
        if service.stored and request.path.endswith("batch-detail"):
            text = f"cannot read {service.stored[job_id(1)]['source_endpoint']}"
            return Reply({"error_code": "DRS.M00202", "error_msg": text}, 400)
        return reply(request)

    service.answer = telling

    report = stored(service, ends(1, db_password="canary-password"))

    assert not report.passed
    assert "canary" not in repr(report) + str(report.to_dict())


def test_a_store_that_drs_refuses_as_a_call_says_so_and_costs_no_retry():
    service = StoringService()
    reply = service.answer

    def refusing(request: Request) -> Reply:
        if request.path.endswith("batch-modification"):
            return Reply({"error_code": "DRS.M00102", "error_msg": "no right"}, 403)
        return reply(request)

    service.answer = refusing

    report = stored(service, ends(1))

    (job,) = report.stores
    assert job.text == "not stored: no right"
    assert job.hint == "Grant drs:migrationJob:modify on this project to the caller."
    assert [error.retryable for error in report.errors] == [False]


def test_a_refusal_with_results_is_told_of_each_job_by_its_own_result():
    refused = {"status": "failed", "error_code": "DRS.M00304", "error_msg": "not now"}
    results = [{"id": job_id(1), **refused}, {"id": job_id(2), "status": "success"}]
    service = StoringService()
    reply = service.answer
    service.answer = lambda request: (
        Reply({"results": results, "count": 2}, 400) if request.path.endswith("modification") else reply(request)
    )

    first, second = stored(service, [*ends(1), *ends(2)]).stores

    assert first.text == "not stored: DRS.M00304: not now"
    assert second.text == "not stored: DRS refused the call because of another job in it"
    assert (first.stored, second.stored) == (False, False)


def test_a_difference_is_nothing_that_a_retry_may_overwrite():
    (job,) = stored(StoringService(detail=changed("source_endpoint", db_user="x")), ends(1)).stores

    assert not job.retryable


def test_a_job_that_becomes_ready_between_its_details_and_its_status_is_told_as_such():
    def creating(detail: dict[str, Any]) -> None:
        detail["status"] = "CREATING"

    (job,) = stored(StoringService(detail=creating), ends(1)).stores

    assert job.text == "not stored: the job was in CREATING when its details were read"


def test_a_job_without_a_node_does_not_ask_for_the_size_of_its_node():
    def lost(detail: dict[str, Any]) -> None:
        detail["inst_info"] = {"status": "deleted"}

    report = stored(StoringService(detail=lost), ends(1))

    assert "DRS has released the node" in (report.endpoints[0].text or "")


def test_a_name_for_several_jobs_is_bad_input():
    with pytest.raises(DrsInputError, match="2 jobs would have one name"):
        parse_for_store([*ends(1), *ends(2)], {"name": "wave-three"})


def test_the_report_of_a_thousand_refused_jobs_keeps_its_size():
    refused = JobVerdict(job_id(1), False, False, "DRS.M00304", "x" * 500)
    verdict = Verdict(job_id(1), None, "source", "mysql", "h:1", True)

    report = Report((verdict,), stores=(refused,) * 1000).to_dict()

    assert sum(len(job["text"]) for job in report["jobs"]) < 130_000


def test_a_job_with_a_failed_end_is_not_stored_and_its_neighbour_is():
    service = StoringService(results={job_id(1): REFUSED})

    report = stored(service, [*ends(1), *ends(2)])

    assert [entry["job_id"] for call in service.calls("batch-modification") for entry in call.entries] == [job_id(2)]
    first, second = report.stores
    assert (first.passed, first.stored, first.text) == (False, False, "not stored: an endpoint of the job did not pass")
    assert second.stored
    # its endpoints are the failures, and the job is not counted once more
    assert (len(report.failed), report.not_stored, report.to_dict()["failed"]) == (2, [], 2)


def test_a_job_with_one_end_only_is_tested_and_not_stored():
    service = StoringService()

    report = stored(service, [endpoint(1)])

    assert service.sent().count("batch-modification") == 0
    assert report.endpoints[0].passed
    assert report.stores[0].text == "not stored: jobs has only one end of the job"
    assert not report.passed


def test_a_job_without_a_node_is_told_as_such_and_not_tested():
    def lost(detail: dict[str, Any]) -> None:
        if detail["id"] == job_id(1):
            detail["inst_info"]["status"] = "deleted"

    service = StoringService(detail=lost)

    report = stored(service, [*ends(1), *ends(2)])

    assert {entry["id"] for call in service.calls("batch-connection") for entry in call.entries} == {job_id(2)}
    assert "DRS has released the node" in (report.endpoints[0].text or "")
    assert (report.endpoints[0].attempts, report.stores[0].stored, report.stores[1].stored) == (0, False, True)


def test_settings_of_the_dag_win_over_those_of_the_job():
    service = StoringService()

    stored(service, [*ends(1), *ends(2)], {job_id(1): {"node_type": "small", "replace_definer": "false"}})

    entries = {entry["job_id"]: entry for call in service.calls("batch-modification") for entry in call.entries}
    assert (entries[job_id(1)]["node_type"], entries[job_id(1)]["replace_definer"]) == ("small", False)
    assert (entries[job_id(2)]["node_type"], entries[job_id(2)]["replace_definer"]) == ("high", True)


def test_what_neither_job_nor_settings_give_is_an_error_before_anything_is_tested():
    def silent(detail: dict[str, Any]) -> None:
        detail["inst_info"] = {"inst_type": "ultrahigh"}

    service = StoringService(detail=silent)

    with pytest.raises(DrsInputError) as caught:
        stored(service, [*ends(1), *ends(2)], {job_id(1): {"engine_type": "mysql"}})

    assert service.sent() == ["batch-detail"]
    assert len(caught.value.violations) == 3


def test_all_rules_of_test_and_store_are_in_one_error_and_nothing_is_sent():
    jobs = [
        endpoint(1, db_name="a<b", cluster_mode="Sharding4.0+"),
        endpoint(1, db_user=None),
        *ends(2),
        endpoint(2, net_type="vpn"),
        endpoint(3, end_point_type="ta", cluster_mode="Sharding4.0+"),
    ]
    settings = {"node_type": "huge", "job_id": "x", "colour": "red"}

    with pytest.raises(DrsInputError) as caught:
        parse_for_store(jobs, settings)

    # what is wrong with one endpoint alone hides what is wrong between endpoints
    assert sorted(line.partition(":")[0] for line in caught.value.violations) == [
        "job_settings.colour",
        "job_settings.job_id",
        "job_settings.node_type",
        "jobs[1].db_user",
    ]
    with pytest.raises(DrsInputError) as caught:
        parse_for_store([jobs[0], *jobs[2:]], {"net_type": "vpc"})
    assert sorted({line.partition(":")[0] for line in caught.value.violations}) == [
        "jobs[0].db_name",
        "jobs[0].net_type",
        "jobs[1].end_point_type",
        "jobs[1].net_type",
        "jobs[2].net_type",
        "jobs[3].end_point_type",
        "jobs[3].net_type",
        "jobs[4].cluster_mode",
        "jobs[4].net_type",
    ]


def test_the_digest_of_a_job_is_that_of_what_drs_has_stored():
    first = stored(StoringService(), ends(1)).stores[0]
    again = stored(StoringService(detail=changed("source_endpoint", db_password="another")), ends(1)).stores[0]
    other = stored(StoringService(detail=changed("source_endpoint", db_user="another")), ends(1)).stores[0]

    assert first.digest == again.digest != other.digest


def test_an_endpoint_of_a_cluster_is_tested_by_a_call_of_its_own_and_stored_like_any_other():
    import json

    service = StoringService()

    report = stored(service, [{**member, "cluster": True} for member in ends(1)])

    calls = [request for request in service.requests if request.path.endswith("/cluster/batch-connection")]
    assert [len(call.entries) for call in calls] == [1, 1]
    sides = {json.loads(call.entries[0]["property"])[0]["endpointtype"] for call in calls}
    assert sides == {"so", "ta"}
    assert report.passed
    assert "cluster" not in str(service.calls("batch-modification")[0].body)
