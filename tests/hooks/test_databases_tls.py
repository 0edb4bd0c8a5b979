"""Every spelling of TLS that a driver documents is TLS on, TLS off, or refused; none is silently off."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
from certificate_files import write_p12, write_pem
from hypothesis import given
from hypothesis import strategies as st
from samples import job_id

from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.certificates import read_file
from airflow_provider_drs.api.model.values import plain
from airflow_provider_drs.hooks import tls
from airflow_provider_drs.hooks.connection_fields import Extra
from airflow_provider_drs.hooks.databases import members_of_connection

pytestmark = pytest.mark.usefixtures("airflow_db")

ON, OFF, REFUSED, SILENT = "on", "off", "refused", "says nothing"
CA = "the CA file"
SPELLINGS = {
    "mysql": [
        # mysqlclient, and the two forms of its object that Airflow accepts
        ({"ssl": {"ca": CA}}, ON),
        ({"ssl": json.dumps({"ca": CA, "cert": "/c", "key": "/k", "capath": "/d", "cipher": "X"})}, ON),
        ({"ssl": {}}, REFUSED),
        ({"ssl": {"cert": "/c", "key": "/k"}}, REFUSED),
        ({"ssl": {"ca": ""}}, REFUSED),
        ({"ssl": {"check_hostname": False}}, REFUSED),
        ({"ssl": {"mode": "DISABLED"}}, OFF),
        ({"ssl": {"mode": "REQUIRED"}}, REFUSED),
        ({"ssl": {"mode": "DISABLED", "ca": CA}}, REFUSED),
        ({"ssl": {"something_new": 1, "ca": CA}}, REFUSED),
        ({"ssl": "{'ca': '/etc/ca.pem'}"}, REFUSED),
        ({"ssl": True}, REFUSED),
        ({"ssl": "true", "ssl_ca": CA}, ON),
        ({"ssl": 1}, REFUSED),
        ({"ssl": "REQUIRED"}, REFUSED),
        ({"ssl": False}, OFF),
        ({"ssl": "0"}, OFF),
        ({"ssl": [CA]}, REFUSED),
        *(
            ({"ssl_mode": mode}, REFUSED)
            for mode in ("REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY", "required", "PREFERRED")
        ),
        *(({"ssl_mode": mode, "ssl_ca": CA}, ON) for mode in ("REQUIRED", "verify-ca", "Verify_Identity", "PREFERRED")),
        *(({"ssl_mode": mode}, OFF) for mode in ("DISABLED", "disabled", " Disabled ")),
        *(({"ssl_mode": mode}, REFUSED) for mode in ("on", True, "ENABLED", 5)),
        # PyMySQL and mysql-connector-python
        ({"ssl_ca": CA}, ON),
        ({"ssl_ca": CA, "ssl_cert": "/c", "ssl_key": "/k", "ssl_key_password": "p"}, ON),
        ({"ssl_ca": CA, "ssl_verify_cert": False, "ssl_verify_identity": True}, ON),
        ({"ssl_ca": "/x", "ssl": {"ca": "/y"}}, REFUSED),
        ({"ssl_ca": 5}, REFUSED),
        *(({name: "/x"}, REFUSED) for name in ("ssl_cert", "ssl_key", "ssl_capath", "ssl_key_password")),
        *(({name: value}, REFUSED) for name in ("ssl_verify_cert", "ssl_verify_identity") for value in (True, False)),
        *(({"ssl_disabled": value}, OFF) for value in (True, "true", "TRUE", 1, "1", "yes")),
        *(({"ssl_disabled": value}, REFUSED) for value in (False, "no", "perhaps")),
        ({"ssl_disabled": True, "ssl_verify_cert": False}, OFF),
        ({"ssl_disabled": True, "ssl_ca": CA}, REFUSED),
        ({"ssl_disabled": False, "ssl_ca": CA}, ON),
        *(({name: ["TLSv1.3"]}, REFUSED) for name in ("tls_versions", "tls_ciphersuites", "tls_version", "ssl_cipher")),
        ({"client_flags": ["SSL"]}, REFUSED),
        ({"client_flags": ["FOUND_ROWS"]}, SILENT),
        *(({"client_flag": flags}, REFUSED) for flags in (2048, "2050", [2, 2048])),
        ({"client_flag": 2}, SILENT),
        # the command lines of MySQL and MariaDB
        ({"ssl-mode": "REQUIRED"}, REFUSED),
        ({"ssl-ca": CA}, ON),
        *(({name: "/x"}, REFUSED) for name in ("ssl-crl", "ssl-crlpath", "ssl-capath", "tls-sni-servername")),
        *(({name: True}, REFUSED) for name in ("ssl-verify-server-cert", "ssl-fips-mode")),
        *(({name: True}, OFF) for name in ("skip-ssl", "disable-ssl")),
        # JDBC
        ({"useSSL": True}, REFUSED),
        ({"useSSL": "false"}, OFF),
        ({"requireSSL": True}, REFUSED),
        ({"sslMode": "VERIFY_CA"}, REFUSED),
        ({"sslMode": "trust"}, REFUSED),
        ({"sslMode": "verify-full", "sslCa": CA}, ON),
        *(
            ({name: "x"}, REFUSED)
            for name in ("trustCertificateKeyStoreUrl", "serverSslCert", "keyStore", "trustStore")
        ),
        *(({name: True}, REFUSED) for name in ("trustServerCertificate", "verifyServerCertificate")),
        *(
            ({name: "/etc/my.cnf"}, REFUSED)
            for name in ("read_default_file", "read_default_group", "option_files", "option_groups", "defaults-file")
        ),
        ({"charset": "utf8", "cursor": "SSCursor", "local_infile": True, "iam": False}, SILENT),
    ],
    "postgres": [
        *(({"sslmode": mode}, REFUSED) for mode in ("allow", "prefer", "require", "verify-ca", "verify-full")),
        *(({"sslmode": mode}, REFUSED) for mode in ("Require", "verify_full", "require ", True, 1, "on", "disabled")),
        *(({"sslmode": mode, "sslrootcert": CA}, ON) for mode in ("prefer", "require", "verify-ca", "VERIFY-FULL")),
        *(({"sslmode": mode}, OFF) for mode in ("disable", "DISABLE", "disable ")),
        ({"sslmode": "disable", "sslsni": 1}, OFF),
        ({"sslmode": "disable", "sslrootcert": CA}, REFUSED),
        ({"sslmode": "disable", "ssl_mode": "require"}, REFUSED),
        ({"sslrootcert": CA}, ON),
        ({"sslrootcert": "system"}, REFUSED),
        ({"sslmode": "verify-full", "sslrootcert": "system"}, REFUSED),
        ({"sslnegotiation": "direct"}, REFUSED),
        *(({name: "shop"}, REFUSED) for name in ("service", "servicefile", "dsn")),
        ({"sslnegotiation": "direct", "sslrootcert": CA}, ON),
        ({"requiressl": 1}, REFUSED),
        ({"requiressl": "0"}, SILENT),
        *(({name: "/x"}, REFUSED) for name in ("sslcert", "sslkey", "sslpassword", "sslcrl", "sslcrldir")),
        *(({name: "1"}, REFUSED) for name in ("sslcompression", "sslsni", "sslkeylogfile")),
        *(({name: "TLSv1.2"}, REFUSED) for name in ("ssl_min_protocol_version", "ssl_max_protocol_version")),
        *(({name: "require"}, REFUSED) for name in ("channel_binding", "gssencmode", "sslcertmode")),
        *(({name: "disable"}, SILENT) for name in ("channel_binding", "gssencmode", "sslcertmode")),
        *(({name: "prefer"}, SILENT) for name in ("channel_binding", "gssencmode")),
        # asyncpg, pg8000, JDBC
        *(({"ssl": value}, REFUSED) for value in (True, "require", "verify-full", "prefer", {"ca": "/x"})),
        *(({"ssl": value}, OFF) for value in (False, "false", "disable", 0)),
        ({"ssl_context": True}, REFUSED),
        ({"direct_tls": True}, REFUSED),
        *(({name: "x"}, REFUSED) for name in ("sslfactory", "sslhostnameverifier", "sslpasswordcallback")),
        ({"options": "-c statement_timeout=5", "keepalives": 1, "cursor": "dictcursor", "connect_timeout": 5}, SILENT),
        ({"sqlalchemy_query": {"sslmode": "require"}}, REFUSED),
        ({"dsn": "host=h sslmode=require"}, REFUSED),
    ],
    "mongo": [
        *(
            ({name: value}, REFUSED)
            for name in ("tls", "ssl")
            for value in (True, "true", "on", "On", 1, "yes", "maybe")
        ),
        *(({name: value}, OFF) for name in ("tls", "ssl") for value in (False, "false", "off", 0, "NO")),
        *(({"tls": True, name: CA}, ON) for name in ("tlsCAFile", "tlscafile", "ssl_ca_certs", "sslCA")),
        ({"tlsCAFile": CA}, ON),
        ({"tls": True, "ssl": False}, REFUSED),
        ({"tls": False, "tlsCAFile": CA}, REFUSED),
        *(
            ({name: "/x"}, REFUSED)
            for name in (
                "tlsCertificateKeyFile",
                "tlsCertificateKeyFilePassword",
                "tlsCRLFile",
                "ssl_certfile",
                "ssl_keyfile",
                "ssl_pem_passphrase",
                "ssl_crlfile",
                "sslCert",
                "sslKey",
            )
        ),
        *(
            ({name: value}, REFUSED)
            for name in (
                "tlsInsecure",
                "tlsAllowInvalidCertificates",
                "tlsAllowInvalidHostnames",
                "tlsDisableOCSPEndpointCheck",
                "tlsDisableCertificateRevocationCheck",
                "ssl_match_hostname",
                "allow_insecure",
            )
            for value in (True, False)
        ),
        ({"tls": True, "tlsInsecure": True, "tlsCAFile": CA}, ON),
        ({"ssl_cert_reqs": "CERT_NONE"}, REFUSED),
        # Airflow's form, with no box ticked and with one
        ({"srv": False, "ssl": False, "allow_insecure": False}, OFF),
        ({"srv": False, "ssl": True, "allow_insecure": True}, REFUSED),
        ({"srv": True}, REFUSED),
        ({"authMechanism": "MONGODB-X509"}, REFUSED),
        ({"authMechanism": "SCRAM-SHA-256", "authSource": "admin", "replicaSet": "rs"}, SILENT),
    ],
    "oracle": [
        ({"protocol": "tcps"}, REFUSED),
        ({"protocol": "TCPS", "wallet_location": CA}, ON),
        ({"protocol": "tcp"}, OFF),
        ({"protocol": "ipc"}, REFUSED),
        ({"wallet_location": CA, "wallet_password": "wallet password"}, ON),
        ({"wallet_location": CA, "protocol": "tcp"}, REFUSED),
        ({"wallet_location": ["/x"]}, REFUSED),
        ({"wallet_password": "x"}, REFUSED),
        ({"ssl_server_dn_match": True}, REFUSED),
        ({"ssl_server_dn_match": False}, REFUSED),
        ({"ssl_server_cert_dn": "CN=x"}, REFUSED),
        *(({name: "x"}, REFUSED) for name in ("ssl_version", "ssl_context", "use_sni")),
        ({"use_eztls": True}, REFUSED),
        ({"use_eztls": True, "protocol": "tcp"}, REFUSED),
        ({"use_eztls": "true", "wallet_location": CA}, ON),
        ({"use_eztls": False}, SILENT),
        ({"dsn": "(DESCRIPTION=(ADDRESS=(PROTOCOL=TCPS)(HOST=h)(PORT=2484)))"}, REFUSED),
        ({"dsn": "tcps://h:2484/service"}, REFUSED),
        ({"dsn": "(DESCRIPTION=(ADDRESS=(PROTOCOL = tcp)(HOST=h)(PORT=1521)))"}, OFF),
        ({"dsn": "an_alias_in_tnsnames"}, REFUSED),
        ({"oracle.net.ssl_server_dn_match": "true"}, REFUSED),
        ({"javax.net.ssl.trustStore": "/x"}, REFUSED),
        ({"SQLNET.ENCRYPTION_CLIENT": "required"}, REFUSED),
        ({"thick_mode": True, "thick_mode_lib_dir": "/opt/oracle", "service_name": "S", "events": False}, SILENT),
    ],
    "kafka": [
        ({}, SILENT),
        *(({"security.protocol": value}, OFF) for value in ("PLAINTEXT", "plaintext")),
        *(({"security.protocol": value}, REFUSED) for value in ("SSL", "ssl", "SASL_SSL", "TLS", "true", True, 1)),
        *(({"security.protocol": value, "ssl.ca.location": CA}, ON) for value in ("SSL", "ssl", " Ssl ")),
        *(({"security.protocol": "SSL", name: CA}, ON) for name in ("ssl.truststore.location", "ssl_cafile")),
        ({"security_protocol": "SSL", "ssl_cafile": CA}, ON),
        ({"security.protocol": "PLAINTEXT", "ssl.ca.location": CA}, REFUSED),
        ({"security.protocol": "PLAINTEXT", "enable.ssl.certificate.verification": False}, OFF),
        ({"security.protocol": "SSL", "ssl.ca.location": CA, "enable.ssl.certificate.verification": False}, ON),
        ({"security.protocol": "SSL", "ssl.ca.location": 5}, REFUSED),
        *(({"security.protocol": "SSL", name: "text"}, REFUSED) for name in ("ssl.ca.pem", "ssl.certificate.pem")),
        *(
            ({name: "/x"}, REFUSED)
            for name in (
                "ssl.ca.location",
                "ssl.ca.pem",
                "ssl.certificate.location",
                "ssl.certificate.pem",
                "ssl.key.location",
                "ssl.key.pem",
                "ssl.key.password",
                "ssl.crl.location",
                "ssl.keystore.location",
                "ssl.keystore.password",
                "ssl.truststore.location",
                "ssl.truststore.password",
                "ssl.cipher.suites",
                "ssl.curves.list",
                "ssl.sigalgs.list",
                "ssl.providers",
                "ssl.engine.location",
                "ssl.engine.id",
                "ssl.ca.certificate.stores",
                "ssl.endpoint.identification.algorithm",
                "enable.ssl.certificate.verification",
                "ssl_certfile",
                "ssl_keyfile",
                "ssl_check_hostname",
            )
        ),
        ({"ssl": {"ca": {"location": "/x"}}}, REFUSED),
        ({"bootstrap.servers": "SSL://h:1"}, REFUSED),
        ({"bootstrap.servers": "ssl://h:1", "ssl.ca.location": CA}, ON),
        ({"bootstrap.servers": "SASL_SSL://h:1", "security.protocol": "SASL_PLAINTEXT"}, REFUSED),
        ({"bootstrap.servers": "SSL://h:1,PLAINTEXT://h:2", "ssl.ca.location": CA}, REFUSED),
        ({"bootstrap.servers": "PLAINTEXT://h:1"}, SILENT),
        ({"https.ca.location": "/x", "group.id": "x", "enable.auto.commit": False}, SILENT),
    ],
    "generic": [
        ({"sslmode": "require"}, REFUSED),
        ({"tls": False}, REFUSED),
        ({"anything": "else"}, SILENT),
    ],
}
TABLES = {
    "mysql": tls.MYSQL,
    "postgres": tls.POSTGRESQL,
    "mongo": tls.MONGODB,
    "oracle": tls.ORACLE,
    "kafka": tls.KAFKA,
    "generic": {},
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The CA file, or for Oracle the folder of the wallet."""
    folder = tmp_path_factory.mktemp("certificates")
    write_p12(folder / "ewallet.p12", "wallet password")
    return {"oracle": str(folder)}, str(write_pem(folder / "ca.pem"))


