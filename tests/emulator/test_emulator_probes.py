"""What the emulator says of a database after it has really dialled it."""

from __future__ import annotations

import logging
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import metadata
from typing import Any

import pytest
from dialling import refusal
from drs_calls import JOB, Drs, entry
from postgres import Postgres
from tls import Authority, certificate_members

from airflow_provider_drs.emulator import logins
from airflow_provider_drs.emulator.probes import dial, without_password
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with Postgres(tmp_path_factory.mktemp("postgres")) as server:
        server.execute("CREATE ROLE reader LOGIN PASSWORD 'right'")
        server.execute("CREATE ROLE retired NOLOGIN PASSWORD 'right'")
        yield server


@pytest.fixture
def ports() -> Iterator[Any]:
    """Open ports on loopback, made on demand."""
    with ExitStack() as stack:

        def listen() -> int:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            port: int = listener.getsockname()[1]
            return port

        yield listen


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_the_right_password_passes(database: Postgres) -> None:
    dial(entry(db_port=database.port))


@pytest.mark.parametrize(
    ("members", "code", "said"),
    [
        ({"db_password": "wrong"}, "DRS.KE0002", 'FATAL: password authentication failed for user "reader"'),
        ({"db_user": "nobody"}, "DRS.KE0002", 'FATAL: password authentication failed for user "nobody"'),
        ({"db_user": "retired"}, "DRS.KE0002", 'FATAL: role "retired" is not permitted to log in'),
        ({"db_name": "shop"}, "DRS.M01501", 'FATAL: database "shop" does not exist'),
        (Authority().members(), "DRS.M01501", "server does not support SSL, but SSL was required"),
    ],
)
def test_a_refused_login_is_told_in_the_words_of_the_server(
    database: Postgres, members: dict[str, Any], code: str, said: str
) -> None:
    assert refusal(db_port=database.port, **members) == (code, f"127.0.0.1:{database.port}: {said}")


def test_the_verdict_of_a_real_login_reaches_the_client(database: Postgres) -> None:
    with Emulator(World(ready_after_polls=0)) as emulator:
        good, bad = Drs(emulator).connect(
            entry(db_port=database.port), entry(db_port=database.port, db_password="wrong", end_point_type="ta")
        )
    assert good == {"id": JOB, "status": "success", "success": True}
    assert (bad["status"], bad["success"], bad["error_code"]) == ("failed", False, "DRS.KE0002")
    assert bad["error_msg"].endswith('FATAL: password authentication failed for user "reader"')


def test_the_password_is_taken_out_of_what_the_server_says(database: Postgres) -> None:
    _, text = refusal(db_port=database.port, db_user="canary-7d1f", db_password="canary-7d1f")
    assert "canary-7d1f" not in text
    assert 'authentication failed for user "***"' in text


ENGINES = ["mysql", "taurus", "postgresql", "mongodb", "dds", "kafka", "oracle"]


@pytest.mark.parametrize("db_type", [*ENGINES, "gaussdbv5"])
def test_a_closed_port_is_told_in_the_words_of_the_system(closed_port: int, db_type: str) -> None:
    assert refusal(db_port=closed_port, db_type=db_type) == (
        "DRS.M01501",
        f"127.0.0.1:{closed_port}: Connection refused",
    )


def test_a_host_name_that_cannot_be_is_an_answer_as_well() -> None:
    code, text = refusal(ip="two..dots")
    assert code == "DRS.M01501"
    assert text.startswith("two..dots:5432: ")


def test_one_answering_host_is_enough(ports: Any, closed_port: int) -> None:
    dial(entry(db_type="gaussdbv5", db_port=None, ip=f"127.0.0.1:{closed_port},127.0.0.1:{ports()}"))


def test_without_any_answering_host_every_host_is_named(closed_port: int) -> None:
    code, text = refusal(db_type="kafka", db_port=None, ip=f"127.0.0.1:{closed_port},[127.0.0.1]:{closed_port}")
    assert code == "DRS.M01501"
    assert text == "; ".join([f"127.0.0.1:{closed_port}: Connection refused"] * 2)


def test_a_wrong_password_is_not_tried_at_the_next_host(database: Postgres, closed_port: int) -> None:
    hosts = f"127.0.0.1:{database.port},127.0.0.1:{closed_port}"
    code, text = refusal(ip=hosts, db_port=None, db_password="wrong")
    assert code == "DRS.KE0002"
    assert str(closed_port) not in text


