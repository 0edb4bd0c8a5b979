"""The emulator has Kafka let it in through librdkafka. The peer is ours: no package brings a broker."""

from __future__ import annotations

import base64
import logging
import socket
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12
from cryptography.x509 import load_pem_x509_certificate
from dialling import FAILED, WRONG_ACCOUNT, refusal
from drs_calls import entry
from kafka_peer import KafkaBroker
from peer import Peer
from tls import Authority

from airflow_provider_drs.emulator.probes import dial

MECHANISMS = ["PLAIN", "SCRAM-SHA-256"]


def at(peer: Peer, security: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    address = {"db_type": "kafka", "db_port": None, "ip": f"127.0.0.1:{peer.port}"}
    return {**address, "kafka_security_config": security, **members}


def sasl(mechanism: str = "PLAIN") -> dict[str, Any]:
    return {"type": "SASL_PLAINTEXT", "sasl_mechanism": mechanism}


def trusting(authority: Authority, **more: Any) -> dict[str, Any]:
    store = {"trust_store_key_name": "ca.pem", "trust_store_key": base64.b64encode(authority.pem).decode()}
    return {"type": "SSL", **store, **more}


@pytest.mark.parametrize("security", [None, {"type": "PLAINTEXT"}])
def test_a_broker_that_asks_for_no_account_lets_everyone_in(security: dict[str, Any] | None) -> None:
    with Peer(KafkaBroker()) as peer:
        dial(entry(**at(peer, security, db_user=None, db_password=None)))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_the_right_account_passes(mechanism: str) -> None:
    with Peer(KafkaBroker(mechanism)) as peer:
        dial(entry(**at(peer, sasl(mechanism))))


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("wrong", [{"db_password": "wrong"}, {"db_user": "nobody"}])
def test_a_wrong_account_is_tried_once_and_told_in_the_words_of_the_broker(
    mechanism: str, wrong: dict[str, str]
) -> None:
    broker = KafkaBroker(mechanism)
    said = f"Authentication failed during authentication with SASL mechanism {mechanism}"
    with Peer(broker) as peer:
        text = f"127.0.0.1:{peer.port}: SASL authentication error: {said}"
        assert refusal(**at(peer, sasl(mechanism), **wrong)) == (WRONG_ACCOUNT, text)
    assert broker.failed_logins == 1


def test_a_mechanism_that_the_broker_does_not_offer_is_no_wrong_account() -> None:
    with Peer(KafkaBroker("PLAIN")) as peer:
        code, text = refusal(**at(peer, sasl("SCRAM-SHA-256")))
    assert code == FAILED
    assert text.endswith("broker's supported mechanisms: PLAIN")


def test_without_an_account_nobody_gets_in_where_one_is_asked_for() -> None:
    with Peer(KafkaBroker("PLAIN")) as peer:
        assert refusal(**at(peer)) == (FAILED, f"127.0.0.1:{peer.port}: the broker hung up or did not answer")


def test_kerberos_is_not_spoken_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with Peer(KafkaBroker("GSSAPI")) as peer:
        dial(entry(**at(peer, sasl("GSSAPI"))))
    assert f"127.0.0.1:{peer.port}: only the port was reached, Kerberos is not spoken here" in caplog.messages


def test_a_broker_has_to_be_reachable_where_it_says_that_it_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed_port: int = listener.getsockname()[1]
    with Peer(KafkaBroker(advertised=closed_port)) as peer:
        code, text = refusal(**at(peer))
    assert code == FAILED
    assert f"127.0.0.1:{closed_port}" in text
    assert "Connection refused" in text


def test_a_trust_store_decides_which_broker_is_trusted(tmp_path: Path) -> None:
    authority = Authority()
    with Peer(KafkaBroker(), authority.server_context(tmp_path)) as peer:
        dial(entry(**at(peer, trusting(authority))))
        code, text = refusal(**at(peer, trusting(Authority())))
    assert code == FAILED
    assert "certificate verify failed" in text


def test_the_name_of_a_broker_is_compared_when_an_algorithm_is_given(tmp_path: Path) -> None:
    authority = Authority()
    with Peer(KafkaBroker(), authority.server_context(tmp_path)) as peer:
        dial(entry(**at(peer, trusting(authority, endpoint_algorithm=""))))
        code, text = refusal(**at(peer, trusting(authority, endpoint_algorithm="https")))
    assert code == FAILED
    assert "certificate verify failed" in text


def test_an_account_is_taken_over_tls(tmp_path: Path) -> None:
    authority = Authority()
    security = trusting(authority, type="SASL_SSL", sasl_mechanism="SCRAM-SHA-256")
    with Peer(KafkaBroker("SCRAM-SHA-256"), authority.server_context(tmp_path)) as peer:
        dial(entry(**at(peer, security)))
        assert refusal(**at(peer, security, db_password="wrong"))[0] == WRONG_ACCOUNT


def test_a_broker_that_asks_who_is_there_gets_the_certificate_of_the_key_store(tmp_path: Path) -> None:
    authority = Authority()
    context = authority.server_context(tmp_path)
    context.verify_mode = context.verify_mode.CERT_REQUIRED
    context.load_verify_locations(cadata=authority.pem.decode())
    certificate, key = (file.read_bytes() for file in authority.issue(tmp_path, "a client"))
    store = pkcs12.serialize_key_and_certificates(
        b"client",
        load_pem_private_key(key, None),  # type: ignore[arg-type]
        load_pem_x509_certificate(certificate),
        None,
        BestAvailableEncryption(b"store"),
    )
    mutual = {
        "enable_key_store": True,
        "key_store_key_name": "client.p12",
        "key_store_key": base64.b64encode(store).decode(),
        "key_store_password": "store",
    }
    with Peer(KafkaBroker(), context) as peer:
        dial(entry(**at(peer, trusting(authority, **mutual))))
        assert refusal(**at(peer, trusting(authority)))[0] == FAILED
        code, text = refusal(**at(peer, trusting(authority, **{**mutual, "key_store_password": "guessed"})))
    assert code == FAILED
    assert text.endswith("the key store is no PKCS#12 with a private key, or its password is wrong")


def test_no_password_appears_in_an_answer_or_a_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with Peer(KafkaBroker("PLAIN")) as peer:
        answer = refusal(**at(peer, sasl(), db_password="canary-7d1f"))
    assert "canary-7d1f" not in f"{answer} {caplog.text} {capfd.readouterr()}"
