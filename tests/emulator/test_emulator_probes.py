"""What the emulator says of a database after it has really dialled it."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from drs_calls import JOB, Drs, entry
from postgres import Postgres

from airflow_provider_drs.emulator.errors import RefusedError
from airflow_provider_drs.emulator.probes import dial
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


def refusal(**members: Any) -> tuple[str, str]:
    with pytest.raises(RefusedError) as caught:
        dial(entry(**members))
    return caught.value.code, caught.value.text


def test_the_right_password_passes(database: Postgres) -> None:
    dial(entry(db_port=database.port))


@pytest.mark.parametrize(
    ("members", "code", "said"),
    [
        ({"db_password": "wrong"}, "DRS.KE0002", 'FATAL: password authentication failed for user "reader"'),
        ({"db_user": "nobody"}, "DRS.KE0002", 'FATAL: password authentication failed for user "nobody"'),
        ({"db_user": "retired"}, "DRS.KE0002", 'FATAL: role "retired" is not permitted to log in'),
        ({"db_name": "shop"}, "DRS.M01501", 'FATAL: database "shop" does not exist'),
        ({"ssl_link": True}, "DRS.M01501", "server does not support SSL, but SSL was required"),
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


@pytest.mark.parametrize("db_type", ["postgresql", "mysql", "oracle"])
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
    dial(entry(db_type="mongodb", db_port=0, ip=f"127.0.0.1:{closed_port},127.0.0.1:{ports()}"))


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


def test_without_the_driver_the_port_decides_and_the_log_says_how_to_get_it(
    ports: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    port = ports()
    with Emulator(World(ready_after_polls=0)) as emulator:
        assert Drs(emulator).connect(entry(db_port=port)) == [{"id": JOB, "status": "success", "success": True}]
    assert (
        f"127.0.0.1:{port}: only the port was reached, "
        "a login needs: pip install 'airflow-provider-drs[emulator-postgresql]'"
    ) in caplog.messages


def test_for_an_engine_without_a_login_the_log_says_so(ports: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    port = ports()
    dial(entry(db_type="mysql", db_port=port))
    assert f"127.0.0.1:{port}: only the port was reached, there is no login for mysql yet" in caplog.messages