@pytest.mark.parametrize(
    ("members", "dialled"),
    [
        ({"db_type": "mysql", "db_port": None}, ("127.0.0.1", 3306)),
        ({"db_type": "postgresql", "db_port": None}, ("127.0.0.1", 5432)),
        ({"db_type": "oracle", "db_port": None}, ("127.0.0.1", 1521)),
        ({"db_type": "kafka", "db_port": None}, ("127.0.0.1", 9092)),
        ({"db_type": "mongodb", "db_port": 0}, ("127.0.0.1", 27017)),
        ({"db_type": "mysql", "db_port": 3307}, ("127.0.0.1", 3307)),
        ({"db_type": "kafka", "ip": "127.0.0.1:9093", "db_port": None}, ("127.0.0.1", 9093)),
        ({"db_type": "mysql", "ip": "::1"}, ("::1", 5432)),
        ({"db_type": "mysql", "ip": "[::1]"}, ("::1", 5432)),
        ({"db_type": "mysql", "ip": "[::1]:3307"}, ("::1", 3307)),
    ],
)
def test_the_port_comes_from_the_address_or_the_entry_or_the_engine(
    monkeypatch: pytest.MonkeyPatch, members: dict[str, Any], dialled: tuple[str, int]
) -> None:
    seen: list[tuple[tuple[str, int], float]] = []

    def never_answers(address: tuple[str, int], timeout: float) -> socket.socket:
        seen.append((address, timeout))
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", never_answers)
    assert refusal(**members)[1].endswith(": timed out")
    assert seen == [(dialled, 3.0)]


@pytest.mark.parametrize("members", [{"db_type": "dws", "db_port": None}, {"ip": "127.0.0.1:70000"}])
def test_without_a_usable_port_nothing_is_dialled(members: dict[str, Any]) -> None:
    code, text = refusal(**members)
    assert code == "DRS.M01501"
    assert text.endswith(": no usable port is given")


@pytest.mark.parametrize("db_type", ENGINES)
@pytest.mark.parametrize("secured", [False, True])
def test_a_server_that_takes_the_call_and_never_says_a_word_does_not_hold_the_emulator(
    ports: Any, db_type: str, secured: bool
) -> None:
    port = ports()
    code, text = refusal(
        timeout=0.5, db_type=db_type, ip=f"127.0.0.1:{port}", **(Authority().members() if secured else {})
    )
    assert code == "DRS.M01501"
    assert text.startswith(f"127.0.0.1:{port}: ")
    assert re.search("(?i)timed out|timeout expired", text)


@pytest.mark.parametrize("db_type", ["mysql", "postgresql", "mongodb", "oracle"])
def test_a_certificate_that_cannot_be_read_is_refused_before_a_password_is_sent(ports: Any, db_type: str) -> None:
    port = ports()
    rubbish = certificate_members(b"rubbish")
    assert refusal(db_type=db_type, ip=f"127.0.0.1:{port}", **rubbish) == (
        "DRS.M01501",
        f"127.0.0.1:{port}: no CA certificate can be read from what was sent, or its password is wrong",
    )


@pytest.mark.parametrize(
    ("db_type", "engine", "driver"),
    [
        ("mysql", "mysql", "pymysql"),
        ("taurus", "mysql", "pymysql"),
        ("postgresql", "postgresql", "psycopg"),
        ("mongodb", "mongodb", "pymongo"),
        ("dds", "mongodb", "pymongo"),
        ("kafka", "kafka", "confluent_kafka"),
        ("oracle", "oracle", "oracledb"),
    ],
)
def test_without_the_driver_the_port_decides_and_the_log_says_how_to_get_it(
    ports: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    db_type: str,
    engine: str,
    driver: str,
) -> None:
    monkeypatch.setitem(sys.modules, driver, None)
    monkeypatch.delitem(sys.modules, f"{logins.__name__}.{engine}", raising=False)
    port = ports()
    dial(entry(db_type=db_type, ip=f"127.0.0.1:{port}"))
    assert (
        f"127.0.0.1:{port}: only the port was reached, "
        f"a login needs: pip install 'airflow-provider-drs[emulator-{engine}]'"
    ) in caplog.messages


def test_every_extra_that_the_log_names_is_there() -> None:
    provided = metadata("airflow-provider-drs").get_all("Provides-Extra") or []
    assert {f"emulator-{engine}" for engine in logins.ENGINES.values()} | {"emulator-all"} <= set(provided)


def test_no_driver_is_loaded_before_it_is_needed() -> None:
    code = "import sys; import airflow_provider_drs.emulator.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "airflow_provider_drs.emulator.probes" in loaded
    assert not {"pymysql", "psycopg", "pymongo", "confluent_kafka", "oracledb"} & set(loaded)


@pytest.mark.parametrize("db_type", ["gaussdbv5", "gaussdbv5ha", "sqlserver"])
def test_for_an_engine_without_a_login_the_log_says_so(
    ports: Any, caplog: pytest.LogCaptureFixture, db_type: str
) -> None:
    caplog.set_level(logging.INFO)
    port = ports()
    dial(entry(db_type=db_type, db_port=port))
    assert f"127.0.0.1:{port}: only the port was reached, there is no login for {db_type}" in caplog.messages


def test_no_password_of_an_endpoint_is_in_a_text_about_it() -> None:
    secrets = {
        "db_password": "canary-1",
        "ssl_cert_password": "canary-2",
        "kafka_security_config": {
            **{"trust_store_password": "canary-3", "key_store_password": "canary-4", "key_password": "canary-5"},
            "set_private_key_password": True,
        },
    }
    text = "canary-1 canary-2 canary-3 canary-4 canary-5 and words"
    assert without_password(text, entry(**secrets)) == "*** *** *** *** *** and words"


def test_an_empty_password_leaves_a_text_as_it_is() -> None:
    assert without_password("words", entry(ssl_cert_password="")) == "words"
