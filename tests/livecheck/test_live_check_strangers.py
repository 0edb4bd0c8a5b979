"""What is not DRS is named, and gets no credential."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from checking import JOBS, check, world
from hostile import Hostile, Peer, certificate, http
from wire import Reply, Service

from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.livecheck.options import NO_SERVICE, REFUSED, WELL, WRONG_INPUT

PROJECT = "054ba152d480d55b2f5dc0069e7ddef0"
SECRET = "s3cr3t-c4nary-0123456789"
HTML = {"Content-Type": "text/html; charset=utf-8"}
SIGN_IN = b"<html><form action=/login><input type=password name=password></form>"
STRANGERS = {
    "a web page": lambda request: Reply(raw=b"<html>Directory listing", headers=HTML),
    "a web page that is missing": lambda request: Reply(raw=b"<html>File not found", status=404, headers=HTML),
    "a sign-in page": lambda request: Reply(raw=SIGN_IN, headers=HTML),
    "a redirect, such as to a sign-in page,": lambda request: Reply(status=302, headers={"Location": "/login"}),
    "something that speaks JSON": lambda request: Reply({"jobs": []}),
    "something that speaks JSON and refuses": lambda request: Reply({"error": "who are you?"}, 401),
    "something that speaks JSON and refuses with a code": lambda request: Reply({"error_code": "E401"}, 401),
    "something that speaks JSON and has a code": lambda request: Reply({"error_code": "DRS.M00001"}),
    "something without JSON": lambda request: Reply(raw=b"no", status=401),
}


@pytest.fixture(params=["token", "aksk", "password"])
def connect(request, monkeypatch):
    """Return a function that points ``drs_default`` at a URL, with one kind of credential."""

    def point(url, **extra):
        connection = {"conn_type": "drs", "host": url, "password": SECRET}
        if request.param != "token":
            connection["login"] = f"user-{SECRET}"
        members = {"auth_type": request.param, "project_id": PROJECT, "iam_endpoint": url, **extra}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps({**connection, "extra": members}))

    return point


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_is_named_and_gets_one_request_without_anything_of_the_caller(connect, tmp_path, stranger):
    with Service(STRANGERS[stranger]) as service:
        connect(service.url)
        result = check(tmp_path)

    (request,) = service.requests
    assert not {"X-Auth-Token", "Authorization", "X-Security-Token", "X-Project-Id"} & set(request.headers.keys())
    sent = f"{request.path} {request.headers} {request.body!r}"
    assert not [value for value in (PROJECT, SECRET, *JOBS) if value in sent]
    assert result.code == NO_SERVICE
    (told,) = result.answers["checks"]
    assert told["passed"] is False
    assert told["told"].startswith(stranger.partition(" that is")[0].partition(" and ")[0])
    assert told["told"].endswith("which is not DRS; no credential was sent")


def test_a_server_whose_certificate_has_another_name_gets_no_request(connect, tmp_path):
    context, pem = certificate(tmp_path, "drs.example.com")
    with Hostile(lambda before, request: http({}), context) as server:
        connect(server.url, verify=pem)
        result = check(tmp_path / "run")

    assert server.requests == 0
    assert result.code == NO_SERVICE
    (told,) = result.answers["checks"]
    assert told["told"] == "nobody answers, so no credential was sent: DrsTlsError (ip address mismatch)"


def test_the_version_of_tls_is_told_where_the_certificate_is_valid(monkeypatch, tmp_path):
    context, pem = certificate(tmp_path, "127.0.0.1")
    refusal = {"error_code": "APIGW.0301", "error_msg": "no token"}
    nothing = {"total_record": 0, "jobs": [], "results": [], "count": 0}

    def answer(before, request):
        return http(nothing) if before else http(refusal, "401 Unauthorized")

    with Hostile(answer, context) as server:
        connection = {"conn_type": "drs", "host": server.url, "password": SECRET}
        extra = {"project_id": PROJECT, "verify": pem}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps({**connection, "extra": extra}))
        result = check(tmp_path / "run", jobs=[])

    assert result.check("TLS") == {"check": "TLS", "passed": True, "told": "TLSv1.3, valid certificate"}


@pytest.mark.parametrize("answer", ["302 Found", "407 Proxy Authentication Required", "403 Forbidden"])
def test_the_sign_in_page_of_a_proxy_gets_no_credential(connect, monkeypatch, tmp_path, answer):
    page = b"".join(http(SIGN_IN, answer, "text/html"))

    def refuse(connection, number):
        peer.read(connection)
        connection.sendall(page)

    with Peer(refuse) as peer:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, peer.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        connect("https://drs.cn-north-4.myhuaweicloud.com")
        result = check(tmp_path)

    assert [request.partition(b" ")[0] for request in peer.requests] == [b"CONNECT"]
    assert not [value for value in (PROJECT, SECRET) if value.encode() in b"".join(peer.requests)]
    assert result.code == NO_SERVICE
    assert f"(HTTP {answer[:3]})" in result.answers["checks"][0]["told"]


def test_a_service_that_refuses_without_a_credential_gets_it_in_the_second_request(monkeypatch, tmp_path):
    with Emulator(world()) as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", emulator.connection_json)
        result = check(tmp_path)

    assert result.check("service") == {
        "check": "service",
        "passed": True,
        "told": "refuses a call without a credential (HTTP 403)",
    }
    assert result.code == WELL


@contextmanager
def emulated(monkeypatch, **members):
    with Emulator(world()) as emulator:
        connection = {**json.loads(emulator.connection_json), **members}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))
        yield emulator.world


def test_a_refused_credential_is_sent_once(monkeypatch, tmp_path):
    with emulated(monkeypatch, password="wrong-token") as asked:
        result = check(tmp_path)

    assert result.code == REFUSED
    assert result.check("credential")["told"].startswith("DrsCredentialError (DRS.M00100, HTTP 403). Put a new token")
    assert asked.calls == []


def test_a_project_of_somebody_else_is_told(monkeypatch, tmp_path):
    with emulated(monkeypatch, extra={"project_id": "another"}):
        result = check(tmp_path)

    assert result.code == REFUSED
    assert (result.check("credential")["passed"], result.check("project")["passed"]) == (True, False)


def test_only_reads_are_sent_without_test(monkeypatch, tmp_path):
    with emulated(monkeypatch) as asked:
        result = check(tmp_path)

    assert "connection test" not in [each["check"] for each in result.answers["checks"]]
    assert {call.operation for call in asked.calls} == {"jobs", "batch-status", "batch-detail", "batch-precheck-result"}


@pytest.mark.parametrize("options", [["--job", "no-id"], ["--test", "absent.yaml"], ["--conn-id", "a b"]])
def test_wrong_input_is_told_before_anything_is_sent(monkeypatch, tmp_path, capsys, options):
    with emulated(monkeypatch) as asked:
        result = check(tmp_path, *options)

    assert (result.code, asked.calls) == (WRONG_INPUT, [])
    assert f"{options[0]}: " in capsys.readouterr().err


def test_an_endpoint_of_a_job_that_is_not_named_is_not_tested(monkeypatch, tmp_path, capsys):
    from samples import endpoint

    with emulated(monkeypatch) as asked:
        result = check(tmp_path / "run", test=[endpoint(1), endpoint(2)], jobs=JOBS[:1])

    assert (result.code, asked.calls) == (WRONG_INPUT, [])
    assert "jobs[1].id: must be named by --job" in capsys.readouterr().err


def test_a_folder_with_records_is_not_written_to_again(monkeypatch, tmp_path):
    with emulated(monkeypatch) as asked:
        first, again = check(tmp_path), check(tmp_path)

    assert (first.code, again.code) == (WELL, WRONG_INPUT)
    assert len([call for call in asked.calls if call.operation == "batch-status"]) == 3


def test_an_access_key_comes_from_the_environment(monkeypatch, tmp_path):
    with Emulator(world()) as emulator:
        accounts = emulator.world.accounts
        monkeypatch.setenv("HUAWEICLOUD_SDK_AK", accounts.access_key)
        monkeypatch.setenv("HUAWEICLOUD_SDK_SK", accounts.secret_key)
        monkeypatch.setenv("HUAWEICLOUD_SDK_PROJECT_ID", emulator.world.project_id)
        result = check(tmp_path, "--environment", emulator.url)

    assert (result.code, result.check("credential")["passed"]) == (WELL, True)


def test_an_environment_without_a_key_is_wrong_input(monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("HUAWEICLOUD_SDK_AK", raising=False)
    monkeypatch.delenv("HUAWEICLOUD_SDK_SK", raising=False)

    assert check(tmp_path, "--environment", "cn-north-4").code == WRONG_INPUT
    assert "HUAWEICLOUD_SDK_SK: is missing" in capsys.readouterr().err


KEYSTONE = {"error": {"code": 401, "message": "The request requires authentication.", "title": "Unauthorized"}}
NOT_IAM = {
    **STRANGERS,
    "something that speaks JSON and has a code": lambda request: Reply({"error": {"code": 401, "message": "no"}}, 401),
}
BUSY = [(429, "APIGW.0308"), (503, "DRS.M00004"), (407, "APIGW.0301")]


@contextmanager
def with_iam(monkeypatch, answer, **members):
    """Yield what stands for IAM, beside an emulator of DRS; the Connection has an IAM user."""
    with Emulator(world()) as emulator, Service(answer) as iam:
        extra = {"auth_type": "password", "region": "emulator-1", "iam_endpoint": iam.url, **members}
        connection = {"conn_type": "drs", "host": emulator.url, "login": f"user-{SECRET}", "password": SECRET}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps({**connection, "extra": extra}))
        yield iam


def sent(service):
    return [f"{request.method} {request.path} {request.headers} {request.body!r}" for request in service.requests]


@pytest.mark.parametrize("project", [{}, {"project_id": PROJECT}], ids=["with a look-up", "with a project"])
@pytest.mark.parametrize("stranger", NOT_IAM)
def test_what_is_not_iam_is_named_and_gets_no_password(monkeypatch, tmp_path, stranger, project):
    with with_iam(monkeypatch, NOT_IAM[stranger], **project) as iam:
        result = check(tmp_path)

    (request,) = sent(iam)
    assert request.startswith("GET /v3/projects ")
    assert not [value for value in (PROJECT, SECRET, "emulator-1") if value in request]
    assert result.code == (REFUSED if project else NO_SERVICE)
    told = result.check("credential" if project else "project")["told"]
    who = stranger.partition(" that is")[0].partition(" and ")[0]
    assert f"No credential was sent to IAM: {who} answers, which is not IAM. Check iam_endpoint." in told


@pytest.mark.parametrize(("status", "code"), BUSY)
def test_an_iam_that_is_busy_gets_no_password(monkeypatch, tmp_path, status, code):
    busy = Reply({"error_code": code, "error_msg": "later"}, status)
    with with_iam(monkeypatch, lambda request: busy) as iam:
        result = check(tmp_path)

    assert len(iam.requests) == 1
    assert SECRET not in sent(iam)[0]
    assert "No credential was sent to IAM, which is busy or has a fault" in result.check("project")["told"]


def test_an_iam_that_refuses_as_keystone_does_gets_the_password_once(monkeypatch, tmp_path):
    with with_iam(monkeypatch, lambda request: Reply(KEYSTONE, 401), project_id=PROJECT) as iam:
        result = check(tmp_path)

    assert [request.path.partition("?")[0] for request in iam.requests] == ["/v3/projects", "/v3/auth/tokens"]
    assert [SECRET in text for text in sent(iam)] == [False, True]
    assert (result.code, result.check("credential")["passed"]) == (REFUSED, False)


def test_an_iam_whose_certificate_has_another_name_gets_no_request(monkeypatch, tmp_path):
    context, pem = certificate(tmp_path, "iam.example.com")
    members = {"auth_type": "password", "region": "emulator-1", "verify": pem}
    with Hostile(lambda before, request: http({}), context) as server:
        connection = {"conn_type": "drs", "host": "https://drs.example.com", "login": "a-user", "password": SECRET}
        extra = {**members, "iam_endpoint": server.url}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps({**connection, "extra": extra}))
        result = check(tmp_path / "run")

    assert server.requests == 0
    assert result.check("project")["told"].endswith("DrsTlsError (ip address mismatch)")


@pytest.mark.parametrize(("status", "code"), BUSY)
def test_a_service_that_is_busy_gets_no_credential(connect, tmp_path, status, code):
    with Service(lambda request: Reply({"error_code": code, "error_msg": "later"}, status)) as service:
        connect(service.url)
        result = check(tmp_path)

    (request,) = sent(service)
    assert not [value for value in (PROJECT, SECRET) if value in request]
    assert result.code == NO_SERVICE
    assert f"(HTTP {status}), so no credential was sent" in result.check("service")["told"]


def test_a_project_that_iam_does_not_know_is_told_in_the_files(monkeypatch, tmp_path):
    def answer(request):
        if "X-Auth-Token" in request.headers:
            return Reply({"projects": []})
        if request.path.startswith("/v3/auth/"):
            facts = {"issued_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-02T00:00:00Z"}
            return Reply({"token": facts}, 201, {"X-Subject-Token": "t" * 32})
        return Reply(KEYSTONE, 401)

    with with_iam(monkeypatch, answer):
        result = check(tmp_path)

    assert result.code == NO_SERVICE
    assert "IAM knows no projects" in result.check("project")["told"]
    assert len(list((result.folder / "records").iterdir())) == 3


def test_a_token_file_that_cannot_be_read_is_told_by_the_variable_that_names_it(monkeypatch, tmp_path):
    with emulated(monkeypatch, password="", extra={"auth_type": "pod", "project_id": PROJECT}):
        monkeypatch.setenv("HC_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/v1/credentials")
        monkeypatch.setenv("HC_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "absent"))
        result = check(tmp_path / "run")

    assert result.check("credential")["told"] == (
        "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE: the file that it names is no file"
    )
