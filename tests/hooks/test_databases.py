"""The Connection of a database yields the right entry on the wire; a Connection that does not fit is a violation."""

from __future__ import annotations

import base64
import json
import pickle

import pytest
from airflow import __version__
from certificate_files import DAY, NOW, write_p12, write_pem
from flaky_backend import Flaky
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import job_id
from wire import Service

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsInputError, DrsUnreachableError
from airflow_provider_drs.hooks.databases import members_of_connection

pytestmark = pytest.mark.usefixtures("airflow_db")

PASSWORD = "päss 'w\"ord% and more"
LOGIN = {"login": "drs", "password": PASSWORD}
ACCOUNT = {"db_user": "drs", "db_password": PASSWORD}
JOB = {"id": job_id(1), "net_type": "eip", "end_point_type": "so"}


@pytest.fixture
def connection(monkeypatch):
    """Store a connection and return its id."""

    def store(conn_type, conn_id="the_database", **fields):
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps({"conn_type": conn_type, **fields}))
        return conn_id

    return store


def read(*jobs):
    return parse_endpoints(list(jobs), members_of_connection)


def on_the_wire(conn_id, **members):
    """Return the entry that goes over a real socket, without the members that no Connection holds."""
    with Service() as service, DrsClient(service.url, "a-project", TokenAuth("a-token")) as client:
        client.test_connections(read({**JOB, "db_conn_id": conn_id, **members}))
        (request,) = service.requests
    (entry,) = request.entries
    assert "db_conn_id" not in entry
    return {name: value for name, value in entry.items() if name not in JOB}


def refused(*jobs):
    with pytest.raises(DrsInputError) as caught:
        read(*jobs)
    assert PASSWORD not in str(caught.value)
    return caught.value.violations


@pytest.mark.parametrize(
    ("conn_type", "fields", "entry"),
    [
        ("mysql", {"host": "h", "port": 3307, "schema": "shop"}, {"db_type": "mysql", "ip": "h", "db_port": 3307}),
        ("mysql", {"host": "h"}, {"db_type": "mysql", "ip": "h", "db_port": 3306}),
        (
            "mysql",
            {"host": "h", "extra": {"ssl_mode": "DISABLED"}},
            {"db_type": "mysql", "ip": "h", "db_port": 3306, "ssl_link": False},
        ),
        ("mariadb", {"host": "h"}, {"db_type": "mysql", "ip": "h", "db_port": 3306}),
        (
            "postgres",
            {"host": "h", "schema": "shop", "extra": {"sslmode": "disable"}},
            {"db_type": "postgresql", "ip": "h", "db_port": 5432, "db_name": "shop", "ssl_link": False},
        ),
        (
            "mongo",
            {"host": "h1:27018,h2", "port": 27019, "schema": "admin"},
            {"db_type": "mongodb", "ip": "h1:27018,h2:27019", "db_port": 0, "db_name": "admin"},
        ),
        (
            "mongo",
            {"host": "h", "schema": "shop", "extra": {"authSource": "admin", "ssl": "false"}},
            {"db_type": "mongodb", "ip": "h:27017", "db_port": 0, "db_name": "admin", "ssl_link": False},
        ),
        (
            "oracle",
            {"host": "h", "schema": "ignored", "extra": {"service_name": "ORCL"}},
            {"db_type": "oracle", "ip": "h", "db_port": 1521, "db_name": "ORCL"},
        ),
        (
            "oracle",
            {"host": "h", "schema": "ORCL"},
            {"db_type": "oracle", "ip": "h", "db_port": 1521, "db_name": "ORCL"},
        ),
    ],
)
def test_a_connection_alone_yields_the_entry(connection, conn_type, fields, entry):
    assert on_the_wire(connection(conn_type, **LOGIN, **fields)) == {**ACCOUNT, **entry}


def test_a_kafka_connection_without_login_yields_the_entry(connection):
    conn_id = connection("kafka", extra={"bootstrap.servers": "h1:9093,h2", "group.id": "x"})

    assert on_the_wire(conn_id) == {
        "db_type": "kafka",
        "ip": "h1:9093,h2:9092",
        "kafka_security_config": {"type": "PLAINTEXT"},
    }


def test_a_kafka_connection_yields_the_whole_security_config(connection, tmp_path):
    trust = write_pem(tmp_path / "ca.pem")
    keys = write_p12(tmp_path / "keys.p12", "key store password")
    extra = {
        "bootstrap.servers": "h:9093",
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "drs",
        "sasl.password": PASSWORD,
        "ssl.ca.location": str(trust),
        "ssl.keystore.location": str(keys),
        "ssl.keystore.password": "key store password",
        "ssl.key.password": "key password",
        "ssl.endpoint.identification.algorithm": "https",
    }

    assert on_the_wire(connection("kafka", extra=extra)) == {
        "db_type": "kafka",
        "ip": "h:9093",
        **ACCOUNT,
        "kafka_security_config": {
            "type": "SASL_SSL",
            "trust_store_key_name": "ca.pem",
            "trust_store_key": base64.b64encode(trust.read_bytes()).decode(),
            "endpoint_algorithm": "https",
            "sasl_mechanism": "SCRAM-SHA-512",
            "enable_key_store": True,
            "key_store_key": base64.b64encode(keys.read_bytes()).decode(),
            "key_store_key_name": "keys.p12",
            "key_store_password": "key store password",
            "set_private_key_password": True,
            "key_password": "key password",
        },
    }


