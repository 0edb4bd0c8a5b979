"""The emulator logs in to MongoDB through PyMongo. The peer is ours: no package brings a server."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from dialling import FAILED, WRONG_ACCOUNT, refusal
from drs_calls import entry
from mongo_peer import MongoServer
from peer import Peer
from tls import Authority

from airflow_provider_drs.emulator.probes import dial


def at(peer: Peer, **members: Any) -> dict[str, Any]:
    return {"db_type": "mongodb", "db_port": 0, "ip": f"127.0.0.1:{peer.port}", **members}


@pytest.mark.parametrize("db_type", ["mongodb", "dds"])
def test_the_right_account_passes(db_type: str) -> None:
    with Peer(MongoServer()) as peer:
        dial(entry(**at(peer, db_type=db_type)))


@pytest.mark.parametrize("members", [{"db_password": "wrong"}, {"db_user": "nobody"}, {"db_name": "shop"}])
def test_a_wrong_account_is_tried_once_and_told_in_the_words_of_the_server(members: dict[str, Any]) -> None:
    server = MongoServer()
    with Peer(server) as peer:
        assert refusal(**at(peer, **members)) == (WRONG_ACCOUNT, f"127.0.0.1:{peer.port}: Authentication failed.")
    assert server.failed_logins == 1


def test_db_name_is_the_database_that_knows_the_account() -> None:
    with Peer(MongoServer(auth_source="shop")) as peer:
        dial(entry(**at(peer, db_name="shop")))


def test_with_the_certificate_of_its_authority_a_server_is_trusted(tmp_path: Path) -> None:
    authority = Authority()
    with Peer(MongoServer(), authority.server_context(tmp_path)) as peer:
        dial(entry(**at(peer, **authority.members())))
        assert refusal(**at(peer, db_password="wrong", **authority.members()))[0] == WRONG_ACCOUNT


def test_a_server_of_another_authority_is_not_trusted(tmp_path: Path) -> None:
    server = MongoServer()
    with Peer(server, Authority().server_context(tmp_path)) as peer:
        code, text = refusal(**at(peer, **Authority().members()), timeout=1)
    assert code == FAILED
    assert text.startswith(f"127.0.0.1:{peer.port}: ")
    assert "certificate verify failed" in text
    assert "opology" not in text


def test_no_password_appears_in_an_answer_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Peer(MongoServer()) as peer:
        answer = refusal(**at(peer, db_password="canary-7d1f"))
    assert "canary-7d1f" not in f"{answer} {caplog.text}"
