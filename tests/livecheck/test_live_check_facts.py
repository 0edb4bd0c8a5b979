"""Each fact is drawn from what shows it: the answer of a call, its code, its date, and all calls of one kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest
from checking import Result, check
from samples import job_id
from wire import Reply, Request, Service

from airflow_provider_drs.api.errors import DrsTimeoutError
from airflow_provider_drs.api.model.hidden import HiddenBytes
from airflow_provider_drs.api.operations.job_list import JOB_LIST
from airflow_provider_drs.api.wire.connection import RawAnswer
from airflow_provider_drs.livecheck.client import Exchange
from airflow_provider_drs.livecheck.contact import ABSENT, Contact
from airflow_provider_drs.livecheck.findings import Check
from airflow_provider_drs.livecheck.options import REFUSED
from airflow_provider_drs.livecheck.probes.exchanges import look_at_exchanges
from airflow_provider_drs.livecheck.redaction import Redactor

NOTHING = {"total_record": 0, "jobs": [], "results": [], "count": 0}
REFUSAL = Reply({"error_code": "APIGW.0301", "error_msg": "no token"}, 401)
MISSING = Reply({"error_code": "APIGW.0101", "error_msg": "no such API"}, 404)


@pytest.fixture
def against(monkeypatch, tmp_path) -> Callable[..., Result]:
    """Return a function that runs a check against a service with these answers to who has a token."""

    def run(answer: Callable[[Request], Reply], *options: str, knock: Reply = REFUSAL, **of_check: Any) -> Result:
        def reply(request: Request) -> Reply:
            return answer(request) if "X-Auth-Token" in request.headers else knock

        with Service(reply) as service:
            connection = {"conn_type": "drs", "host": service.url, "password": "a-token", "extra": {"project_id": "p"}}
            monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))
            return check(tmp_path / "run", *options, **{"jobs": [], **of_check})

    return run


def test_a_region_without_v3_is_told_and_is_no_fault_of_the_credential(against):
    result = against(lambda request: MISSING, knock=MISSING)

    assert result.code == REFUSED
    assert result.check("credential")["passed"] is None
    assert result.seen("v3-removal")["answers"] is False


@pytest.mark.parametrize("refused", ["batch-status", "batch-precheck-result", "jobs?job_type=migration&limit=1"])
def test_a_credential_that_is_refused_later_ends_the_check_at_once(against, refused):
    asked = []

    def answer(request: Request) -> Reply:
        asked.append(request.path.rpartition("/")[2])
        return REFUSAL if asked[-1] == refused else Reply(NOTHING)

    result = against(answer, jobs=[job_id(1)])

    assert asked.count(refused) == 1
    assert asked[-1] == refused
    assert result.check("end")["told"].startswith("the check ended early: DrsCredentialError (APIGW.0301, HTTP 401)")


@pytest.mark.parametrize("status", [302, 404])
def test_a_call_that_is_not_served_is_neither_allowed_nor_denied(against, status):
    def answer(request: Request) -> Reply:
        return Reply(NOTHING) if request.path.endswith("/jobs") else Reply(MISSING.payload, status)

    result = against(answer)

    assert result.check("permission batchListJobStatus")["told"].startswith(f"HTTP {status}")
    assert result.seen("permissions")["batchListJobStatus"]["allowed"] is None
    assert result.seen("v3-removal")["answers"] is True


@pytest.mark.parametrize(("code", "prefix"), [("APIGW.0301", "APIGW."), ("APIG-0301", "APIG-"), ("DRS.M00100", "DRS.")])
def test_what_stands_before_the_number_of_a_code_is_told(against, code, prefix):
    result = against(lambda request: Reply(NOTHING), knock=Reply({"error_code": code}, 401))

    assert result.seen("code-prefix") == {"prefixes": [prefix]}


def test_a_read_that_fails_is_not_repeated_and_a_job_that_is_named_twice_is_read_once(against):
    asked = []

    def answer(request: Request) -> Reply:
        asked.append(request.path.rpartition("/")[2])
        return Reply({"error_code": "DRS.M00004"}, 503) if asked[-1] == "batch-status" else Reply(NOTHING)

    result = against(answer, jobs=[job_id(1), job_id(1)])

    assert asked.count("batch-status") == 2, "of the named job, and beside the absent one"
    assert result.check("jobs") == {"check": "jobs", "passed": False, "told": "0 of 1 have a known status"}


def test_a_permission_that_is_missing_is_told_with_the_action_that_the_refusal_names(against):
    denial = {"error_code": "APIGW.0302", "error_msg": "Policy doesn't allow drs:jobs:list to be performed."}
    listed = against(lambda request: Reply(denial, 403)).seen("permissions")["showJobList"]

    assert (listed["allowed"], listed["code"], listed["named_actions"]) == (False, "APIGW.0302", ["drs:jobs:list"])


@pytest.mark.parametrize(("turn", "order"), [(0, "as asked"), (1, "another")])
def test_an_order_is_told(against, turn, order):
    def answer(request: Request) -> Reply:
        if not request.path.endswith("/batch-status"):
            return Reply(NOTHING)
        ids = request.json["jobs"]
        results = [{"id": each, "status": "CONFIGURATION"} for each in ids[turn:] + ids[:turn]]
        return Reply({"results": results, "count": len(results)})

    seen = against(answer, jobs=[job_id(3), job_id(1), job_id(2)]).seen("results-order")

    assert seen == {"batchListJobStatus": {"results": 4, "orders": [order]}}


def test_a_person_is_shown_what_was_seen_and_why_the_rest_was_not(against, capsys):
    result = against(lambda request: Reply(NOTHING))
    table, _, rest = capsys.readouterr().out.partition("Not seen, because")
    names = {each["id"]: each["seen"] is not None for each in result.answers["unknowns"]}

    assert {name for name, seen in names.items() if seen} == {name for name in names if f"\n│ {name} " in table}
    assert {name for name, seen in names.items() if not seen} == names.keys() & re.findall(r"[\w-]+", rest)


def test_a_v5_that_gives_no_answer_is_told(against):
    def answer(request: Request) -> Reply:
        lost = {"Content-Length": "9999", "Connection": "close"}
        return Reply(NOTHING, headers=lost if request.path.startswith("/v5/") else {})

    assert against(answer).check("v5") == {"check": "v5", "passed": None, "told": "no answer"}


def test_a_long_wait_after_the_last_answer_says_nothing_of_the_clock():
    answered = datetime.now(timezone.utc) - timedelta(minutes=20)
    dated = RawAnswer(200, {"Date": format_datetime(answered, usegmt=True)}, HiddenBytes(b"{}"))
    lost = Exchange(JOB_LIST, None, None, DrsTimeoutError("no answer"), 0.1, 1200, datetime.now(timezone.utc))
    client: Any = SimpleNamespace(
        exchanges=[Exchange(JOB_LIST, None, dated, None, 0, 0.1, answered), lost], tls_version=None
    )

    assert Check("clock", True, "equal") in list(look_at_exchanges(Contact(client, Redactor())))


@pytest.mark.parametrize(("secret", "masked"), [("******", True), ("*of-the-service*", False)])
def test_a_mask_is_no_secret(against, secret, masked):
    jobs = [job_id(number) for number in range(12)]
    beside_the_absent = []

    def answer(request: Request) -> Reply:
        if ABSENT.encode() in request.body:
            beside_the_absent.append(len(request.json["jobs"]))
        if not request.path.endswith("/batch-detail"):
            return Reply(NOTHING)
        # the last calls ask about other jobs than the first
        ids = request.json["jobs"]
        end = {"db_user": "reader", **({"db_password": secret} if jobs[0] in ids else {})}
        results = [{"id": each, "status": "CONFIGURATION", "source_endpoint": end} for each in ids]
        return Reply({"results": results, "count": len(results)})

    seen = against(answer, jobs=jobs).seen("stored-secrets")

    assert seen["stored_endpoints"] == 12
    # a page of details
    assert beside_the_absent == [10, 10, 10]
    assert seen["masked_members" if masked else "secret_members"] == ["db_password"]
    assert seen["secret_members" if masked else "masked_members"] == []


def test_a_secret_of_kafka_is_found_where_it_stands(against):
    def answer(request: Request) -> Reply:
        kafka = {"type": "SSL", "trust_store_password": "s3cr3t", "key_store_password": ""}
        results = [{"id": job_id(1), "target_endpoint": {"db_type": "kafka", "kafka_security_config": kafka}}]
        return Reply({"results": results, "count": 1}) if request.path.endswith("/batch-detail") else Reply(NOTHING)

    assert against(answer, jobs=[job_id(1)]).seen("stored-secrets")["secret_members"] == ["trust_store_password"]


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
def test_a_login_that_iam_refuses_is_no_fault_of_the_check(monkeypatch, tmp_path, status):
    def answer(request: Request) -> Reply:
        return Reply({"error": {"code": status, "message": "no"}}, status) if "/auth/" in request.path else REFUSAL

    with Service(answer) as service:
        extra = {"auth_type": "password", "project_id": "p", "iam_endpoint": service.url}
        connection = {"conn_type": "drs", "host": service.url, "login": "user", "password": "password", "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))
        result = check(tmp_path / "run", jobs=[])

    assert result.code == REFUSED
    assert result.check("credential")["passed"] is (False if status in (401, 403) else None)
    assert result.seen("permissions") is None
