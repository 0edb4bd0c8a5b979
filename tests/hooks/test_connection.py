"""The meaning of a Connection in every spelling, and the message of the Test button when it is wrong."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
from email.utils import format_datetime
from ipaddress import ip_address
from threading import Thread
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from airflow import __version__
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import job_id
from wire import Reply, Service

from airflow_provider_drs.api.auth import tokens
from airflow_provider_drs.api.errors import DrsError, DrsInputError
from airflow_provider_drs.api.wire.regions import drs_endpoint, iam_endpoint
from airflow_provider_drs.emulator.accounts import Accounts
from airflow_provider_drs.emulator.identities import IdentityFacts
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World
from airflow_provider_drs.hooks.drs import DrsHook

PROJECT = "0123456789abcdef0123456789abcdef"
CANARY = "s3cr3t-c4nary"


@pytest.fixture
def hook(monkeypatch):
    """Return a function that stores a connection as JSON in the environment and returns its hook."""

    def make(*, extra=None, **members):
        stored = {"conn_type": "drs", "extra": {"project_id": PROJECT, **(extra or {})}, "password": CANARY, **members}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(stored))
        return DrsHook()

    return make


def wrong(hook):
    with pytest.raises(DrsInputError) as caught:
        hook.get_conn()
    assert CANARY not in str(caught.value)
    return [line.removeprefix("connection drs_default: ") for line in caught.value.violations]


@pytest.mark.parametrize(
    ("region", "drs", "iam"),
    [
        ("cn-north-4", "https://drs.cn-north-4.myhuaweicloud.com", "https://iam.cn-north-4.myhuaweicloud.com"),
        ("eu-west-101", "https://drs.eu-west-101.myhuaweicloud.eu", "https://iam.eu-west-101.myhuaweicloud.eu"),
        ("eu-de", "https://drs.eu-de.otc.t-systems.com", "https://iam.eu-de.otc.t-systems.com"),
        ("cn-south-4", "https://drs.cn-south-4.myhuaweicloud.com", "https://iam.myhuaweicloud.com"),
    ],
)
def test_a_region_names_the_endpoints(hook, region, drs, iam):
    assert (drs_endpoint(region), iam_endpoint(region)) == (drs, iam)
    assert hook(extra={"region": region}).get_conn().endpoint == drs


@pytest.mark.parametrize(
    ("members", "endpoint"),
    [
        ({"host": "drs.example.org"}, "https://drs.example.org"),
        ({"host": "drs.example.org", "port": 443}, "https://drs.example.org:443"),
        ({"host": " https://drs.example.org/ "}, "https://drs.example.org"),
        ({"host": "https://drs.example.org:8443", "port": 8443}, "https://drs.example.org:8443"),
        ({"host": "http://127.0.0.1", "port": 8765}, "http://127.0.0.1:8765"),
        ({"host": "127.0.0.1", "schema": "http", "port": 8765}, "http://127.0.0.1:8765"),
        ({"host": "http://[::1]:8765"}, "http://[::1]:8765"),
    ],
)
def test_a_host_is_the_endpoint_and_without_a_scheme_it_means_https(hook, members, endpoint):
    assert hook(**members).get_conn().endpoint == endpoint


@pytest.mark.parametrize(
    ("members", "lines"),
    [
        ({"password": None}, ["password: the IAM token is missing"]),
        (
            {"password": None, "extra": {"auth_type": "aksk"}},
            ["password: the secret key is missing", "login: the access key is missing"],
        ),
        (
            {"extra": {"auth_type": "password"}},
            ["login: the name of the IAM user is missing", "extra.iam_endpoint: give it, or the region"],
        ),
        ({"host": None}, ["host: give the endpoint, or the region in the extra"]),
        ({"host": f"https://u:{CANARY}@drs.example.org"}, 1),
        ({"host": f"https://drs.example.org/?x={CANARY}"}, 1),
        ({"host": "http://["}, 1),
        ({"host": "https://drs.example.org:1", "port": 2}, ["port: differs from the port in host"]),
        (
            {"extra": {"project_id": None}},
            ["extra.project_id: is missing; set it here or in the task, or set extra.region to look it up"],
        ),
        ({"extra": {"connect_timeout": "soon", "language": CANARY, "verify": False}}, 3),
        ({"extra": {"read_timeout": float("inf")}}, 1),
        ({"extra": {"connect_timeout": True, "max_attempts": 2.5, "max_retry_seconds": [1], "region": 5}}, 4),
        ({"extra": {"verify": 0}}, 1),
        ({"schema": "ftp"}, ["schema: must be https or http"]),
        ({"port": 70000}, ["port: must be a port from 1 to 65535"]),
        ({"host": "drs.example.org,drs.example.com"}, 1),
        ({"host": "ftp://drs.example.org"}, 1),
        ({"password": f"{CANARY} {CANARY}"}, 1),
        ({"host": "http://drs.example.org"}, 1),
    ],
)
def test_one_error_names_every_violation_and_no_value(hook, members, lines):
    violations = wrong(hook(**{"host": "drs.example.org", **members}))
    assert violations == lines if isinstance(lines, list) else len(violations) == lines


@pytest.mark.parametrize(
    "extra",
    [
        f'{{"auth_type": "aksk", "project_id": "{PROJECT}"',
        "{'auth_type': 'aksk'}",
        '[{"auth_type": "aksk"}]',
        '"aksk"',
        "5",
        "null",
        "\ufeff{}",
    ],
    ids=["a missing brace", "Python", "a list", "a text", "a number", "null", "a byte order mark"],
)
def test_an_extra_that_is_no_json_object_is_refused(monkeypatch, extra):
    stored = {"conn_type": "drs", "host": "drs.example.org", "login": "AK", "password": CANARY, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(stored))

    with pytest.raises(DrsError) as caught:
        DrsHook(project_id=PROJECT).get_conn()

    # Airflow 3.0 and 3.1 raise before the hook reads the extra.
    why = "cannot be read" if __version__.startswith(("3.0.", "3.1.")) else "extra: must be a JSON object"
    assert str(caught.value).count(why) == 1
    assert "drs_default" in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("extra", [{}, {"auth_type": "token"}, {"auth_type": None}, {"auth_type": " "}])
def test_a_password_beside_a_login_is_never_sent_as_a_token(hook, extra):
    with Service() as service:
        violations = wrong(hook(host=service.url, login="AN-ACCESS-KEY", extra=extra))

    assert violations == ["extra.auth_type: does not fit the login: password for an IAM user, aksk for an access key"]
    assert service.requests == []


@pytest.mark.parametrize(
    "suffix",
    ["/v3", "/v3/", "/v3/auth/tokens", "?x=1", "#x", " /v3", "\n/v3"],
)
def test_an_iam_endpoint_with_more_than_a_host_is_refused(hook, suffix):
    with Service() as service:
        extra = {"auth_type": "password", "iam_endpoint": f"{service.url}{suffix}"}
        violations = wrong(hook(host=service.url, login="user", extra=extra))

    assert [line.partition(": ")[0] for line in violations] == ["extra.iam_endpoint"]
    assert service.requests == []


@pytest.mark.parametrize("endpoint", [f"https://u:{CANARY}@iam.example.org", f"ftp://{CANARY}.example.org", 5, ["x"]])
def test_the_error_does_not_repeat_a_refused_iam_endpoint(hook, endpoint):
    extra = {"auth_type": "password", "iam_endpoint": endpoint}
    violations = wrong(hook(host="drs.example.org", login="user", extra=extra))

    assert [line.partition(": ")[0] for line in violations] == ["extra.iam_endpoint"]


@pytest.mark.parametrize(
    ("name", "intended"),
    [
        ("auth-type", "auth_type"),
        ("authType", "auth_type"),
        ("AUTH_TYPE", "auth_type"),
        ("auht_type", "auth_type"),
        ("security-token", "security_token"),
        ("securitytoken", "security_token"),
        ("project-id", "project_id"),
        ("projectid", "project_id"),
        ("iam-endpoint", "iam_endpoint"),
        ("domainName", "domain_name"),
        ("regoin", "region"),
        ("verfy", "verify"),
        ("readTimeout", "read_timeout"),
    ],
)
def test_a_misspelt_extra_is_refused_with_the_nearest_name(hook, name, intended):
    violations = wrong(hook(host="drs.example.org", extra={name: CANARY}))

    assert violations == [f"extra.{name}: is not known; is {intended} meant?"]


def test_the_name_prefix_of_airflow_2_forms_is_ignored(hook):
    made = hook(extra={"project_id": None, "extra__drs__project_id": PROJECT, "extra__drs__region": "eu-de"})

    with made.get_conn() as client:
        assert (client.endpoint, client.project_id) == (drs_endpoint("eu-de"), PROJECT)
    assert wrong(hook(host="drs.example.org", extra={"extra__drs__project_id": "another"})) == [
        "extra.project_id: is given twice, with different values"
    ]


def test_a_wrong_override_is_reported_as_a_parameter_and_not_as_an_extra(hook):
    hook(host="drs.example.org")

    assert [line.partition(": ")[0] for line in wrong(DrsHook(project_id="a b", language="fr"))] == [
        "project_id",
        "language",
    ]


def test_a_bare_ipv6_host_gets_brackets(hook):
    assert hook(host="::1", schema="http", port=8765).get_conn().endpoint == "http://[::1]:8765"


@pytest.mark.parametrize("verify", [True, "true", "TRUE", 1, "1", "yes", "on", " True "])
def test_verify_is_on_in_any_spelling(hook, verify):
    assert hook(host="drs.example.org", extra={"verify": verify}).get_conn().endpoint == "https://drs.example.org"


def test_an_unknown_extra_is_a_warning(hook, console):
    hook(host="drs.example.org", extra={"time_out": CANARY}).get_conn()

    log = console()
    assert "the extra time_out is unknown and ignored" in log
    assert CANARY not in log


@settings(max_examples=200)
@given(
    host=st.text(max_size=30) | st.sampled_from(["http://", "https://[", "//x", "https://a:99999", "http://127.1:0"]),
    extra=st.dictionaries(
        st.sampled_from(["auth_type", "verify", "connect_timeout", "region", "iam_endpoint", "project_id", "x"]),
        st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.lists(st.integers(), max_size=2),
    ),
    login=st.none() | st.text(max_size=3) | st.integers(),
    password=st.text(max_size=3) | st.integers() | st.binary(max_size=2),
    port=st.none() | st.integers() | st.text(max_size=5),
)
def test_any_connection_makes_a_client_or_an_input_error(host, extra, login, password, port):
    full_extra = {"project_id": PROJECT, **extra}
    members = {"conn_type": "drs", "login": login, "password": password, "port": port, "schema": None, "host": host}
    connection: Any = SimpleNamespace(**members, extra=json.dumps(full_extra), extra_dejson=full_extra)
    hook = DrsHook()
    try:
        # Without a project id the hook would ask IAM over the network.
        client = hook._client(connection) if full_extra["project_id"] else None
    except DrsInputError:
        client = None
    assert client is None or client.endpoint.startswith(("https://", "http://127.", "http://localhost", "http://["))


def test_a_uri_json_and_the_members_of_the_form_behave_alike(monkeypatch):
    with Emulator(World(ready_after_polls=0)) as emulator:
        token, port = emulator.world.token, int(emulator.url.rpartition(":")[2])
        extra = {"project_id": emulator.world.project_id, "connect_timeout": 5}
        none = dict.fromkeys(["region", "domain_name", "iam_endpoint", "security_token", "verify", "read_timeout"])
        connections = [
            f"drs://:{token}@127.0.0.1:{port}/http?project_id={emulator.world.project_id}&connect_timeout=5&verify=true",
            f"drs://:{token}@/?__extra__={quote(json.dumps(extra))}".replace("@/", f"@http%3A%2F%2F127.0.0.1:{port}/"),
            json.dumps({"conn_type": "drs", "host": emulator.url, "password": token, "extra": extra}),
            json.dumps(
                {"conn_type": "drs", "host": emulator.url, "password": f"{token}\n", "extra": json.dumps(extra)}
            ),
            json.dumps(
                {"conn_type": "drs", "host": "http://127.0.0.1", "port": port, "login": "", "password": token}
                | {"extra": {"auth_type": "token", "language": "en-us", **none, **extra}}
            ),
        ]
        for connection in connections:
            monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", connection)
            with DrsHook().get_conn() as client:
                assert client.job_statuses([job_id(1)]) == {job_id(1): "CONFIGURATION"}, connection


@pytest.mark.parametrize("kind", ["token", "password", "aksk"])
def test_each_credential_works_and_looks_up_the_project_of_its_region(monkeypatch, kind):
    with Emulator(World(ready_after_polls=0, accounts=Accounts(security_token="a-security-token"))) as emulator:
        accounts = emulator.world.accounts
        login, password = {
            "token": (None, emulator.world.token),
            "password": (accounts.user, accounts.password),
            "aksk": (accounts.access_key, accounts.secret_key),
        }[kind]
        extra = {"auth_type": kind, "region": accounts.region, "iam_endpoint": emulator.url}
        extra |= {"domain_name": accounts.domain, "security_token": accounts.security_token}
        stored = {"conn_type": "drs", "host": emulator.url, "login": login, "password": password, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(stored))

        assert DrsHook().test_connection()[0] is True
        with DrsHook().get_conn() as client:
            assert client.project_id == emulator.world.project_id
            client.job_statuses([job_id(1)])


def test_the_test_button_sends_one_read_and_reports_that_no_database_was_tested(hook):
    with Emulator() as emulator:
        good, message = hook(host=emulator.url, password=emulator.world.token).test_connection()

    assert good
    assert message == f"{emulator.url} accepts the credential for project {PROJECT}. No database was tested."
    assert [call.operation for call in emulator.world.calls] == ["jobs"]


@pytest.fixture
def identity(monkeypatch, tmp_path):
    """Return a function that returns the extra for an identity which the emulator serves."""
    # its key is a URL, and two tests may get the same port
    monkeypatch.setattr(tokens, "_shared", {})
    monkeypatch.setattr(tokens, "_projects", {})

    def extra(kind, emulator):
        (tmp_path / "token").write_text(emulator.world.identities.facts.pod_token)
        monkeypatch.setenv("HC_CONTAINER_CREDENTIALS_FULL_URI", f"{emulator.url}/v1/credentials")
        monkeypatch.setenv("HC_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "token"))
        return {"auth_type": kind, **({"metadata_endpoint": emulator.url} if kind == "agency" else {})}

    return extra


@pytest.mark.parametrize("kind", ["agency", "pod"])
@pytest.mark.parametrize("metadata", ["optional", "required", "version 1"])
def test_an_identity_needs_no_secret_in_the_connection_and_looks_up_the_project(hook, identity, kind, metadata):
    with Emulator(World(ready_after_polls=0, identity=IdentityFacts(metadata=metadata))) as emulator:
        extra = {"project_id": None, "region": emulator.world.accounts.region, "iam_endpoint": emulator.url}
        made = hook(host=emulator.url, password=None, extra={**extra, **identity(kind, emulator)})

        assert made.test_connection()[0] is True
        with made.get_conn() as client:
            assert client.project_id == emulator.world.project_id
            assert client.job_statuses([job_id(1)]) == {job_id(1): "CONFIGURATION"}
    assert len(emulator.world.accounts.keys) == 1


@pytest.mark.parametrize("kind", ["agency", "pod"])
def test_a_login_and_a_password_beside_an_identity_are_not_used_and_a_warning_says_so(hook, identity, console, kind):
    with Emulator() as emulator:
        made = hook(host=emulator.url, login=CANARY, extra=identity(kind, emulator))
        assert made.test_connection()[0] is True

    assert f"login and password are not used with the auth_type {kind}" in console()
    assert CANARY not in console()


NO_POD = [
    f"HC_CONTAINER_{name}: is not set, so this is no pod with an identity"
    for name in ("CREDENTIALS_FULL_URI", "AUTHORIZATION_TOKEN_FILE")
]


def test_an_identity_is_never_guessed(hook, identity):
    with Emulator() as emulator:
        identity("pod", emulator)
        assert wrong(hook(host=emulator.url, password=None)) == ["password: the IAM token is missing"]
    assert emulator.world.accounts.keys == []


def test_a_worker_that_is_no_such_pod_is_told_so_beside_all_other_violations(hook):
    violations = wrong(hook(host="ftp://drs.example.org", password=None, extra={"auth_type": "pod"}))

    assert [line.partition(":")[0] for line in violations[:-2]] == ["host"]
    assert violations[-2:] == NO_POD


@pytest.mark.parametrize(
    "endpoint", ["http://169.254.169.254", f"http://{CANARY}.example.org", "http://127.0.0.1/x", 5, []]
)
def test_the_metadata_endpoint_is_on_loopback_and_nothing_is_sent_elsewhere(hook, endpoint):
    extra = {"auth_type": "agency", "metadata_endpoint": endpoint}
    (violation,) = wrong(hook(host="drs.example.org", password=None, extra=extra))

    assert violation.startswith("extra.metadata_endpoint: ")


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        ("agency", {"agency": False}, "this server has no agency. Attach an agency for the ECS service"),
        ("agency", {"metadata": "none"}, "answers with no temporary key. agency is for servers of Huawei Cloud"),
        ("agency", {"lifetime": -60}, "ended 60 s ago by the clock here. Set the clock of this machine"),
        ("pod", {"pod_token": CANARY}, "gives this service account no key. Associate the service account"),
    ],
)
def test_the_test_button_tells_why_an_identity_has_no_key(hook, identity, kind, facts, words):
    with Emulator() as emulator:
        extra = identity(kind, emulator)
        for name, value in facts.items():
            setattr(emulator.world.identities.facts, name, value)
        good, message = hook(host=emulator.url, password=None, extra=extra).test_connection()

    assert not good
    assert words in message
    assert CANARY not in message


def test_the_test_button_tells_that_this_is_no_such_pod(hook):
    good, message = hook(host="drs.example.org", password=None, extra={"auth_type": "pod"}).test_connection()

    assert not good
    assert message == "; ".join(NO_POD)


AKSK = {"login": "AN-ACCESS-KEY", "extra": {"auth_type": "aksk"}}


def refusal(status, code, text=CANARY, **headers):
    return Reply({"error_code": code, "error_msg": text}, status=status, headers={"X-Request-Id": CANARY, **headers})


@pytest.mark.parametrize(
    ("reply", "members", "words"),
    [
        (refusal(403, "DRS.M00100"), {}, "The token was refused."),
        (refusal(401, "APIGW.0301", "decrypt token fail"), {}, "The token was refused."),
        (refusal(401, "APIGW.0307"), {}, "The token has expired."),
        (refusal(401, "APIGW.0301", f"verify aksk signature fail, {CANARY}"), AKSK, "The signature was refused: "),
        (
            refusal(
                401,
                "APIGW.0301",
                f"verify aksk signature fail, {CANARY}",
                Date=format_datetime(datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc), usegmt=True),
            ),
            AKSK,
            "The signature was refused because its date is wrong. Set the clock of this machine",
        ),
        (refusal(403, "DRS.M00261"), {}, "The project does not belong to this region"),
        (refusal(401, "DRS.M00103"), {}, "The credential is good, but a permission is missing."),
        (refusal(429, "APIGW.0308"), {}, "The service is throttling"),
        (refusal(500, "DRS.M00004"), {}, "The service has a fault: try again later."),
        (refusal(400, "DRS.M00201"), {}, "The service refused the request."),
        (refusal(404, "APIGW.0101"), {}, "The answer is not from DRS"),
        (Reply(raw=CANARY.encode(), headers={"Content-Type": f"text/{CANARY}"}), {}, "The answer is not from DRS"),
        (Reply({"hello": CANARY}), {}, "The answer is not from DRS"),
        (Reply(status=302, headers={"Location": f"https://{CANARY}"}), {}, "The answer is not from DRS"),
    ],
)
def test_the_test_button_explains_a_refusal_and_repeats_no_part_of_the_answer(hook, reply, members, words):
    with Service(lambda request: reply) as service:
        good, message = hook(host=service.url, **members).test_connection()

    assert not good
    assert message.startswith(words)
    assert CANARY not in message
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"host": "no-such-host.invalid"}, "the host name was not found. Check the endpoint or the region"),
        ({"host": "http://drs.example.org"}, "endpoint: plain http would show the credential to anybody"),
        ({"host": "drs.example.org", "password": None}, "password: the IAM token is missing"),
    ],
)
def test_the_test_button_names_a_fault_that_is_known_before_a_request(hook, members, words):
    good, message = hook(**members).test_connection()

    assert not good
    assert words in message
    assert "drs_default" not in message  # Airflow tests the form under an id that nobody knows
    assert CANARY not in message


def test_the_test_button_reports_a_closed_port(hook):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    good, message = hook(host=f"http://127.0.0.1:{port}").test_connection()

    assert not good
    assert f"no connection to http://127.0.0.1:{port}: Connection refused." in message


def test_the_test_button_reports_a_login_that_iam_refuses(hook):
    with Emulator() as emulator:
        extra = {"auth_type": "password", "iam_endpoint": emulator.url}
        good, message = hook(host=emulator.url, login="nobody", extra=extra).test_connection()

    assert not good
    assert message.startswith("IAM refused the login. Check user, password and domain_name")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A PEM file with a self-signed certificate for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + secret)
    return path


@pytest.fixture
def tls_service(certificate):
    service = Service(lambda request: Reply({"jobs": [], "total_record": 0}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    service._server.socket = context.wrap_socket(service._server.socket, server_side=True)
    service.url = service.url.replace("http:", "https:")
    with service:
        yield service


def test_the_test_button_reports_a_tls_failure_and_sends_no_credential(hook, tls_service):
    good, message = hook(host=tls_service.url).test_connection()

    assert not good
    assert message.startswith(f"no TLS connection to {tls_service.url}: self")
    assert "give the path of that CA bundle in the extra verify" in message
    assert tls_service.requests == []


def test_the_ca_bundle_of_the_connection_overrides_that_of_the_environment(hook, tls_service, certificate, monkeypatch):
    import certifi

    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(variable, certifi.where())
    assert hook(host=tls_service.url, extra={"verify": str(certificate)}).test_connection()[0] is True


def test_the_credential_goes_neither_over_plain_http_nor_to_the_target_of_a_redirect(hook):
    """A listener on a non-loopback address of this machine receives no byte."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        own = probe.getsockname()[0]
    seen = []

    def listen(listening):
        try:
            while True:
                peer, _ = listening.accept()
                seen.append(peer.recv(100))
        except OSError:
            return

    with socket.create_server((own, 0)) as listening:
        Thread(target=listen, args=(listening,), daemon=True).start()
        address = f"http://{own}:{listening.getsockname()[1]}"
        assert hook(host=address).test_connection()[0] is False
        with Service(lambda request: Reply(status=307, headers={"Location": address})) as service:
            with pytest.raises(DrsError), hook(host=service.url).get_conn() as client:
                client.job_statuses([job_id(1)])
            assert len(service.requests) == 1
        listening.shutdown(socket.SHUT_RDWR)
    assert seen == []
