"""``createPodCredential``: the key of a pod's agency, and what to do when there is none."""

from __future__ import annotations

import os
import socket

import pytest
from identities import DAY, NOW, POD_TOKEN, answering, environment, key, pod
from wire import Reply, Service

from airflow_provider_drs.api.auth import PodIdentity
from airflow_provider_drs.api.auth.key_service import ASSOCIATE, NO_KEY, NO_POD
from airflow_provider_drs.api.auth.pod import MAX_TOKEN
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsCredentialError,
    DrsError,
    DrsInputError,
    DrsThrottledError,
    DrsUnavailableError,
    DrsUnreachableError,
)

GOOD = answering({"credentials": key(), "audience": "", "assumedAgency": {"urn": "", "id": ""}})


def violations(uri: str = "http://127.0.0.1:1/v1/credentials", file: str = "token") -> list[str]:
    with pytest.raises(DrsInputError) as caught:
        PodIdentity(environment(uri, file))
    return caught.value.violations


def test_the_content_of_the_file_is_sent_with_an_empty_object_to_the_uri(tmp_path):
    with Service(GOOD) as service:
        got = pod(service.url, tmp_path, f"{POD_TOKEN}\n").key(NOW)

    (request,) = service.requests
    assert (request.method, request.path, request.json) == ("POST", "/v1/credentials", {})
    assert request.headers["Authorization"] == POD_TOKEN, "without a scheme"
    assert request.headers["Content-Type"] == "application/json"
    assert (got.access, got.secret, got.security_token, got.lifetime) == ("AK", "SK", "ST", DAY)


def test_a_key_that_was_created_is_one(tmp_path):
    """The vendor's SDK takes any status below 400, and this is a POST."""
    with Service(lambda request: Reply({"credentials": key()}, 201)) as service:
        assert pod(service.url, tmp_path).key(NOW).access == "AK"


def test_the_file_is_read_anew_for_each_key(tmp_path):
    with Service(GOOD) as service:
        identity = pod(service.url, tmp_path, "first")
        identity.key(NOW)
        (tmp_path / "token").write_text("second")
        identity.key(NOW)

    assert [request.headers["Authorization"] for request in service.requests] == ["first", "second"]


@pytest.mark.parametrize("path", ["", "/", "/a/b", "/v1/credentials/"])
def test_the_path_of_the_uri_is_kept(tmp_path, path):
    pod("http://127.0.0.1:1", tmp_path)
    with Service(GOOD) as service:
        PodIdentity(environment(service.url + path, str(tmp_path / "token"))).key(NOW)

    assert [request.path for request in service.requests] == [path or "/"]


def test_a_process_outside_of_such_a_pod_is_told_which_variables_are_missing():
    names = ["HC_CONTAINER_CREDENTIALS_FULL_URI", "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE"]

    assert violations("", " ") == [f"{name}: is not set, so this is no pod with an identity" for name in names]
    assert violations("http://127.0.0.1/", "") == [f"{names[1]}: is not set, so this is no pod with an identity"]


@pytest.mark.parametrize(
    "uri",
    [
        "nonsense",
        "http://",
        "http://[",
        "http://127.0.0.1/?s3cr3t",
        "http://127.0.0.1/#s3cr3t",
        "http://u:s3cr3t@127.0.0.1/",
        "ftp://127.0.0.1/",
        "http://127.0.0.1/s3cr3t x",
        "http://s3cr3t-agent.example.org/\nx",
    ],
)
def test_a_uri_that_logs_must_not_show_is_refused_and_not_repeated(uri):
    (violation,) = violations(uri)

    assert violation.startswith("HC_CONTAINER_CREDENTIALS_FULL_URI: ")
    assert "s3cr3t" not in violation


@pytest.mark.parametrize("host", ["agent.example.org", "192.0.2.1", "10.0.0.1", "169.253.1.1", "[2001:db8::1]"])
def test_plain_http_leaves_neither_the_machine_nor_its_link(host):
    assert "plain http would show" in violations(f"http://{host}/v1/credentials")[0]