def outcome(monkeypatch, conn_type, extra, **overrides):
    """Return whether an endpoint whose Connection has this extra uses TLS, or is refused."""
    connection = {"conn_type": conn_type, "host": "h", "login": "u", "password": "a password", "schema": "S"}
    with monkeypatch.context() as patched:
        patched.setenv("AIRFLOW_CONN_SHOP", json.dumps({**connection, "extra": extra}))
        job = {"id": job_id(1), "net_type": "eip", "end_point_type": "so", "db_conn_id": "shop", **overrides}
        if conn_type == "generic":
            job |= {"db_type": "mysql", "db_port": 3306}
        try:
            (endpoint,) = parse_endpoints([job], members_of_connection)
        except DrsInputError:
            return REFUSED
    sent = endpoint.wire()
    if conn_type == "kafka":
        state = {"SSL": ON, "SASL_SSL": ON}.get(sent["kafka_security_config"]["type"], OFF)
        return state if state == ON or "security.protocol" in extra else SILENT
    return {True: ON, False: OFF, None: SILENT}[sent.get("ssl_link")]


def with_files(extra, conn_type, files):
    folders, ca = files
    text = json.dumps(extra).replace(CA, folders.get(conn_type, ca))
    made = json.loads(text)
    if made.get("wallet_location") and conn_type == "oracle":
        made.setdefault("wallet_password", "wallet password")
    return made


