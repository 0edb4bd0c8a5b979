"""``showSecurityKey``: the key of the server's agency, and what to do when there is none."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from identities import DAY, KEY, NO_AGENCY, NOW, V2, MetadataService, key, written
from wire import Reply, Service

from airflow_provider_drs.api.auth import Metadata, metadata
from airflow_provider_drs.api.auth.key_service import ATTACH, NO_KEY, NO_SERVER, WRONG_END
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsConnectionLostError,
    DrsCredentialError,
    DrsError,
    DrsInputError,
    DrsStoppedError,
    DrsThrottledError,
    DrsTimeoutError,
    DrsUnavailableError,
    DrsUnreachableError,
)


def test_a_key_is_read_and_not_shown():
    with MetadataService() as service:
        got = service.fetch()

    assert service.requests[-1].path == "/openstack/latest/securitykey"
    assert (got.access, got.secret, got.security_token, got.lifetime) == ("AK", "SK", "ST", DAY)
    assert not any(secret in repr(got) for secret in ("AK", "SK", "ST"))


@pytest.mark.parametrize("tokens", [V2, Reply(status=404)], ids=["version 2", "version 1"])
def test_a_server_without_an_agency_tells_to_attach_one_and_is_asked_once(tokens):
    with MetadataService(tokens, NO_AGENCY) as service, pytest.raises(DrsCredentialError) as caught:
        service.fetch()

    assert (caught.value.text, caught.value.hint) == ("this server has no agency", ATTACH)
    assert [method for method, _ in service.asked] == ["PUT", "GET"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, DrsAnswerError),
        (403, DrsCredentialError),
        (404, DrsAnswerError),
        (429, DrsThrottledError),
        (500, DrsUnavailableError),
        (503, DrsUnavailableError),
        (204, DrsAnswerError),
        (302, DrsAnswerError),
    ],
)
def test_another_status_gives_no_key(status, kind):
    with MetadataService(V2, Reply(raw=b"", status=status)) as service, pytest.raises(kind) as caught:
        service.fetch()

    assert (caught.value.http_status, caught.value.hint) == (status, NO_SERVER)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status):
    with Service() as elsewhere:
        away = Reply(status=status, headers={"Location": elsewhere.url})
        for tokens, keys in ((away, KEY), (V2, away)):
            with MetadataService(tokens, keys) as service, pytest.raises(DrsAnswerError, match="redirect"):
                service.fetch()

    assert elsewhere.requests == []


@pytest.mark.parametrize("payload", [None, [], "text", {}, {"credential": []}, {"credential": key(secret=None)}])
def test_an_answer_without_a_key_is_none(payload):
    with (
        MetadataService(V2, Reply(payload)) as service,
        pytest.raises(DrsAnswerError, match="no temporary key") as caught,
    ):
        service.fetch()

    assert caught.value.hint == NO_KEY


@pytest.mark.parametrize("raw", [b"", b"<html>", b"\xff\xfe", b'{"a": 1, "a": 2}', b"[" * 10_000, b'{"a": NaN}'])
def test_what_is_no_json_object_is_no_key(raw):
    with MetadataService(V2, Reply(raw=raw)) as service, pytest.raises(DrsAnswerError, match="no JSON object"):
        service.fetch()


@pytest.mark.parametrize("ago", [0, 1, DAY])
def test_a_key_that_has_ended_hints_at_the_clock(ago):
    ended = Reply({"credential": key(expires_at=written(NOW - ago))})
    with MetadataService(V2, ended) as service, pytest.raises(DrsAnswerError, match=f"ended {ago:.0f} s ago") as caught:
        service.fetch()

    assert caught.value.hint == WRONG_END


def test_an_answer_of_more_than_64_kib_is_not_read():
    with (
        MetadataService(V2, Reply(raw=b" " * 2**20)) as service,
        pytest.raises(DrsAnswerError, match="longer than 65536"),
    ):
        service.fetch()


def test_a_machine_that_is_no_server_is_told_so():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(DrsUnreachableError) as caught:
        Metadata(f"127.0.0.1:{port}", max_attempts=1).key(NOW)

    assert caught.value.hint == NO_SERVER


def test_a_service_that_is_silent_is_given_up_after_some_seconds(monkeypatch):
    monkeypatch.setattr(metadata, "METADATA_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DrsTimeoutError, match=r"within 0\.2 s"):
        Metadata(f"http://127.0.0.1:{silent.getsockname()[1]}", max_attempts=1).key(NOW)


def test_the_address_is_fixed():
    assert Metadata().parts == ("metadata_endpoint", "http://169.254.169.254")
    assert metadata.METADATA_SECONDS == 3


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:8765", "127.0.0.1:8765", "http://localhost:1", "http://[::1]:80", "127.8.8.8"]
)
def test_loopback_may_stand_in_its_place(endpoint):
    assert Metadata(endpoint).parts[1].startswith("http://")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://169.254.169.254",
        "http://192.0.2.1",
        "http://metadata.example.org",
        "https://127.0.0.1",
        "http://127.0.0.1/path",
        "http://u:p@127.0.0.1",
        "http://127.0.0.1.example.org",
        "http://127.0.0.1,127.0.0.2",
        "http://0.0.0.0",
        "ftp://127.0.0.1",
        "http://[::ffff:192.0.2.1]",
        " ",
    ],
)
def test_any_other_address_is_refused_before_anything_is_sent(endpoint):
    with pytest.raises(DrsInputError, match="metadata_endpoint: must be") as caught:
        Metadata(endpoint)

    assert "example.org" not in str(caught.value)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_no_proxy_of_the_environment_is_used(monkeypatch, variable):
    with MetadataService(V2) as service, Service() as proxy:
        monkeypatch.setenv(variable, proxy.url)
        service.fetch()

    assert proxy.connections == 0


def test_the_real_address_is_reached_without_a_proxy_too(monkeypatch):
    reached: list[Any] = []

    def dialled(endpoint: str, **settings: Any) -> None:
        reached.append((endpoint, settings["proxies"]))
        raise DrsUnreachableError("no route")

    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setattr("airflow_provider_drs.api.wire.transport.dial", dialled)
    with pytest.raises(DrsUnreachableError):
        Metadata(max_attempts=1).key(NOW)

    assert reached == [("http://169.254.169.254", {})]


def test_a_client_that_is_stopped_fetches_nothing():
    with MetadataService() as service:
        metadata_service = Metadata(service.url)
        metadata_service.cancellation.cancel()
        with pytest.raises(DrsStoppedError):
            metadata_service.key(NOW)

    assert service.requests == []


@pytest.mark.parametrize(
    ("failing", "kind"),
    [
        (Reply(raw=b"no", status=500), None),
        (Reply({}, headers={"Content-Length": "99", "Connection": "close"}), None),
        (Reply(raw=b"no", status=404), DrsAnswerError),
        (NO_AGENCY, DrsCredentialError),
    ],
)
def test_a_key_is_asked_for_again_only_after_a_fault_that_may_pass(failing, kind):
    with MetadataService(V2, [failing, KEY]) as service:
        try:
            service.fetch(max_attempts=2)
        except DrsError as error:
            assert type(error) is kind
        else:
            assert kind is None

    assert len(service.requests) == (2 if kind else 3)


def test_a_lost_answer_is_told():
    lost = Reply({}, headers={"Content-Length": "99", "Connection": "close"})
    with MetadataService(V2, lost) as service, pytest.raises(DrsConnectionLostError) as caught:
        service.fetch()

    assert caught.value.hint == NO_SERVER
