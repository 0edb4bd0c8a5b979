"""No secret of an identity is in an error, a log or a ``repr``, whatever its services and DRS answer."""

from __future__ import annotations

import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from identities import NO_AGENCY, NO_V2, NOW, TOKEN_PATH, environment, key, written
from samples import job_id
from virtual_time import VirtualTime
from wire import Reply, Request, Service

from airflow_provider_drs.api.admin_message import admin_message
from airflow_provider_drs.api.auth import IdentityAuth, Metadata, PodIdentity, tokens
from airflow_provider_drs.api.auth.key_service import HINTS
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.errors import DrsError

ACCESS, SECRET, SECURITY = "CANARYACCESS4711", "canary-secret-key-4712", "canary-security-token-4713" * 40
V2_TOKEN, POD_TOKEN = "canary-metadata-token-4714", "eyJ.canary-pod-token-4715.x"
CANARIES = ("CANARYACCESS", "canary-secret", "canary-security", "canary-metadata", "canary-pod")
PLANTED = key(access=ACCESS, secret=SECRET, securitytoken=SECURITY)
GOOD = {"credential": PLANTED}
ALL = " ".join((ACCESS, SECRET, SECURITY, V2_TOKEN, POD_TOKEN))


def echo(status: int) -> Callable[[Request], Reply]:
    """Repeat all that was sent and all that a key has, in each part of an answer."""

    def reply(request: Request) -> Reply:
        text = f"{ALL} {dict(request.headers.items())}"
        headers = {
            "X-Request-Id": ALL[:200],
            "Content-Type": f"text/{V2_TOKEN}",
            "Location": f"http://127.0.0.1/{ALL[:200]}",
        }
        return Reply({"error_code": ACCESS, "error_msg": text, "credential": text}, status=status, headers=headers)

    return reply


def always(reply: Reply) -> Callable[[Request], Reply]:
    return lambda request: reply


FAULTS: dict[str, Callable[[Request], Reply]] = {
    **{f"HTTP {status}": echo(status) for status in (200, 201, 301, 400, 401, 403, 404, 429, 500, 503)},
    "no agency": always(NO_AGENCY),
    "no json": always(Reply(raw=f"<html> {ALL}".encode())),
    "broken json": always(Reply(raw=f'{{"credential": {{"access": "{ACCESS}", "secret": "{SECRET}"'.encode())),
    "a member twice": always(Reply(raw=f'{{"secret": "{SECRET}", "secret": "{ACCESS}"}}'.encode())),
    "a list": always(Reply([PLANTED])),
    "a name": always(Reply({"credential": {SECRET: ACCESS}})),
    "no secret": always(Reply({"credential": {**PLANTED, "secret": None}})),
    "a part that is no text": always(Reply({"credential": {**PLANTED, "access": [ACCESS]}})),
    "a part that no header can carry": always(Reply({"credential": {**PLANTED, "secret": f"{SECRET} {SECRET}"}})),
    "two values": always(Reply({"credential": {**PLANTED, "accessKeyId": SECRET}})),
    "no moment": always(Reply({"credential": {**PLANTED, "expires_at": SECRET}})),
    "ended": always(Reply({"credential": {**PLANTED, "expires_at": written(NOW - 60)}})),
    "cut off": always(Reply(GOOD, headers={"Content-Length": "9999", "Connection": "close"})),
    "too long": always(Reply(raw=f"{ALL}".encode() * 2**11)),
    "no HTTP": always(Reply(GOOD, headers={"Transfer-Encoding": ALL[:99]})),
}


@pytest.fixture(autouse=True)
def no_key_of_another_test(monkeypatch):
    monkeypatch.setattr(tokens, "_shared", {})


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


def shown(error: BaseException) -> str:
    """Return all that a person could see of an error: texts, members, and the locals of the package's frames."""
    walked = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    frames = [repr(frame.f_locals) for frame in walked if "/airflow_provider_drs/" in frame.f_code.co_filename]
    texts = [str(error), repr(error), repr(vars(error)), repr(error.args)]
    if isinstance(error, DrsError):
        texts += [admin_message(error), repr(error.to_dict())]
    return "\n".join([*texts, *frames, *(shown(other) for other in (error.__cause__, error.__context__) if other)])