@pytest.mark.parametrize(
    ("conn_type", "extra", "expected"),
    [(conn_type, *row) for conn_type, table in SPELLINGS.items() for row in table],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else value,
)
def test_each_documented_spelling_is_on_or_off_or_refused(monkeypatch, files, conn_type, extra, expected):
    assert outcome(monkeypatch, conn_type, with_files(extra, conn_type, files)) == expected


@pytest.mark.parametrize(
    ("conn_type", "extra"),
    [(conn_type, extra) for conn_type, rows in SPELLINGS.items() for extra, end in rows if end == REFUSED],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else value,
)
def test_ssl_link_false_in_the_endpoint_overrides_every_refused_spelling(monkeypatch, conn_type, extra):
    if conn_type == "kafka":
        overrides: dict[str, Any] = {"kafka_security_config": {"type": "PLAINTEXT"}}
        if any("://" in str(value) for value in extra.values()):
            overrides["ip"] = "h:1"
        assert outcome(monkeypatch, conn_type, extra, **overrides) in (OFF, SILENT)
    else:
        assert outcome(monkeypatch, conn_type, extra, ssl_link=" FALSE ", ip="h", db_name="S") == OFF


def test_a_dns_seed_list_asks_for_tls_even_if_the_endpoint_sets_the_address(monkeypatch):
    assert outcome(monkeypatch, "mongo", {"srv": True}, ip="h") == REFUSED
    assert outcome(monkeypatch, "mongo", {"srv": True}, ip="h", ssl_link=False) == OFF


