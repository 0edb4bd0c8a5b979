"""Certificates: the members that a file yields on the wire, and the files that are refused before a request."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from datetime import datetime, timedelta, timezone

import pytest
from certificate_files import DAY, NOW, make_certificate, p12_bytes, write_p12, write_pem
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import endpoint
from wire import Service

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.endpoint import parse_endpoints
from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.api.model.certificates import broken_by_certificates, doubtful_certificates

PASSWORD = "päss 'w\"ord%"


def sent(*jobs):
    """Return the entries that go over a real socket."""
    with Service() as service, DrsClient(service.url, "a-project", TokenAuth("a-token")) as client:
        client.test_connections(parse_endpoints(list(jobs)))
        return [entry for request in service.requests for entry in request.entries]


def refused(*jobs):
    with pytest.raises(DrsInputError) as caught:
        parse_endpoints(list(jobs))
    return caught.value.violations


def assert_on_the_wire(entry, file):
    content = file.read_bytes()
    assert entry["ssl_link"] is True
    assert entry["ssl_cert_name"] == file.name
    assert base64.b64decode(entry["ssl_cert_key"], validate=True) == content
    assert entry["ssl_cert_check_sum"] == hashlib.sha256(content).hexdigest()
    assert "ssl_cert_file" not in entry


def test_a_pem_goes_on_the_wire_in_base64_with_its_name_and_checksum(tmp_path):
    file = write_pem(tmp_path / "ca.pem")

    (entry,) = sent(endpoint(1, ssl_cert_file=str(file)))

    assert_on_the_wire(entry, file)


def test_a_p12_goes_on_the_wire_with_its_password(tmp_path):
    file = write_p12(tmp_path / "client.p12", PASSWORD)

    (entry,) = sent(endpoint(1, ssl_cert_file=str(file), ssl_cert_password=PASSWORD))

    assert_on_the_wire(entry, file)
    assert entry["ssl_cert_password"] == PASSWORD


def test_members_of_the_endpoint_override_those_of_the_file(tmp_path):
    file = write_pem(tmp_path / "ca.pem")

    (entry,) = sent(endpoint(1, ssl_cert_file=str(file), ssl_cert_name="other.pem", ssl_link=False))

    assert (entry["ssl_cert_name"], entry["ssl_link"]) == ("other.pem", False)


@pytest.mark.parametrize(
    ("validity", "reason"),
    [
        ({"starts": NOW - 9 * DAY, "ends": NOW - DAY}, "expired on"),
        ({"starts": NOW + DAY, "ends": NOW + 9 * DAY}, "is not valid before"),
    ],
)
@pytest.mark.parametrize("kind", ["pem", "p12", "text"])
def test_an_expired_or_not_yet_valid_certificate_is_refused(tmp_path, kind, validity, reason):
    if kind == "p12":
        file = write_p12(tmp_path / "client.p12", PASSWORD, **validity)
        members = {"ssl_cert_file": str(file), "ssl_cert_password": PASSWORD}
    else:
        file = write_pem(tmp_path / "ca.pem", **validity)
        text = {"ssl_cert_key": base64.b64encode(file.read_bytes()).decode()}
        members = text if kind != "pem" else {"ssl_cert_file": str(file)}

    (violation,) = refused(endpoint(1), endpoint(2, **members))

    assert violation.startswith("jobs[1].ssl_cert_key: ")
    assert reason in violation


def _with_a_key(tmp_path):
    certificate, key = make_certificate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM) + pem


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"", "neither PEM nor"),
        (b"no certificate", "neither PEM nor"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "neither PEM nor"),
        (b"x" * (2**20 + 1), "longer than"),
        (_with_a_key(None), "private key"),
    ],
    ids=["missing", "empty", "text", "broken PEM", "huge", "private key"],
)
def test_a_file_that_cannot_be_used_is_one_violation(tmp_path, content, reason):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)

    (violation,) = refused(endpoint(1, ssl_link=True, ssl_cert_file=str(file)))

    assert violation.startswith("jobs[0].ssl_cert_file: ")
    assert reason in violation


def test_a_p12_with_another_password_is_one_violation_that_does_not_repeat_it(tmp_path):
    file = write_p12(tmp_path / "client.p12", PASSWORD)

    (violation,) = refused(endpoint(1, ssl_cert_file=str(file), ssl_cert_password="s3cr3t-c4nary"))

    assert violation.startswith("jobs[0].ssl_cert_file: ")
    assert "s3cr3t-c4nary" not in violation


def test_an_impossible_path_is_not_repeated():
    (violation,) = refused(endpoint(1, ssl_cert_file="s3cr3t-c4nary\0"))

    assert "s3cr3t-c4nary" not in violation


@pytest.mark.parametrize(
    ("remaining", "broken", "doubtful"),
    [
        (timedelta(seconds=-1), True, True),
        (timedelta(0), False, True),
        (timedelta(days=29, hours=23), False, True),
        (timedelta(days=30), False, False),
    ],
)
def test_a_certificate_is_doubtful_in_its_last_30_days_and_an_error_afterwards(remaining, broken, doubtful):
    certificate, _ = make_certificate()
    content = base64.b64encode(certificate.public_bytes(Encoding.PEM)).decode()
    values, members = {"ssl_cert_key": content}, {"ssl_cert_key": "ssl_cert_password"}
    then = certificate.not_valid_after_utc - remaining

    assert bool(list(broken_by_certificates(values, members, then))) is broken
    assert bool(list(doubtful_certificates(values, members, then))) is doubtful


P12 = p12_bytes(PASSWORD)
PEM = make_certificate()[0].public_bytes(Encoding.PEM)
DER = make_certificate()[0].public_bytes(Encoding.DER)
HEAD, TAIL = b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"


def as_pem(der):
    return HEAD + base64.encodebytes(der) + TAIL


@st.composite
def nearly_certificates(draw):
    """One certificate or several with up to four changed bytes, possibly cut."""
    content = bytearray(draw(st.sampled_from([PEM, DER, DER + PEM, PEM * 3, HEAD + TAIL, P12])))
    for position, byte in draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=4)):
        content[position] = byte
    cut = draw(st.none() | st.integers(0, len(content)))
    whole = bytes(content[:cut])
    return draw(st.sampled_from([whole, as_pem(whole), whole + as_pem(whole[:50]), whole.replace(b"\n", b"\r\n")]))


@settings(max_examples=400)
@given(
    content=nearly_certificates() | st.binary(max_size=60),
    password=st.none() | st.text(max_size=3) | st.sampled_from([PASSWORD, "\0", "p\0w", "\ud800", 5, b"x"]),
    base64_too=st.booleans(),
)
def test_a_damaged_certificate_is_a_doubt_or_a_violation_and_never_a_crash(content, password, base64_too):
    text = base64.b64encode(content).decode() if base64_too else content.decode("latin-1")
    values, members = (
        {"ssl_cert_key": text, "ssl_cert_password": password},
        {"ssl_cert_key": "ssl_cert_password"},
    )

    for check in (broken_by_certificates, doubtful_certificates):
        assert {member for member, _ in check(values, members, NOW)} <= {"ssl_cert_key"}


@pytest.mark.parametrize(
    "text",
    ["", "====", "ä", "A" * 2**23, base64.b64encode(PEM * 5000).decode(), base64.b64encode(PEM).decode()[:-3]],
    ids=["empty", "no Base64", "no ASCII", "8 MiB", "5000 certificates", "cut"],
)
def test_text_that_holds_no_certificate_is_a_doubt(text):
    members = {"ssl_cert_key": "ssl_cert_password"}

    ((member, why),) = doubtful_certificates({"ssl_cert_key": text}, members, NOW)

    assert member == "ssl_cert_key"
    assert "its expiry is not checked" in why


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        (datetime(1950, 1, 1, tzinfo=timezone.utc), datetime(1950, 1, 2, tzinfo=timezone.utc)),
        (datetime(9999, 1, 1, tzinfo=timezone.utc), datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)),
    ],
)
def test_the_earliest_and_the_latest_possible_date_are_read(starts, ends):
    certificate, _ = make_certificate(starts, ends)
    text = base64.b64encode(certificate.public_bytes(Encoding.PEM)).decode()

    ((_, why),) = broken_by_certificates({"ssl_cert_key": text}, {"ssl_cert_key": "ssl_cert_password"}, NOW)

    assert str((starts if starts > NOW else ends).date()) in why


@pytest.mark.parametrize("time", [b"000000000000Z", b"991332250000Z", b"2501019999Z..", b"-10101000000Z"])
def test_a_malformed_date_is_a_doubt(time):
    der = re.sub(rb"\x17\x0d[0-9]{12}Z", b"\x17\x0d" + time, DER, count=1)
    assert der != DER
    values = {"ssl_cert_key": base64.b64encode(as_pem(der)).decode()}

    assert list(doubtful_certificates(values, {"ssl_cert_key": "ssl_cert_password"}, NOW))


def test_a_named_pipe_is_refused_without_opening_it(tmp_path):
    os.mkfifo(tmp_path / "ca.pem")

    (violation,) = refused(endpoint(1, ssl_cert_file=str(tmp_path / "ca.pem")))

    assert violation == "jobs[0].ssl_cert_file: cannot be read: it is no regular file"


def test_a_bundle_with_one_valid_certificate_is_accepted_with_a_doubt_about_an_expired_one(tmp_path):
    old = write_pem(tmp_path / "old.pem", starts=NOW - 9 * DAY, ends=NOW - DAY)
    new = write_pem(tmp_path / "new.pem")
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(old.read_bytes() + new.read_bytes())

    (read,) = parse_endpoints([endpoint(1, ssl_cert_file=str(bundle))])

    assert [line for line in read.doubts() if "one of its 2 certificates expired" in line]
