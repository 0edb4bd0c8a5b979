"""The emulator logs in to PostgreSQL as it is: with and without TLS, welcome and not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from running_airflow import free_ports
from servers import Postgres
from tls import Authority
from verdicts import PASSED, verdict

pytestmark = pytest.mark.databases


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def plain() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(scope="module")
def secured(authority: Authority) -> Iterator[Postgres]:
    with Postgres(authority) as server:
        yield server


@pytest.fixture(scope="module")
def insisting(authority: Authority) -> Iterator[Postgres]:
    with Postgres(authority, insists=True) as server:
        yield server


def ask(server: Postgres, **members: Any) -> tuple[str, str]:
    return verdict(**{"db_type": "postgresql", "db_port": server.port, **members})


def said(server: Postgres, code: str, text: str) -> tuple[str, str]:
    return code, f"127.0.0.1:{server.port}: {text}"


@pytest.mark.parametrize("db_name", [None, "shop"])
def test_the_right_account_passes(plain: Postgres, db_name: str | None) -> None:
    assert ask(plain, db_name=db_name) == PASSED


@pytest.mark.parametrize(
    ("members", "code", "text"),
    [
        ({"db_password": "wrong"}, "DRS.KE0002", 'FATAL: password authentication failed for user "reader"'),
        ({"db_user": "nobody"}, "DRS.KE0002", 'FATAL: password authentication failed for user "nobody"'),
        ({"db_name": "nowhere"}, "DRS.M01501", 'FATAL: database "nowhere" does not exist'),
    ],
)
def test_a_refused_login_is_told_in_the_words_of_the_server(
    plain: Postgres, members: dict[str, Any], code: str, text: str
) -> None:
    assert ask(plain, **members) == said(plain, code, text)


def test_a_closed_port_is_told_in_the_words_of_the_system() -> None:
    (port,) = free_ports(1)
    assert verdict(db_type="postgresql", db_port=port) == ("DRS.M01501", f"127.0.0.1:{port}: Connection refused")


@pytest.mark.parametrize("server", ["secured", "insisting"])
def test_with_the_certificate_of_its_authority_a_server_is_trusted(
    request: pytest.FixtureRequest, authority: Authority, server: str
) -> None:
    database = request.getfixturevalue(server)
    assert ask(database, **authority.members()) == PASSED
    assert ask(database, db_password="wrong", **authority.members())[0] == "DRS.KE0002"


def test_a_server_of_another_authority_is_not_trusted(secured: Postgres) -> None:
    code, text = ask(secured, **Authority().members())
    assert code == "DRS.M01501"
    assert "certificate verify failed" in text


def test_a_server_without_tls_is_not_logged_in_to_when_tls_is_wanted(plain: Postgres, authority: Authority) -> None:
    refusal = said(plain, "DRS.M01501", "server does not support SSL, but SSL was required")
    assert ask(plain, **authority.members()) == refusal


def test_nobody_gets_in_without_tls_where_it_is_insisted_on(insisting: Postgres) -> None:
    refusal = 'FATAL: no pg_hba.conf entry for host "127.0.0.1", user "reader", database "postgres", no encryption'
    assert ask(insisting) == said(insisting, "DRS.M01501", refusal)


def test_no_password_appears_in_an_answer_or_a_log(
    secured: Postgres, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    account = {"db_user": "canary-7d1f", "db_password": "canary-7d1f"}
    answers = [ask(secured, **account), ask(secured, **account, **authority.members())]
    assert 'authentication failed for user "***"' in answers[0][1]
    assert "canary-7d1f" not in f"{answers} {caplog.text}"