def extra_with(conn_type, file):
    return {
        "mysql": {"ssl": json.dumps({"ca": file})},
        "postgres": {"sslmode": "verify-full", "sslrootcert": file},
        "mongo": {"tls": True, "tlsCAFile": file},
    }[conn_type]


@pytest.mark.parametrize("conn_type", ["mysql", "postgres", "mongo"])
def test_the_ca_file_of_a_connection_is_sent(connection, tmp_path, conn_type):
    file = write_pem(tmp_path / "ca.pem")

    entry = on_the_wire(connection(conn_type, host="h", **LOGIN, extra=extra_with(conn_type, str(file))))

    assert entry["ssl_link"] is True
    assert entry["ssl_cert_name"] == "ca.pem"
    assert base64.b64decode(entry["ssl_cert_key"]) == file.read_bytes()


def test_the_wallet_of_an_oracle_connection_is_sent(connection, tmp_path):
    file = write_p12(tmp_path / "ewallet.p12", "wallet password")
    extra = {"wallet_location": str(tmp_path), "wallet_password": "wallet password"}

    entry = on_the_wire(connection("oracle", host="h", **LOGIN, extra=extra))

    assert entry["ssl_cert_password"] == "wallet password"
    assert base64.b64decode(entry["ssl_cert_key"]) == file.read_bytes()


def test_members_of_the_endpoint_override_the_connection(connection, tmp_path):
    conn_id = connection("mysql", host="h", **LOGIN, extra={"ssl": {"ca": str(tmp_path / "missing.pem")}})
    overrides = {
        "db_type": "taurus",
        "ip": "other",
        "db_port": 1,
        "db_user": "u",
        "db_password": "p",
        "ssl_link": False,
    }

    assert on_the_wire(conn_id, **overrides) == overrides