@pytest.mark.parametrize("conn_type", [name for name in TABLES if name != "kafka"])
@pytest.mark.parametrize("extra", [{}, {"sslmode": "disable"}, {"ssl_something": 1}, {"ssl": False}])
def test_a_certificate_of_the_endpoint_turns_tls_on(monkeypatch, files, conn_type, extra):
    key, name, check_sum = read_file(files[1], None)
    certificate = {"ssl_cert_key": key, "ssl_cert_name": name, "ssl_cert_check_sum": check_sum}
    assert outcome(monkeypatch, conn_type, extra, ssl_cert_file=files[1]) == ON
    assert outcome(monkeypatch, conn_type, extra, **certificate) == ON


@pytest.mark.parametrize(
    "members",
    [
        {"conn_type": "postgres", "host": "h", "schema": "shop?sslmode=require"},
        {"conn_type": "mongo", "host": "h", "schema": "shop?tls=true"},
        {"conn_type": "mongo", "host": "mongodb+srv://h"},
        {"conn_type": "mongo", "host": "h/?tls=true"},
        {"conn_type": "oracle", "host": "tcps://h", "schema": "S"},
        {"conn_type": "oracle", "host": "tcps://h:2484/S"},
        {"conn_type": "oracle", "host": "(DESCRIPTION=(ADDRESS=(PROTOCOL=TCPS)(HOST=h)))"},
        {"conn_type": "mysql", "host": "mysqls://h"},
    ],
    ids=str,
)
@pytest.mark.parametrize("overrides", [{}, {"ip": "h"}], ids=["alone", "with an ip of the endpoint"])
def test_tls_in_a_field_other_than_the_extra_is_refused(monkeypatch, members, overrides):
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"login": "u", "password": "p", **members}))
    job = {"id": job_id(1), "net_type": "eip", "end_point_type": "so", "db_conn_id": "shop", **overrides}
    with pytest.raises(DrsInputError):
        parse_endpoints([job], members_of_connection)


