"""Secrets stay out of every repr, pickle, traceback and debug log, and of texts that a service echoes."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback

import pytest
from samples import endpoint, job_id
from virtual_time import VirtualTime
from wire import Reply, Request, Service

from airflow_provider_drs.api.auth import AkSkAuth, TokenAuth
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsError, DrsInputError, DrsUnavailableError
from airflow_provider_drs.api.input_secrets import secrets_in
from airflow_provider_drs.api.model.hidden import HiddenText, credentials_in, spellings
from airflow_provider_drs.api.wire.scrubber import Scrubber

SECRET = "c4nary 'w\"ith% ñ\nline"
TOKEN = "t0ken-of-25-characters---"
KAFKA = ("trust_store_key", "trust_store_password", "key_store_key", "key_store_password", "key_password")
EVERYWHERE = {
    "db_password": SECRET,
    "ssl_cert_key": SECRET,
    "ssl_cert_password": SECRET,
    "kafka_security_config": dict.fromkeys(KAFKA, SECRET),
}


def client_of(service):
    return DrsClient(service.url, "a-project", TokenAuth(TOKEN), pacer=VirtualTime().pacer())


def with_locals(error: BaseException) -> str:
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def leaks(text: str) -> list[str]:
    return [spelling for secret in (SECRET, TOKEN) for spelling in spellings(secret) if spelling in text]


def echo_in_a_verdict(request: Request) -> Reply:
    echo = f"{request.body.decode()} {request.json} {request.headers}"
    refused = {"id": request.entries[0]["id"], "status": "failed", "error_code": "DRS.KE0002", "error_msg": echo}
    return Reply({"results": [refused], "count": 1})


def test_a_verdict_does_not_repeat_what_the_service_echoes():
    with Service(echo_in_a_verdict) as service, client_of(service) as client:
        (verdict,) = client.test_connections(parse_endpoints([endpoint(1, **EVERYWHERE)]))

    assert "***" in str(verdict.text)
    assert verdict.code == "DRS.KE0002"
    assert leaks(f"{verdict.text} {verdict.line}") == []


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: Reply({"error_code": "DRS.M00200", "error_msg": request.body.decode()}, status=400),
        lambda request: Reply({"error": {"code": 400, "message": str(request.json)}}, status=400),
        lambda request: Reply({"error_code": str(request.headers), "error_msg": SECRET}, status=403),
        lambda request: Reply({"results": [{"id": job_id(1), "error_code": "x", "error_msg": SECRET}]}, status=400),
        lambda request: Reply(raw=request.body, status=502),
        lambda request: Reply(raw=request.body, headers={"Content-Type": "text/html"}),
        lambda request: Reply(raw=request.body, headers={"Content-Length": "99999", "Connection": "close"}),
        lambda request: Reply(raw=request.body * 9000),
    ],
    ids=["flat", "wrapped", "in the code", "per job", "no answer of DRS", "page", "broken off", "too long"],
)
def test_no_error_and_no_traceback_with_local_variables_shows_a_secret(answer, caplog):
    caplog.set_level(logging.DEBUG)
    with Service(answer) as service, client_of(service) as client, pytest.raises(DrsError) as caught:
        client.test_connections(parse_endpoints([endpoint(1, **EVERYWHERE)]))

    shown = f"{with_locals(caught.value)} {caught.value!r} {caught.value.to_dict()} {pickle.dumps(caught.value)!r}"
    assert leaks(shown + caplog.text) == []
    assert "/v3/a-project/jobs/batch-connection" in caplog.text, "the debug log was on"


def test_the_error_of_a_closed_port_shows_no_secret():
    with Service() as service:
        client = client_of(service)
    with pytest.raises(DrsError) as caught:
        client.test_connections(parse_endpoints([endpoint(1, **EVERYWHERE)]))

    assert leaks(with_locals(caught.value)) == []


def test_bad_input_is_in_no_traceback_with_local_variables():
    for jobs in ([endpoint(1, **EVERYWHERE, surprise=1)], f"[{SECRET}", [{"db_password": [SECRET]}]):
        with pytest.raises(DrsInputError) as caught:
            parse_endpoints(jobs)
        frames = caught.value.__traceback__
        assert frames is not None
        # The first frame is this test, which holds the input.
        caught.value.__traceback__ = frames.tb_next
        assert leaks(with_locals(caught.value)) == []


@pytest.mark.parametrize("token", ["two\nlines-c4nary", "ñ-c4nary", " c4nary", "c4nary\t"])
@pytest.mark.parametrize(
    ("make", "parts"), [(TokenAuth, 0), (AkSkAuth, 0), (AkSkAuth, 2)], ids=["token", "access key", "security token"]
)
def test_a_credential_that_no_header_can_carry_is_in_no_text_and_no_frame_of_the_error(make, parts, token):
    with pytest.raises(DrsInputError) as caught:
        make(*["a-s3cr3t"] * parts, token, *["a-s3cr3t"] * (make is AkSkAuth and not parts))
    frames = caught.value.__traceback__
    assert frames is not None
    # The first frame is this test, which holds the input.
    caught.value.__traceback__ = frames.tb_next

    assert "c4nary" not in with_locals(caught.value)
    assert "a-s3cr3t" not in with_locals(caught.value)


def test_hidden_credentials_of_equal_length_have_different_fingerprints():
    assert TokenAuth(HiddenText("a-token-1")).fingerprint != TokenAuth(HiddenText("a-token-2")).fingerprint
    assert TokenAuth(HiddenText("a-token-1")).fingerprint == TokenAuth("a-token-1").fingerprint


def test_a_connection_that_cannot_be_read_leaves_no_secret_in_a_frame():
    def read_connection(conn_id, members):
        raise DrsUnavailableError("just now")

    with pytest.raises(DrsUnavailableError) as caught:
        parse_endpoints([{**endpoint(1, **EVERYWHERE), "db_conn_id": "db"}], read_connection)
    frames = caught.value.__traceback__
    assert frames is not None
    caught.value.__traceback__ = frames.tb_next

    assert leaks(with_locals(caught.value)) == []


def test_a_credential_in_the_url_is_refused_without_repeating_it():
    with pytest.raises(DrsInputError) as caught:
        DrsClient("https://me:s3cr3t-c4nary@drs.example.org", "a-project", TokenAuth(TOKEN))

    assert "c4nary" not in str(caught.value)


def test_endpoints_and_clients_are_not_pickled_but_endpoints_can_be_copied():
    (read,) = parse_endpoints([endpoint(1, **EVERYWHERE)])
    with Service() as service, client_of(service) as client:
        for secretive in (read, read.kafka_security_config, client, TokenAuth(TOKEN), Scrubber([SECRET])):
            assert leaks(f"{secretive!r} {secretive}") == []
            with pytest.raises(TypeError, match="not pickled"):
                pickle.dumps(secretive)
    assert copy.deepcopy(read).wire() == read.wire() == read.model_copy().wire()


def test_the_whole_of_an_unreadable_text_is_secret():
    text = '[{"db_password": "it holds a " quote"}]'

    assert list(secrets_in(text)) == [text]
    assert list(secrets_in([{"kafka_security_config": text}])) == [text]


def test_every_text_in_a_secret_member_of_a_wrong_type_is_secret():
    jobs = [
        {"db_password": ["a", {"b": "c"}], "ssl_cert_key": ("d",), "kafka_security_config": '{"key_password": "e"}'}
    ]

    assert list(secrets_in(jobs)) == ["a", "c", "d", "e"]


@pytest.mark.parametrize(
    "text",
    [
        "mysql://root:s3cr3t@db",
        "https://s3cr3t@db",
        "root:s3cr3t@db",
        "https://db/?password=s3cr3t",
        "https://db/?user=root&api_key=s3cr3t",
    ],
)
def test_a_credential_in_a_url_is_secret_wherever_it_stands(text):
    assert "s3cr3t" in credentials_in(text)


@pytest.mark.parametrize("text", ["", job_id(1), "192.0.2.10:3306", "https://db/path?user=root", "root@db"])
def test_a_text_without_a_credential_holds_no_secret(text):
    assert credentials_in(text) == []
