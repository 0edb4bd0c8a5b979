"""The report: the reason first, nothing hidden, with a time and a digest, and no secret in it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import endpoint, job_id

from airflow_provider_drs.api.digest import digest
from airflow_provider_drs.api.endpoint import Endpoint, parse_endpoints
from airflow_provider_drs.api.errors import DrsInputError, DrsUnreachableError
from airflow_provider_drs.api.model.job_verdict import JobVerdict
from airflow_provider_drs.api.model.report import Report, Verdict
from airflow_provider_drs.api.model.summary import MAX_ROWS
from airflow_provider_drs.api.operations.connection_test import verdict_on

AT = datetime(2026, 11, 26, 21, 46, 12, tzinfo=timezone.utc)
REFUSED = Verdict(
    job_id=job_id(1),
    label="billing",
    side="target",
    db_type="postgresql",
    address="10.0.0.1:5432",
    passed=False,
    code="DRS.KE0002",
    text='password authentication failed for user "drs"',
    hint="Correct the password.",
    request_id="r-1",
    digest="sha256:1",
)
PASSED = Verdict(
    job_id=job_id(2),
    label=None,
    side="source",
    db_type="mysql",
    address="10.0.0.2:3306",
    passed=True,
    request_id="r-1",
    digest="sha256:2",
)


def parsed(**members: Any) -> Endpoint:
    (one,) = parse_endpoints([endpoint(1, **members)])
    return one


# --- lines ---


def test_a_line_has_name_and_reason_first_then_code_and_hint_then_address_job_and_request():
    assert REFUSED.line == (
        'billing (target): password authentication failed for user "drs" [DRS.KE0002] Correct the password. '
        f"(postgresql at 10.0.0.1:5432, job {job_id(1)}, request id r-1)"
    )


@pytest.mark.parametrize("text", ["the job is in CREATE_FAILED", "the job is in CREATE_FAILED."])
def test_without_a_code_one_full_stop_separates_the_reason_from_the_hint(text):
    verdict = replace(REFUSED, text=text, code=None)

    assert "(target): the job is in CREATE_FAILED. Correct the password. (" in verdict.line


def test_an_endpoint_without_a_label_is_named_by_its_address():
    assert PASSED.line == (f"10.0.0.2:3306 (source): passed (mysql at 10.0.0.2:3306, job {job_id(2)}, request id r-1)")


def test_a_long_reason_is_cut_in_the_line_and_whole_in_the_report():
    verdict = replace(REFUSED, text="x" * 500)

    assert "x" * 200 in verdict.line
    assert "x" * 201 not in verdict.line
    assert Report((verdict,)).to_dict()["endpoints"][0]["text"] == "x" * 500


def test_the_error_has_the_lines_of_the_failed_endpoints_with_their_hints():
    error = Report((PASSED, REFUSED)).failure()

    assert str(error) == f"1 of 2 endpoints failed the connection test:\n  {REFUSED.line}"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("DRS.KE0002", "no"),
        (None, 'FATAL: password authentication failed for user "drs"'),
        ("DRS.M01501", "Access denied for user 'drs'@'10.0.0.1' (using password: YES)"),
        ("DRS.M01501", "(left out: it may repeat a secret)"),
        (None, "The username or password is incorrect"),
        (None, "Incorrect database username or password"),
        (None, "Your password has expired. To log in you must change it"),
        (None, 'role "drs" is not permitted to log in'),
        (None, "ORA-01045: user DRS lacks CREATE SESSION privilege; logon denied"),
        (None, "Exception authenticating MongoCredential{mechanism=SCRAM-SHA-256}"),
        (None, "Login failed for user 'drs'."),
        (None, "WRONGPASS invalid username-password pair or user is disabled."),
        (None, "密码不正确"),
        (None, "登录失败"),
        (None, "账户已被锁定"),
        (None, "SASL authentication failed"),
        (None, "ORA-01017: invalid username/password; logon denied"),
        (None, "ORA-28000: The account is locked."),
        (None, "用户名或密码错误"),
    ],
)
def test_a_refused_login_is_not_retryable_whatever_says_so(code, text):
    assert not replace(REFUSED, code=code, text=text).retryable


@pytest.mark.parametrize(
    "text",
    [
        "Connection refused",
        "timed out",
        "no route to host",
        "the certificate has expired",
        "Login failed: connection timed out",
        "TLS authentication failure: certificate verify failed",
        "client login failed: I/O error: Connection reset",
        "Authentication failed due to invalid credentials, (2) Firewall blocking, (3) Transient network issue",
        "连接失败, 请检查IP、端口、用户名或密码是否正确",
        "Connection failed. Check IP address, port, or whether an incorrect user name or password was entered",
    ],
)
def test_any_other_failure_is_retryable(text):
    assert replace(REFUSED, code="DRS.M01501", text=text).retryable


@pytest.mark.parametrize(("attempts", "tested"), [(0, False), (1, True), (2, True)])
def test_an_endpoint_was_tested_if_it_was_sent(attempts, tested):
    assert replace(REFUSED, attempts=attempts).tested is tested


@pytest.mark.parametrize(("status", "retryable"), [("CREATING", True), ("CREATE_FAILED", False), ("DELETED", False)])
def test_an_endpoint_of_a_job_that_is_not_ready_is_retryable_while_the_job_can_become_ready(status, retryable):
    assert replace(REFUSED, code=None, text="not ready", status=status).retryable is retryable


CREATING = replace(REFUSED, code=None, text="not ready", status="CREATING", attempts=0)
OUT_OF_STATE = replace(REFUSED, code="DRS.M00304", text="Not allowed in this status.")


@pytest.mark.parametrize("verdicts", [(CREATING,), (OUT_OF_STATE,), (PASSED, CREATING, OUT_OF_STATE)])
def test_a_report_is_about_jobs_that_are_not_ready_if_nothing_else_has_failed(verdicts):
    assert Report(verdicts).not_ready


@pytest.mark.parametrize(
    "verdicts",
    [
        (),
        (PASSED,),
        (CREATING, REFUSED),
        (OUT_OF_STATE, replace(REFUSED, code="DRS.M01501", text="Connection timed out")),
        (replace(CREATING, status="FULL_TRANSFER_STARTED"),),
        (replace(CREATING, status="CREATE_FAILED"),),
    ],
)
def test_a_report_with_another_failure_is_not_about_jobs_that_are_not_ready(verdicts):
    assert not Report(verdicts).not_ready


@pytest.mark.parametrize(
    ("job", "waits"),
    [
        (JobVerdict(job_id(2), False, False, "DRS.M00304", "Not allowed in this status."), True),
        (JobVerdict(job_id(2), False, False, "DRS.M00304", "Not allowed in this status.", changed=True), False),
        (JobVerdict(job_id(2), False, False, "DRS.M00202", "no"), False),
    ],
)
def test_a_job_that_is_not_stored_counts_for_that_as_an_endpoint_does(job, waits):
    assert Report((PASSED, CREATING), stores=(job,)).not_ready is waits


# --- the report ---


def test_a_report_is_plain_json_in_the_order_of_its_endpoints():
    report = Report((PASSED, REFUSED), checked_at=AT)

    content = report.to_dict()

    assert json.loads(json.dumps(content)) == content
    assert {name: value for name, value in content.items() if name not in ("summary", "digest")} == {
        "schema": 1,
        "kind": "connections",
        "passed": False,
        "failed": 1,
        "checked_at": "2026-11-26T21:46:12+00:00",
        "endpoints": [
            {
                "job_id": one.job_id,
                "label": one.label,
                "side": one.side,
                "db_type": one.db_type,
                "address": one.address,
                "passed": one.passed,
                "code": one.code,
                "text": one.text,
                "hint": one.hint,
                "request_id": "r-1",
                "seconds": 0.0,
                "attempts": 1,
                "status": None,
                "digest": one.digest,
            }
            for one in (PASSED, REFUSED)
        ],
        "jobs": [
            {
                "job_id": one.job_id,
                "passed": one.passed,
                "stored": None,
                "code": None,
                "text": None,
                "hint": None,
                "request_id": None,
                "digest": job.digest,
                "unproven": [],
                "warnings": [],
                "node": None,
                "update_time": None,
                "checked_at": None,
            }
            for one, job in zip((PASSED, REFUSED), report.jobs, strict=True)
        ],
    }


def test_the_summary_is_a_table_with_the_failed_endpoints_first():
    summary = Report((PASSED, REFUSED), checked_at=AT).summary.splitlines()

    assert summary[0] == (
        "**1 of 2 endpoints passed the connection test, 1 failed. Checked at 2026-11-26 21:46:12 UTC.**"
    )
    assert summary[2] == "| Endpoint | Result | Code | What to do | Address | Job | Request id |"
    assert [line.split(" | ")[0] for line in summary[4:]] == ["| billing (target)", "| 10.0.0.2:3306 (source)"]


@pytest.mark.parametrize(
    "text", ["a | b", "a\nb", "![x](http://a)", "<img src=x>", "`a`", "**a**", "\\| b", "[a](javascript:b)", "a\r\n|b"]
)
def test_no_text_is_active_in_the_summary_or_breaks_its_table(text):
    summary = Report((replace(REFUSED, text=text, label=text),), checked_at=AT).summary

    rows = summary.splitlines()[4:]
    assert len(rows) == 1
    plain = rows[0].replace("\\\\", "")
    unescaped = [sign for at, sign in enumerate(plain) if sign in "|<>[]`*!" and plain[at - 1 : at] != "\\"]
    assert unescaped == ["|"] * 8


@pytest.mark.parametrize(
    "text", ["https://evil.example/x", "HTTP://evil.example", "www.evil.example", "a@evil.example"]
)
def test_the_summary_has_no_address_of_which_a_page_makes_a_link(text):
    summary = Report((replace(REFUSED, text=text, label=text, address=text),), checked_at=AT).summary

    assert not re.search(r"(?i)https?://|www\.|\w@\w", summary)


def test_a_summary_of_many_has_a_limit_and_states_how_many_are_not_in_it():
    report = Report(tuple([PASSED] * MAX_ROWS + [REFUSED]), checked_at=AT)

    lines = report.summary.splitlines()

    assert len(lines) == 4 + MAX_ROWS + 2
    assert "billing" in lines[4]
    assert lines[-1] == "The report has 1 more."


@pytest.mark.parametrize("letter", ["x", "密", "\N{PILE OF POO}", '"', "|"])
def test_a_report_of_a_thousand_endpoints_stays_under_a_megabyte_and_its_texts_keep_their_beginning(letter):
    worst = replace(
        REFUSED,
        label=letter * 100,
        text=letter * 500,
        address=",".join(["db.example.org:3306"] * 30),
        hint="Check address and port, and that firewall and security group admit the address of the DRS instance.",
        request_id="r" * 32,
        digest=digest(1),
    )

    content = Report((worst,) * 1000).to_dict()

    assert len(json.dumps(content)) < 1_000_000
    for name in ("label", "text", "address"):
        kept = content["endpoints"][0][name]
        assert kept
        assert getattr(worst, name).startswith(kept)


def test_a_report_on_very_much_bad_input_stays_under_a_megabyte_and_states_how_much_is_not_in_it():
    report = Report((), (DrsInputError([f"jobs[{number}].ip: " + "密" * 100 for number in range(2000)]),)).to_dict()

    assert len(json.dumps(report)) < 1_000_000
    assert report["errors"][-1] == "and 1000 more"


def test_a_report_on_bad_input_has_every_violation_and_has_not_passed():
    report = Report((), (DrsInputError(["jobs[0].ip: is missing", "jobs[1].id: is missing"]),)).to_dict()

    assert (report["passed"], report["failed"], report["endpoints"]) == (False, 0, [])
    assert report["errors"] == ["jobs[0].ip: is missing", "jobs[1].id: is missing"]
    assert "jobs\\[0\\].ip: is missing" in report["summary"]


def test_a_report_without_endpoints_has_the_error_that_ended_the_run():
    assert Report((), (DrsUnreachableError("no connection"),)).to_dict()["errors"] == ["no connection"]


# --- the digest ---

PLAIN: dict[str, list[Any]] = {
    "net_type": ["eip", "vpc", "vpn"],
    "db_type": ["mysql", "postgresql"],
    "ip": ["192.0.2.10", "192.0.2.11", "db.example.org"],
    "db_port": [3306, 3307],
    "db_user": ["drs", "other"],
    "db_name": ["shop", "shop2"],
    "end_point_type": ["so", "ta"],
    "region": ["cn-north-4", "cn-north-1"],
    "project_id": ["054ba152d480d55b2f5dc0069e7ddef0", "154ba152d480d55b2f5dc0069e7ddef0"],
    "inst_id": ["i-1", "i-2"],
    "vpc_id": ["v-1", "v-2"],
    "subnet_id": ["s-1", "s-2"],
}
MEMBERS = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in PLAIN.items()})


@given(MEMBERS, st.sampled_from(sorted(PLAIN)), st.data())
def test_the_digest_differs_when_any_member_that_is_no_secret_differs(members, name, data):
    other = data.draw(st.sampled_from([value for value in PLAIN[name] if value != members[name]]))

    assert parsed(**members).digest != parsed(**{**members, name: other}).digest


@given(MEMBERS, st.text("abcdefgh1234", min_size=1), st.text("abcdefgh1234", min_size=1), st.randoms())
def test_the_digest_is_the_same_for_another_password_label_and_order_of_members(members, one, other, random):
    shuffled = list(members.items())
    random.shuffle(shuffled)

    first = parsed(**members, db_password=one, label="one")
    second = parsed(**dict(shuffled), db_password=other, label="other")

    assert first.digest == second.digest
    assert "db_password" not in first.public()


@given(st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=6), st.randoms())
def test_the_digest_of_a_report_is_the_same_for_another_order_of_endpoints(numbers, random):
    verdicts = [verdict_on(one) for one in parse_endpoints([endpoint(number) for number in numbers])]
    shuffled = list(verdicts)
    random.shuffle(shuffled)

    assert Report(tuple(verdicts)).digest == Report(tuple(shuffled)).digest
    assert Report(tuple(verdicts)).digest != Report(tuple(verdicts[1:])).digest


def test_the_digest_of_a_report_differs_when_an_endpoint_of_the_same_job_differs():
    assert Report((PASSED,)).digest != Report((replace(PASSED, digest="sha256:3"),)).digest


def test_secrets_within_other_objects_are_not_in_the_digest_either():
    kafka = {"type": "SASL_SSL", "sasl_mechanism": "PLAIN", "trust_store_password": "hunter22"}
    whole = Endpoint.model_construct(
        {"id", "kafka_security_config"}, id=job_id(1), kafka_security_config=parsed_kafka(kafka)
    )

    assert "hunter22" not in json.dumps(whole.public())
    assert whole.public()["kafka_security_config"]["type"] == "SASL_SSL"


def parsed_kafka(members: dict[str, Any]) -> Any:
    from airflow_provider_drs.api.endpoint import KafkaSecurity

    return KafkaSecurity.model_construct(set(members), **members)