@pytest.mark.parametrize(
    "uri", ["http://169.254.170.23/v1/credentials", "http://[fe80::1]/", "https://agent.example.org/"]
)
def test_the_link_and_https_are_good(uri):
    assert PodIdentity(environment(uri, "token")).parts[0] == "HC_CONTAINER_CREDENTIALS_FULL_URI"


@pytest.mark.parametrize(
    "content", [b"", b" \n", b"two words", b"a\nb", b"\xff\xfe", b"t\xc3\xb6ken", b"x" * (MAX_TOKEN + 1)]
)
def test_a_file_without_a_token_sends_nothing(tmp_path, content):
    with Service(GOOD) as service, pytest.raises(DrsInputError, match="the file that it names holds no token"):
        pod(service.url, tmp_path, content).key(NOW)

    assert service.requests == []


def test_a_file_that_is_absent_or_a_pipe_is_told(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("absent", "pipe", "."):
        identity = PodIdentity(environment("http://127.0.0.1:1/", str(tmp_path / name)))
        with pytest.raises(
            DrsInputError, match="HC_CONTAINER_AUTHORIZATION_TOKEN_FILE: the file that it names is no file"
        ):
            identity.key(NOW)


def test_a_file_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    def denied(*args: object) -> None:
        raise PermissionError(13, "Permission denied", "s3cr3t")

    identity = pod("http://127.0.0.1:1", tmp_path)
    monkeypatch.setattr("builtins.open", denied)
    with pytest.raises(DrsInputError) as caught:
        identity.key(NOW)

    assert "cannot be read: Permission denied" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (400, DrsAnswerError, NO_POD),
        (401, DrsCredentialError, ASSOCIATE),
        (403, DrsCredentialError, ASSOCIATE),
        (404, DrsAnswerError, ASSOCIATE),
        (429, DrsThrottledError, NO_POD),
        (500, DrsUnavailableError, NO_POD),
        (302, DrsAnswerError, NO_POD),
    ],
)
def test_another_status_gives_no_key(tmp_path, status, kind, hint):
    with Service(lambda request: Reply(raw=b"no", status=status)) as service, pytest.raises(kind) as caught:
        pod(service.url, tmp_path).key(NOW)

    assert (caught.value.http_status, caught.value.hint) == (status, hint)


@pytest.mark.parametrize("payload", [None, [], {}, {"credentials": {}}, b"<html>"])
def test_an_answer_without_a_key_is_none(tmp_path, payload):
    with Service(answering(payload)) as service, pytest.raises(DrsAnswerError, match="no temporary key") as caught:
        pod(service.url, tmp_path).key(NOW)

    assert caught.value.hint == NO_KEY


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed_with_the_token(tmp_path, status):
    with (
        Service() as elsewhere,
        Service(lambda _: Reply(status=status, headers={"Location": elsewhere.url})) as service,
        pytest.raises(DrsAnswerError, match="redirect"),
    ):
        pod(service.url, tmp_path).key(NOW)

    assert elsewhere.requests == []


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_of_the_environment_is_used(tmp_path, monkeypatch, variable):
    with Service(GOOD) as service, Service() as proxy:
        monkeypatch.setenv(variable, proxy.url)
        pod(service.url, tmp_path).key(NOW)

    assert proxy.connections == 0


def test_an_agent_that_does_not_run_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(DrsUnreachableError) as caught:
        pod(f"http://127.0.0.1:{port}", tmp_path).key(NOW)

    assert caught.value.hint == NO_POD


@pytest.mark.parametrize(("failing", "sent"), [(500, 2), (429, 2), (401, 1), (404, 1)])
def test_a_key_is_asked_for_again_only_after_a_fault_that_may_pass(tmp_path, failing, sent):
    def answer(request):
        return (
            Reply(raw=b"no", status=failing, headers={"Retry-After": "0"})
            if len(service.requests) == 1
            else GOOD(request)
        )

    with Service(answer) as service:
        try:
            pod(service.url, tmp_path, max_attempts=2).key(NOW)
        except DrsError:
            assert sent == 1

    assert len(service.requests) == sent
