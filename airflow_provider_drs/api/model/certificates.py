"""Certificates: from a file to the members of an endpoint, and how long they are valid."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from airflow_provider_drs.api.model.rules import Broken

EXPIRY_WARNING = timedelta(days=30)
"""A certificate that expires sooner than this is worth a warning."""

_MAX_FILE = 2**20
_MAX_TEXT = 2**21
_JKS = b"\xfe\xed\xfe\xed"

ENDPOINT_CERTIFICATES = {"ssl_cert_key": "ssl_cert_password"}
KAFKA_CERTIFICATES = {"trust_store_key": "trust_store_password", "key_store_key": "key_store_password"}


class _Validity(NamedTuple):
    starts: datetime
    ends: datetime


class CertificateError(Exception):
    """A certificate that cannot be used; the text says why and repeats nothing of it."""


def read_file(path: str, password: str | None) -> tuple[str, str, str]:
    """Return Base64, file name and SHA-256 (hexadecimal) of a certificate file's content, as it stands.

    :param path: of a PEM, ``.p12`` or JKS file on this machine.
    :param password: of a ``.p12``.
    :raises CertificateError: when it cannot be read, or holds an open private key.
    """
    try:
        # before it is opened, for a named pipe would wait for somebody who writes
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise CertificateError("cannot be read: it is no regular file")
        with Path(path).open("rb") as file:
            content = file.read(_MAX_FILE + 1)
    except (OSError, ValueError) as error:
        raise CertificateError(f"cannot be read: {getattr(error, 'strerror', None) or 'no usable path'}") from None
    if len(content) > _MAX_FILE:
        raise CertificateError(f"is longer than {_MAX_FILE} bytes, so it is no certificate")
    if re.search(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----", content):
        raise CertificateError("holds a private key, which has to stay where it is")
    _certificates(content, password)
    return base64.b64encode(content).decode(), Path(path).name, hashlib.sha256(content).hexdigest()


def broken_by_certificates(values: Mapping[str, Any], members: Mapping[str, str], now: datetime) -> Iterator[Broken]:
    """Yield the members whose certificates are all expired or not yet valid.

    Content that is no certificate at all is left to the service, since no document says what it takes.

    :param values: members of an endpoint, or of its ``kafka_security_config``.
    :param members: which of them hold a certificate in Base64, and where its password is.
    """
    for member, validities in _decoded(values, members):
        if validities and not any(each.starts <= now <= each.ends for each in validities):
            first = validities[0]
            if first.ends < now:
                yield member, f"the certificate expired on {first.ends:%Y-%m-%d}"
            else:
                yield member, f"the certificate is not valid before {first.starts:%Y-%m-%d}"


def doubtful_certificates(values: Mapping[str, Any], members: Mapping[str, str], now: datetime) -> Iterator[Broken]:
    """Yield the members with a certificate that expires within 30 days, or that cannot be checked."""
    for member, validities in _decoded(values, members):
        if not validities:
            yield member, "holds no PEM and no .p12 that opens, so its expiry is not checked"
            continue
        ends = min(each.ends for each in validities)
        if ends < now:
            yield member, f"one of its {len(validities)} certificates expired on {ends:%Y-%m-%d}"
        elif ends < now + EXPIRY_WARNING:
            yield member, f"the certificate expires in {(ends - now).days} days, on {ends:%Y-%m-%d}"


def _decoded(values: Mapping[str, Any], members: Mapping[str, str]) -> Iterator[tuple[str, list[_Validity]]]:
    for member, password in members.items():
        content = values.get(member)
        if isinstance(content, str):
            validities: list[_Validity] = []
            if len(content) <= _MAX_TEXT:
                with suppress(ValueError, CertificateError):
                    validities = _certificates(base64.b64decode(content, validate=True), values.get(password))
            yield member, validities


def _certificates(content: bytes, password: object) -> list[_Validity]:
    if content.startswith(_JKS):  # Java's own format, which nothing here can open
        return []
    try:
        return [_Validity(each.not_valid_before_utc, each.not_valid_after_utc) for each in _parsed(content, password)]
    except Exception:
        # of any class, for the parser has many; "from None", for it may quote what it was given
        raise CertificateError("is neither PEM nor a .p12 that opens with the password given") from None


def _parsed(content: bytes, password: object) -> list[x509.Certificate]:
    if b"-----BEGIN CERTIFICATE-----" in content:
        return x509.load_pem_x509_certificates(content)
    secret = password.encode() if isinstance(password, str) and password else None
    if secret and b"\0" in secret:
        raise ValueError("the parser panics, which nothing but BaseException catches")
    store = pkcs12.load_pkcs12(content, secret)
    inside = ([store.cert] if store.cert else []) + store.additional_certs
    return [each.certificate for each in inside]