def test_a_member_of_the_kafka_config_overrides_that_member_only(connection):
    extra = {"bootstrap.servers": "h:1", "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN"}
    conn_id = connection("kafka", **LOGIN, extra=extra)

    entry = on_the_wire(conn_id, kafka_security_config={"sasl_mechanism": "SCRAM-SHA-256"})

    assert entry["kafka_security_config"] == {"type": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-256"}


def test_a_generic_connection_serves_any_db_type_that_the_endpoint_sets(connection):
    conn_id = connection("generic", host="h", port=8000, **LOGIN)

    assert on_the_wire(conn_id, db_type="gaussdbv5") == {"db_type": "gaussdbv5", "ip": "h", "db_port": 8000, **ACCOUNT}
    assert "so the endpoint must set db_type" in refused({**JOB, "db_conn_id": conn_id})[0]


def test_connections_that_do_not_fit_are_reported_with_the_other_violations(connection):
    connection("http", "a_website", host="h", **LOGIN)
    connection("postgres", "a_postgres", host="h", **LOGIN)
    connection("mongo", "a_seed_list", host="h", **LOGIN, extra={"srv": True})
    connection("postgres", "tls_without_ca", host="h", **LOGIN, extra={"sslmode": "require"})
    connection("oracle", "by_sid", host="h", **LOGIN, extra={"sid": "X"})
    connection("kafka", "pem_pair", extra={"security.protocol": "ssl", "ssl.certificate.location": "/x"})

    violations = refused(
        {**JOB, "db_conn_id": f"mysql://drs:{PASSWORD}@h"},
        {**JOB, "db_conn_id": "a_website", "net_type": "wifi"},
        {**JOB, "db_conn_id": "a_postgres", "db_type": "mysql"},
        {**JOB, "db_conn_id": "a_seed_list"},
        {**JOB, "db_conn_id": "tls_without_ca"},
        {**JOB, "db_conn_id": "by_sid"},
        {**JOB, "db_conn_id": "pem_pair", "kafka_security_config": {"type": "SASL_SSL"}},
        {**JOB, "db_conn_id": "a_postgres", "net_type": "vpc", "inst_id": "1"},
        {**JOB, "db_conn_id": 5, "db_type": "mysql", "ip": "h", **ACCOUNT},
    )

    assert [line.split(" ")[0] for line in violations] == [
        "jobs[0].db_conn_id:",
        "jobs[1].db_conn_id:",
        "jobs[1].net_type:",
        "jobs[2].db_conn_id:",
        "jobs[3].db_conn_id:",
        "jobs[3].db_conn_id:",
        "jobs[4].db_conn_id:",
        "jobs[5].db_conn_id:",
        "jobs[6].db_conn_id:",
        "jobs[7].region:",
        "jobs[8].db_conn_id:",
    ]
    assert violations[0].endswith("must be the id of a Connection, and no URL")
    assert "is of type http" in violations[1]
    assert "does not fit db_type mysql" in violations[3]
    assert "asks for TLS and names no CA certificate" in violations[6]


@pytest.fixture
def backend(monkeypatch):
    """A secrets backend that Airflow asks first."""
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", "flaky_backend.Flaky")
    return Flaky


def test_a_failing_secrets_backend_and_an_unknown_connection_are_retryable_errors(backend, monkeypatch):
    stored = {"conn_type": "mysql", "host": "h", **LOGIN}
    monkeypatch.setattr(backend, "connections", {"orders_old": json.dumps(stored)})
    job = {**JOB, "db_conn_id": "orders_old"}
    assert read(job)[0].ip == "h"

    with monkeypatch.context() as outage:
        outage.setattr(backend, "down", True)
        with pytest.raises(DrsUnreachableError, match="connection orders_old cannot be read") as caught:
            read(job)
    assert caught.value.retryable
    assert read(job)[0].ip == "h"

    with pytest.raises(DrsUnreachableError, match="no source knows it, or one of them has failed"):
        read({**JOB, "db_conn_id": "nobody"})


@pytest.mark.parametrize("conn_type", ["mysql", "postgres", "mongo", "oracle", "kafka", "generic"])
@pytest.mark.parametrize("extra", ['{"ssl": true', "{'ssl': True}", '[{"ssl": true}]', '"ssl"', "5"])
def test_an_extra_that_is_no_json_object_is_refused(connection, conn_type, extra):
    conn_id = connection(conn_type, host="h", **LOGIN, extra=extra)

    job = {**JOB, "db_conn_id": conn_id} | ({"db_type": "mysql"} if conn_type == "generic" else {})

    if __version__.startswith(("3.0.", "3.1.")):  # these raise before the hook reads the extra
        with pytest.raises(DrsUnreachableError, match=f"connection {conn_id} cannot be read"):
            read(job)
    else:
        assert refused(job) == [f"jobs[0].db_conn_id: connection {conn_id}: extra: must be a JSON object"]


@pytest.mark.parametrize(
    ("conn_type", "fields", "member"),
    [
        ("mysql", {"host": "h", "port": 70000}, "port"),
        ("mysql", {"host": "h:1", "port": 2}, "port"),
        ("mysql", {"host": "h h"}, "host"),
        ("postgres", {"host": f"u:{PASSWORD}@h"}, "host"),
        ("postgres", {"host": "/var/run/postgresql"}, "host"),
        ("oracle", {"host": "h:1521/service"}, "host"),
        ("mongo", {"host": "h1,h2:x"}, "host"),
        ("mongo", {"host": "h", "extra": {"authSource": 5}}, "extra.authSource"),
        ("mongo", {"host": "h", "extra": {"authSource": "a", "authsource": "b"}}, "extra.authsource"),
        ("oracle", {"host": "h", "extra": {"service_name": ["S"]}}, "extra.service_name"),
        ("oracle", {"host": "h", "schema": "S", "extra": {"wallet_location": ["/x"]}}, "extra.wallet_location"),
        ("kafka", {"extra": {"bootstrap.servers": ["h:1", "h:2"]}}, "extra.bootstrap.servers"),
        ("kafka", {"extra": {"bootstrap.servers": "http://h:1"}}, "extra.bootstrap.servers"),
        ("kafka", {"host": "h", "extra": {"sasl.password": 12345678}}, "extra.sasl.password"),
    ],
    ids=str,
)
def test_a_field_that_cannot_be_read_is_named(connection, conn_type, fields, member):
    conn_id = connection(conn_type, **{**LOGIN, **fields})

    violations = refused({**JOB, "db_conn_id": conn_id})

    assert f"jobs[0].db_conn_id: connection {conn_id}: {member}" in [line.rpartition(": ")[0] for line in violations]


@pytest.mark.parametrize(
    ("conn_type", "fields", "address"),
    [
        ("mysql", {"host": "2001:db8::17"}, ("2001:db8::17", 3306)),
        ("mysql", {"host": "[2001:db8::17]", "port": 1}, ("2001:db8::17", 1)),
        ("mysql", {"host": "[2001:db8::17]:3307"}, ("2001:db8::17", 3307)),
        ("mysql", {"host": "mysql://h:3307/"}, ("h", 3307)),
        ("postgres", {"host": "h1:8000,h2:8000", "port": 8000}, ("h1:8000,h2:8000", 8000)),
        ("postgres", {"host": "h", "port": 0}, ("h", 5432)),
        ("mongo", {"host": "2001:db8::17", "port": 27018}, ("[2001:db8::17]:27018", 0)),
        ("mongo", {"host": "2001:db8::ab"}, ("[2001:db8::ab]:27017", 0)),
        ("mongo", {"host": "mongodb://h1:1, [2001:db8::1]:2,h3"}, ("h1:1,[2001:db8::1]:2,h3:27017", 0)),
        ("oracle", {"host": "tcp://h"}, ("h", 1521)),
        ("kafka", {"host": "2001:db8::17", "port": 9093}, ("[2001:db8::17]:9093", None)),
        ("kafka", {"extra": {"bootstrap.servers": "PLAINTEXT://b1:9092,plaintext://b2"}}, ("b1:9092,b2:9092", None)),
        ("kafka", {"extra": {"metadata.broker.list": "b1"}}, ("b1:9092", None)),
    ],
    ids=str,
)
def test_host_and_port_are_read_in_every_spelling(connection, conn_type, fields, address):
    (endpoint,) = read({**JOB, "db_conn_id": connection(conn_type, **LOGIN, **fields)})

    assert (endpoint.ip, endpoint.db_port) == address


@pytest.mark.parametrize("switch", [False, "False", "false", "FALSE", " false "])
def test_an_endpoint_without_tls_does_not_read_the_certificate_of_the_connection(connection, switch):
    conn_id = connection("mysql", host="h", **LOGIN, extra={"ssl": {"ca": "/nowhere/ca.pem"}})

    (endpoint,) = read({**JOB, "db_conn_id": conn_id, "ssl_link": switch})

    assert endpoint.ssl_link is False


def test_a_db_type_of_the_endpoint_that_is_no_text_is_a_violation(connection):
    violations = refused({**JOB, "db_conn_id": connection("mysql", host="h", **LOGIN), "db_type": ["mysql"]})

    assert [line.partition(": ")[0] for line in violations] == ["jobs[0].db_type"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
EXTRAS = st.dictionaries(
    st.text(max_size=10)
    | st.sampled_from(
        ["ssl", "ssl_mode", "sslmode", "sslrootcert", "tls", "tlsCAFile", "srv", "dsn", "wallet_location"]
    )
    | st.sampled_from(["security.protocol", "bootstrap.servers", "ssl.ca.location", "sasl.password", "authSource"]),
    JSON | st.sampled_from(["require", "SSL", "/nowhere", "h:1", "{'ca': 1}", '{"ca": 1}', "{", "true"]),
    max_size=4,
)


@settings(max_examples=200)
@given(
    conn_type=st.sampled_from(["mysql", "postgres", "mongo", "oracle", "kafka", "generic", "http"]),
    host=st.none() | st.text(max_size=12) | st.sampled_from(["h", "::1", "h:1,h:2"]) | st.integers(),
    schema=st.none() | st.text(max_size=5) | st.integers(),
    port=st.none() | st.integers(-2, 70000),
    extra=EXTRAS | JSON,
)
def test_any_connection_yields_members_or_one_error(conn_type, host, schema, port, extra):
    with pytest.MonkeyPatch.context() as patched:
        fields = {"conn_type": conn_type, "host": host, "schema": schema, "port": port, "extra": extra, **LOGIN}
        patched.setenv("AIRFLOW_CONN_ANY", json.dumps(fields))
        try:
            members_of_connection("any", {"db_type": "mysql"} if conn_type == "generic" else {})
        except (DrsInputError, DrsUnreachableError) as error:
            assert PASSWORD not in str(error)


def test_an_expired_certificate_of_a_connection_is_refused(connection, tmp_path):
    past = {"starts": NOW - 9 * DAY, "ends": NOW - DAY}
    file = str(write_pem(tmp_path / "ca.pem", **past))
    connection("postgres", "a_postgres", host="h", **LOGIN, extra=extra_with("postgres", file))
    connection(
        "kafka", "a_kafka", extra={"security.protocol": "SSL", "ssl.ca.location": file, "bootstrap.servers": "h"}
    )

    violations = refused({**JOB, "db_conn_id": "a_postgres"}, {**JOB, "db_conn_id": "a_kafka"})

    assert [line.partition(": ")[0] for line in violations] == [
        "jobs[0].ssl_cert_key",
        "jobs[1].kafka_security_config.trust_store_key",
    ]


def test_an_endpoint_from_a_connection_shows_no_password_and_is_not_pickled(connection):
    (endpoint,) = read({**JOB, "db_conn_id": connection("mysql", host="h", **LOGIN)})

    assert PASSWORD not in f"{endpoint!r} {endpoint} {endpoint.wire()!r} {endpoint.model_dump()}"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(endpoint)