def assert_silent(text: str) -> None:
    for canary in CANARIES:
        assert canary.lower() not in text.lower(), canary


def services(cloud: Service, tmp_path) -> list[Metadata | PodIdentity]:
    file = tmp_path / "token"
    file.write_text(POD_TOKEN)
    pod = PodIdentity(environment(f"{cloud.url}/v1/credentials", str(file)), max_attempts=1)
    return [Metadata(cloud.url, max_attempts=1), pod]


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("of_the_token", [False, True], ids=["of the key", "of the token"])
def test_a_fault_of_the_service_shows_no_secret_and_tells_what_to_do(logged, tmp_path, name, of_the_token):
    def answer(request: Request) -> Reply:
        if request.path == TOKEN_PATH and not of_the_token:
            return Reply(raw=V2_TOKEN.encode())
        return FAULTS[name](request)

    with Service(answer) as cloud:
        for service in services(cloud, tmp_path):
            with pytest.raises(DrsError) as caught:
                service.key(NOW)
            assert caught.value.hint in HINTS
            assert admin_message(caught.value) == f"{caught.value.text}. {caught.value.hint}"
            assert_silent(shown(caught.value))
    assert_silent(logged.text)
    assert "securitykey" in logged.text or of_the_token


@pytest.mark.parametrize("content", [f"{POD_TOKEN} {POD_TOKEN}", f"{POD_TOKEN}\u00e9", POD_TOKEN * 5000])
def test_a_bad_token_file_shows_no_secret(tmp_path, content):
    with Service() as cloud:
        pod = services(cloud, tmp_path)[1]
        (tmp_path / "token").write_text(content)
        with pytest.raises(DrsError) as caught:
            pod.key(NOW)

    assert_silent(shown(caught.value))


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 429, 500])
def test_a_fault_of_drs_that_repeats_the_key_shows_no_secret(logged, tmp_path, status):
    def answer(request: Request) -> Reply:
        if request.path == TOKEN_PATH:
            return NO_V2
        return Reply(GOOD) if "/v3/" not in request.path else spoken(request)

    def spoken(request: Request) -> Reply:
        names = ("Authorization", "X-Security-Token")
        text = "wrong: " + " ".join(f"{name}:{request.headers[name]}" for name in names)
        return Reply({"error_code": "APIGW.0301", "error_msg": text}, status=status, headers={"X-Request-Id": text})

    with Service(answer) as cloud:
        for service in services(cloud, tmp_path):
            auth = IdentityAuth(service, clock=lambda: NOW)
            client = DrsClient(cloud.url, "p-1", auth, max_attempts=1, pacer=VirtualTime().pacer())
            with client as drs, pytest.raises(DrsError) as caught:
                drs.job_statuses([job_id(1)])
            assert_silent(shown(caught.value))
    assert_silent(logged.text)


def test_a_good_key_is_in_no_log_and_no_repr_and_is_not_pickled(logged, tmp_path):
    sent: list[Any] = []

    def answer(request: Request) -> Reply:
        if request.path == TOKEN_PATH:
            return Reply(raw=V2_TOKEN.encode())
        if "/v3/" not in request.path:
            return Reply(GOOD)
        sent.append(request.headers["X-Security-Token"])
        return Reply({"results": [{"id": job_id(1), "status": "CONFIGURATION"}], "count": 1})

    with Service(answer) as cloud:
        for service in services(cloud, tmp_path):
            auth = IdentityAuth(service, clock=lambda: NOW)
            with DrsClient(cloud.url, "p-1", auth) as drs:
                drs.job_statuses([job_id(1)])
            held = tokens.shared_credential(auth.fingerprint, 0, bool)
            assert_silent(
                f"{auth!r} {vars(auth)} {service!r} {vars(service)} {held!r} {vars(held)} {service.key(NOW)!r}"
            )
            with pytest.raises(TypeError, match="not pickled"):
                pickle.dumps(auth)
    assert sent == [SECURITY, SECURITY]
    assert_silent(logged.text)
