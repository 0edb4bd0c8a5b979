"""How each credential authenticates a call, how it reacts to a refusal, and that it shows no secret."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from threading import Barrier, Lock
from typing import Any

import pytest
from samples import endpoint, job_id
from virtual_time import VirtualTime
from wire import Reply, Service, all_pass

from airflow_provider_drs.api.auth import tokens as kept_tokens
from airflow_provider_drs.api.auth.credentials import TOKEN_MARGIN, UNPROVEN_CALLS, AkSkAuth, PasswordAuth, TokenAuth
from airflow_provider_drs.api.auth.iam import Iam
from airflow_provider_drs.api.auth.tokens import RENEWAL_COOLDOWN
from airflow_provider_drs.api.batch import run_tests
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsCredentialError,
    DrsError,
    DrsInputError,
    DrsPermissionError,
    DrsThrottledError,
    DrsUnavailableError,
)
from airflow_provider_drs.emulator.accounts import Accounts
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

PROJECT = "054ba152d480d55b2f5dc0069e7ddef0"
REFUSED = Reply({"error_code": "DRS.M00100", "error_msg": "Invalid token."}, status=403)
BAD_SIGNATURE = Reply({"error_code": "APIGW.0301", "error_msg": "verify aksk signature fail, x:y"}, status=401)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(autouse=True)
def no_token_of_another_test(monkeypatch):
    """Empty the cache: its key is the URL of IAM, and two tests may get the same port."""
    monkeypatch.setattr(kept_tokens, "_shared", {})


class IamAndDrs:
    """Issues the tokens ``t1``, ``t2`` and so on, and accepts all of them except those in ``ended``."""

    def __init__(self):
        self.issued: list[str] = []
        self.ended: set[str] = set()
        self.login = Reply()
        self.reply = Reply()
        self.lock = Lock()
        self.service = Service(self)

    def __call__(self, request):
        if request.path.startswith("/v3/auth/tokens"):
            if self.login.status != 200:
                return self.login
            with self.lock:
                self.issued.append(f"t{len(self.issued) + 1}")
            dates = {"issued_at": "2026-01-01T00:00:00.000000Z", "expires_at": "2026-01-02T00:00:00.000000Z"}
            return Reply({"token": dates}, status=201, headers={"X-Subject-Token": self.issued[-1]})
        if self.reply.status != 200:
            return self.reply
        return REFUSED if request.headers["X-Auth-Token"] in self.ended else all_pass(request)


@pytest.fixture
def cloud():
    answers = IamAndDrs()
    with answers.service:
        yield answers


def user(service, clock, password="a-password", **members: Any) -> PasswordAuth:
    project = {"id": PROJECT}
    return PasswordAuth("u", password, domain="d", project=project, iam=Iam(service.url, **members), clock=clock)


def ask(service, auth):
    with DrsClient(service.url, PROJECT, auth, max_attempts=1) as drs:
        return drs.job_statuses([job_id(1)])


def test_a_user_logs_in_once_for_all_clients_of_the_process(cloud, clock):
    for _ in range(3):
        ask(cloud.service, user(cloud.service, clock))

    (login,) = [request for request in cloud.service.requests if "auth" in request.path]
    assert login.json == {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {"user": {"name": "u", "password": "a-password", "domain": {"name": "d"}}},
            },
            "scope": {"project": {"id": PROJECT}},
        }
    }


def test_a_token_is_replaced_before_it_expires(cloud, clock):
    auth = user(cloud.service, clock)
    for wait, tokens in [(0, 1), (86_400 - TOKEN_MARGIN - 1, 1), (1, 2)]:
        clock.now += wait
        ask(cloud.service, auth)
        assert len(cloud.issued) == tokens


def test_another_password_gets_another_token(cloud, clock):
    ask(cloud.service, user(cloud.service, clock, "old"))
    ask(cloud.service, user(cloud.service, clock, "new"))

    assert len(cloud.issued) == 2


def test_a_refused_token_is_renewed_once_and_the_call_repeated(cloud, clock):
    auth = user(cloud.service, clock)
    ask(cloud.service, auth)
    cloud.ended = {"t1"}

    assert ask(cloud.service, auth) == {job_id(1): "CONFIGURATION"}
    assert cloud.issued == ["t1", "t2"]


def test_a_new_token_that_is_refused_is_not_renewed_during_the_cooldown(cloud, clock):
    auth = user(cloud.service, clock)
    cloud.ended = {"t1", "t2", "t3"}
    for _ in range(3):
        with pytest.raises(DrsCredentialError):
            ask(cloud.service, auth)
    assert cloud.issued == ["t1", "t2"]

    clock.now += RENEWAL_COOLDOWN
    with pytest.raises(DrsCredentialError):
        ask(cloud.service, auth)
    assert cloud.issued == ["t1", "t2", "t3"]


BUSY = Reply({"error": {"code": 429, "message": "slow"}}, status=429, headers={"Retry-After": "0"})
FAILING_LOGINS = {
    "throttled": (BUSY, 3),
    "unavailable": (Reply({"error": {"code": 503, "message": "down"}}, status=503), 1),
    "lost": (Reply({}, status=201, headers={"Content-Length": "99", "Connection": "close"}), 1),
}


@pytest.mark.parametrize("renewed", [False, True], ids=["first login", "renewal"])
@pytest.mark.parametrize("way", FAILING_LOGINS)
@pytest.mark.parametrize(
    "call",
    [
        lambda drs: drs.job_statuses([job_id(1)]),
        lambda drs: drs.test_connections(parse_endpoints([endpoint(1)])),
    ],
    ids=["read", "test"],
)
def test_a_failed_login_is_retried_only_if_it_was_not_done_and_never_by_the_call_that_needs_it(
    cloud, clock, call, way, renewed
):
    auth = user(cloud.service, clock, max_attempts=3)
    if renewed:
        ask(cloud.service, auth)
        cloud.ended = {"t1"}
    before = len(cloud.service.requests)
    cloud.login, logins = FAILING_LOGINS[way]

    client = DrsClient(cloud.service.url, PROJECT, auth, pacer=VirtualTime().pacer())
    with client as drs, pytest.raises(DrsError) as caught:
        call(drs)

    requests = cloud.service.requests[before:]
    assert sum("/auth/tokens" in request.path for request in requests) == logins
    sent_to_drs = int(renewed)
    assert len(requests) - logins == sent_to_drs == caught.value.attempts


NO_TOKEN = {
    "a fault": Reply({"error": {"code": 500, "message": "down"}}, status=500),
    "unavailable": FAILING_LOGINS["unavailable"][0],
    "lost": FAILING_LOGINS["lost"][0],
    "refused": Reply({"error": {"code": 401, "message": "wrong"}}, status=401),
    "bad request": Reply({"error": {"code": 400, "message": "what"}}, status=400),
    "conflict": Reply({"error": {"code": 409, "message": "twice"}}, status=409),
    "refused as throttled": Reply({"error": {"code": 401, "message": "wrong"}}, status=429),
    "no token": Reply({"token": {"expires_at": "2026-01-02T00:00:00Z"}}, status=201),
    "no header can carry the token": Reply(
        {"token": {"expires_at": "2099-01-02T00:00:00Z"}}, status=201, headers={"X-Subject-Token": "two words"}
    ),
    "not of IAM": Reply(raw=b"<html>", headers={"Content-Type": "text/html"}, status=201),
}


@pytest.mark.parametrize("max_concurrency", [1, 8])
@pytest.mark.parametrize("way", NO_TOKEN)
def test_a_run_whose_login_fails_in_any_way_logs_in_once_and_reports_every_endpoint(cloud, clock, way, max_concurrency):
    cloud.login = NO_TOKEN[way]
    time = VirtualTime()
    client = DrsClient(cloud.service.url, PROJECT, user(cloud.service, clock), pacer=time.pacer())
    with client as drs:
        endpoints = parse_endpoints([endpoint(number) for number in range(80)])
        report = run_tests(drs, endpoints, max_concurrency=max_concurrency)

    assert [request.path.partition("?")[0] for request in cloud.service.requests] == ["/v3/auth/tokens"]
    assert len(report.failed) == 80
    assert {(verdict.text, verdict.attempts) for verdict in report.failed} == {(report.failed[0].text, 0)}
    assert sum(time.waits) == 0, "no call of the run waits for a token after the login has failed"


def test_a_pause_that_iam_names_is_within_the_limit_of_the_connection(cloud, clock):
    cloud.login = Reply({"error": {"code": 429, "message": "slow"}}, status=429, headers={"Retry-After": "7200"})

    with pytest.raises(DrsThrottledError) as caught:
        ask(cloud.service, user(cloud.service, clock, max_retry_seconds=2))

    assert caught.value.retry_after == 2


REFUSED_AS_THROTTLED = {
    "signature": {"error_code": "APIGW.0301", "error_msg": "Incorrect IAM authentication information"},
    "application": {"error_code": "APIG.0305", "error_msg": "Incorrect app authentication information"},
    "token": {"error_code": "APIGW.0307", "error_msg": "The token must be updated."},
    "token of DRS": {"error_code": "DRS.M00100", "error_msg": "Invalid token."},
    "IAM's way": {"error": {"code": 401, "message": "wrong", "title": "Unauthorized"}},
}


@pytest.mark.parametrize("way", REFUSED_AS_THROTTLED)
@pytest.mark.parametrize("call", ["job_statuses", "test_connections"])
def test_a_refused_credential_with_status_429_is_not_taken_for_throttling(clock, way, call):
    reply = Reply(REFUSED_AS_THROTTLED[way], status=429, headers={"Retry-After": "0"})
    auth = AkSkAuth("an-access-key", "a-secret-key", clock=clock)
    arguments = {"job_statuses": [job_id(1)], "test_connections": parse_endpoints([endpoint(1)])}
    with Service(lambda request: reply) as service:
        client = DrsClient(service.url, PROJECT, auth, pacer=VirtualTime().pacer())
        with client as drs, pytest.raises(DrsCredentialError):
            getattr(drs, call)(arguments[call])

        assert len(service.requests) == 1


def test_a_call_with_a_renewed_token_counts_the_attempts_with_both_tokens(cloud, clock):
    auth = user(cloud.service, clock)
    ask(cloud.service, auth)
    cloud.ended = {"t1"}
    before = len(cloud.service.requests)

    answered = cloud.service.answer

    def down_with_a_new_token(request):
        if request.headers["X-Auth-Token"] == "t2":
            return Reply({"error_code": "X.1", "error_msg": "down"}, status=503)
        return answered(request)

    cloud.service.answer = down_with_a_new_token
    client = DrsClient(cloud.service.url, PROJECT, auth, max_attempts=3, pacer=VirtualTime().pacer())
    with client as drs, pytest.raises(DrsUnavailableError) as caught:
        drs.job_statuses([job_id(1)])

    assert (len(cloud.service.requests) - before, caught.value.attempts) == (4, 3)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "DRS.M00103", DrsPermissionError),
        (403, "APIGW.0302", DrsPermissionError),
        (403, "DRS.M00261", DrsPermissionError),
        (500, "DRS.M00004", DrsUnavailableError),
    ],
)
def test_a_missing_permission_or_a_fault_renews_no_token(cloud, clock, status, code, kind):
    cloud.reply = Reply({"error_code": code, "error_msg": "no"}, status=status)
    with pytest.raises(kind):
        ask(cloud.service, user(cloud.service, clock))

    assert (len(cloud.issued), len(cloud.service.calls("batch-status"))) == (1, 1)


def test_all_threads_together_try_a_wrong_password_once_a_minute(cloud, clock):
    cloud.login = Reply({"error": {"code": 401, "message": "wrong", "title": "Unauthorized"}}, status=401)
    auth = user(cloud.service, clock)

    def attempt(_):
        with pytest.raises(DrsCredentialError) as caught:
            ask(cloud.service, auth)
        return str(caught.value)

    with ThreadPoolExecutor(8) as pool:
        (text,) = set(pool.map(attempt, range(30)))
    assert "IAM locks a user" in text
    assert len(cloud.service.requests) == 1

    clock.now += RENEWAL_COOLDOWN
    attempt(0)
    assert len(cloud.service.requests) == 2


def test_a_token_that_expires_during_30_calls_on_8_threads_is_renewed_once_and_every_verdict_arrives(clock):
    world = World(ready_after_polls=0)
    tested = 0
    lock = Lock()

    def expire_the_token_at_the_twelfth(_):
        nonlocal tested
        with lock:
            tested += 1
            if tested == 12:
                world.accounts.expire()

    with Emulator(world, probe=expire_the_token_at_the_twelfth) as emulator:
        accounts, iam = world.accounts, Iam(emulator.url)
        project = {"id": world.project_id}
        auth = PasswordAuth(accounts.user, accounts.password, domain=accounts.domain, project=project, iam=iam)
        endpoints = parse_endpoints([endpoint(number) for number in range(30)])
        with DrsClient(emulator.url, world.project_id, auth) as drs:
            report = run_tests(drs, endpoints, batch_size=1, max_concurrency=8)

    assert len(accounts.issued) == 2
    assert [verdict.passed for verdict in report.endpoints] == [True] * 30


@pytest.mark.parametrize("security_token", [None, "a-security-token"])
def test_the_service_accepts_an_access_key_by_its_signature_alone(security_token):
    accounts = Accounts(security_token=security_token or "")
    with Emulator(World(accounts=accounts)) as emulator:
        project = emulator.world.project_id
        auth = AkSkAuth(accounts.access_key, accounts.secret_key, security_token)
        with DrsClient(emulator.url, project, auth) as drs:
            assert list(drs.job_statuses([job_id(1)])) == [job_id(1)]
        assert Iam(emulator.url).project_id(accounts.region, auth.authenticated) == project


def test_a_refused_signature_is_never_repeated_and_ends_the_use_of_the_key():
    with Service(lambda request: BAD_SIGNATURE) as service:
        auth = AkSkAuth("an-access-key", "a-secret-key")
        endpoints = parse_endpoints([endpoint(number) for number in range(30)])
        with DrsClient(service.url, PROJECT, auth) as drs:
            report = run_tests(drs, endpoints, batch_size=1, max_concurrency=8)
            with pytest.raises(DrsCredentialError):
                drs.check_access()

    assert not any(verdict.passed for verdict in report.endpoints)
    assert 1 <= len(service.requests) <= UNPROVEN_CALLS
    assert len({request.body for request in service.requests}) == len(service.requests)


def test_an_error_does_not_show_the_signed_request_that_the_gateway_echoes():
    echo = "verify aksk signature fail, canonicalRequest:POST|x-security-token:s3cr3t-t0ken"
    with (
        Service(lambda request: Reply({"error_code": "APIGW.0301", "error_msg": echo}, status=401)) as service,
        pytest.raises(DrsCredentialError) as caught,
    ):
        ask(service, AkSkAuth("an-access-key", "a-secret-key", "s3cr3t-t0ken"))

    assert "verify aksk signature fail" in str(caught.value)
    assert "s3cr3t-t0ken" not in repr(vars(caught.value))


def test_the_date_of_the_answer_tells_a_wrong_clock_from_a_wrong_key(clock):
    with Service(lambda request: BAD_SIGNATURE) as service, pytest.raises(DrsCredentialError) as caught:
        ask(service, AkSkAuth("an-access-key", "a-secret-key", clock=clock))

    assert "the clock of this machine is" in str(caught.value)
    assert len(service.requests) == 1


SECRETS = ["s3cr3t-t0ken", "s3cr3t-passw0rd", "s3cr3t-key", "s3cr3t-sectoken"]


def credentials():
    iam = Iam("http://127.0.0.1:1")
    return [
        TokenAuth(SECRETS[0]),
        PasswordAuth("u", SECRETS[1], domain="d", project={"id": PROJECT}, iam=iam),
        AkSkAuth("an-access-key", SECRETS[2], SECRETS[3]),
    ]


@pytest.mark.parametrize("auth", credentials(), ids=lambda auth: type(auth).__name__)
def test_a_credential_shows_no_secret_and_cannot_be_pickled(auth):
    assert not any(secret in f"{auth!r} {auth}" for secret in SECRETS)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(auth)


@pytest.mark.parametrize("auth", credentials(), ids=lambda auth: type(auth).__name__)
@pytest.mark.parametrize(
    "url", ["http://drs.cn-north-4.myhuaweicloud.com", "http://192.0.2.1", "http://127.0.0.1.example.org"]
)
def test_plain_http_is_refused_before_a_socket_is_opened(auth, url):
    for make in (lambda: DrsClient(url, PROJECT, auth), lambda: Iam(url)):
        with pytest.raises(DrsInputError, match="plain http"):
            make()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_of_drs_or_iam_is_followed_with_a_credential(clock, status):
    with Service() as elsewhere:
        away = Reply(status=status, headers={"Location": elsewhere.url.replace("127.0.0.1", "localhost")})
        with Service(lambda request: away) as service:
            for auth in (TokenAuth("a-token"), AkSkAuth("a-key", "a-secret"), user(service, clock, f"p{status}")):
                with pytest.raises(DrsAnswerError):
                    ask(service, auth)
                with pytest.raises(DrsAnswerError):
                    Iam(service.url).project_id("cn-north-4", auth.authenticated)

    assert elsewhere.requests == []
    assert len(service.requests) >= 4


@pytest.mark.parametrize("bad", ["", "a token", "a-token\n", "tok\u00e9n", "a\0b"])
def test_a_credential_that_no_header_can_carry_is_refused_and_not_shown(bad):
    for make in (TokenAuth, lambda text: AkSkAuth(text, "s"), lambda text: AkSkAuth("a", "s", text or "\n")):
        with pytest.raises(DrsInputError) as caught:
            make(bad)
        assert not bad.strip() or bad.strip() not in str(caught.value).replace("token:", "")


@pytest.mark.parametrize(("minutes", "reported"), [(14, False), (16, True), (-14, False), (-16, True)])
def test_a_clock_is_wrong_if_it_differs_by_more_than_the_gateway_tolerates(clock, minutes, reported):
    dated = {"Date": formatdate(clock.now - 60 * minutes, usegmt=True)}
    reply = Reply(BAD_SIGNATURE.payload, BAD_SIGNATURE.status, dated)

    with Service(lambda request: reply) as service, pytest.raises(DrsCredentialError) as caught:
        ask(service, AkSkAuth("an-access-key", "a-secret-key", clock=clock))

    assert ("the clock of this machine is" in str(caught.value)) is reported


def test_a_key_that_was_accepted_once_serves_any_number_of_concurrent_calls():
    auth = AkSkAuth("an-access-key", "a-secret-key")
    together = Barrier(UNPROVEN_CALLS + 1)
    auth.authenticated(lambda _: None)

    with ThreadPoolExecutor(together.parties) as pool:
        calls = [pool.submit(auth.authenticated, lambda _: together.wait(10)) for _ in range(together.parties)]
        assert sorted(call.result() for call in calls) == list(range(together.parties))
