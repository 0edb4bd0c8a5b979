"""The emulator knocks at Oracle through python-oracledb. The peer is ours, and never lets anybody in."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from dialling import FAILED, WRONG_ACCOUNT, refusal
from oracle_peer import OracleServer
from peer import Peer
from tls import Authority

DENIED = (1017, "ORA-01017: invalid username/password; logon denied\n")
LOCKED = (28000, "ORA-28000: The account is locked.\nHelp: https://docs.oracle.com/error-help/db/ora-28000/\n")
EXPIRED = (28001, "ORA-28001: The account has expired.\n")


def at(peer: Peer, **members: Any) -> dict[str, Any]:
    return {"db_type": "oracle", "db_port": peer.port, "db_name": "shop", **members}


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (DENIED, WRONG_ACCOUNT, "ORA-01017: invalid username/password; logon denied"),
        (LOCKED, WRONG_ACCOUNT, "ORA-28000: The account is locked."),
        (EXPIRED, FAILED, "ORA-28001: The account has expired."),
    ],
)
def test_a_refused_login_is_tried_once_and_told_in_the_words_of_the_server(
    error: tuple[int, str], code: str, text: str
) -> None:
    server = OracleServer(error)
    with Peer(server) as peer:
        assert refusal(**at(peer)) == (code, f"127.0.0.1:{peer.port}: {text}")
    assert server.failed_logins == 1


def test_db_name_is_the_service() -> None:
    with Peer(OracleServer(DENIED)) as peer:
        code, text = refusal(**at(peer, db_name="books"))
    assert code == FAILED
    assert 'Service "books" is not registered with the listener' in text
    assert "CONNECTION_ID" not in text


def test_a_certificate_decides_which_server_is_trusted(tmp_path: Path) -> None:
    authority = Authority()
    with Peer(OracleServer(DENIED), authority.server_context(tmp_path)) as peer:
        assert refusal(**at(peer, **authority.members()))[0] == WRONG_ACCOUNT
        code, text = refusal(**at(peer, **Authority().members()))
    assert code == FAILED
    assert "certificate verify failed" in text


def test_no_password_appears_in_an_answer_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Peer(OracleServer(DENIED)) as peer:
        answer = refusal(**at(peer, db_password="canary-7d1f"))
    assert "canary-7d1f" not in f"{answer} {caplog.text}"