WORDS = st.sampled_from(
    ["ssl", "tls", "cert", "wallet", "tcps", "keystore", "x509", "verify", "encrypt", "ca_file", "secure"]
)
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.booleans(),
    st.integers(),
    st.sampled_from(["require", "on", "yes", "/etc/ca.pem", "", None, "x", [], {}, {"ca": "x"}]),
    st.text(max_size=8),
)


@given(
    conn_type=st.sampled_from(list(TABLES)),
    before=st.text("abc_.-", max_size=4),
    word=WORDS,
    after=st.text("abc_.-", max_size=4),
    upper=st.booleans(),
    value=VALUES,
)
def test_no_name_that_looks_like_tls_is_ignored(conn_type, before, word, after, upper, value):
    name = f"{before}_{word}{after}" if word != "ca_file" else word
    name = name.upper() if upper else name
    violations: list[str] = []
    extra = Extra({name: value} if value not in ("", None) else {}, violations)

    wanted = tls.asks_for_tls(extra, TABLES[conn_type])

    assert wanted is not None or violations or value in ("", None) or plain(name) in TABLES[conn_type]


def looks_like_tls(names):
    return sorted(name for name in names if any(word in name.lower() for word in ("ssl", "tls", "wallet")))


def options_of_pymongo():
    common = pytest.importorskip("pymongo.common")
    return [*common.URI_OPTIONS_VALIDATOR_MAP, *common.NONSPEC_OPTIONS_VALIDATOR_MAP, *common.KW_VALIDATORS]


def options_of_libpq():
    pq = pytest.importorskip("psycopg").pq
    return [each.keyword.decode() for each in pq.Conninfo.get_defaults()]


def options_of_pymysql():
    return inspect.signature(pytest.importorskip("pymysql.connections").Connection.__init__).parameters


def options_of_oracledb():
    # Release 2 hides the signature, so the properties stand for the options.
    return dir(pytest.importorskip("oracledb").ConnectParams)


@pytest.mark.parametrize(
    ("options", "table"),
    [
        (options_of_pymongo, tls.MONGODB),
        (options_of_libpq, tls.POSTGRESQL),
        (options_of_pymysql, tls.MYSQL),
        (options_of_oracledb, tls.ORACLE),
    ],
)
def test_every_option_of_an_installed_driver_is_in_its_table(options, table):
    names = looks_like_tls(options())

    assert names
    assert [name for name in names if plain(name) not in table] == []
