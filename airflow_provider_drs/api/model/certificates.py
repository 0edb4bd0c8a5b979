"""Certificates: read a file for the members of an endpoint, and check validity dates."""

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
"""Remaining validity below which a certificate is doubtful."""

_MAX_FILE = 2**20
_MAX_TEXT = 2**21
_JKS = b"\xfe\xed\xfe\xed"

ENDPOINT_CERTIFICATES = {"ssl_cert_key": "ssl_cert_password"}
"""Each member of an endpoint that holds a certificate, and the member with its password."""
KAFKA_CERTIFICATES = {"trust_store_key": "trust_store_password", "key_store_key": "key_store_password"}
"""The same for ``kafka_security_config``."""


class _Validity(NamedTuple):
    starts: datetime
    ends: datetime


class CertificateError(Exception):
    """A certificate that cannot be used; the text has the reason and no part of the certificate."""


def read_file(path: str, password: str | None) -> tuple[str, str, str]:
    """Return the unchanged content of a certificate file in Base64, its file name, and its SHA-256 in hexadecimal.

    The contract's ``TestEndPoint`` has a member for each.

    :param path: path of a PEM, ``.p12`` or JKS file on this machine.
    :param password: password of a ``.p12``.
    :raises CertificateError: when the file cannot be read, is no certificate, or holds an unencrypted private key.
    """
    try:
        # Checked before the file is opened: opening a named pipe blocks until another process writes.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise CertificateError("cannot be read: it is no regular file")
        with Path(path).open("rb") as file:
            content = file.read(_MAX_FILE + 1)
    except (OSError, ValueError) as error:
        raise CertificateError(f"cannot be read: {getattr(error, 'strerror', None) or 'no usable path'}") from None
    if len(content) > _MAX_FILE:
        raise CertificateError(f"is longer than {_MAX_FILE} bytes, so it is no certificate")
    if re.search(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----", content):
        raise CertificateError("holds a private key, which must not be sent")
    _certificates(content, password)
    return base64.b64encode(content).decode(), Path(path).name, hashlib.sha256(content).hexdigest()


def broken_by_certificates(values: Mapping[str, Any], members: Mapping[str, str], now: datetime) -> Iterator[Broken]:
    """Yield the members none of whose certificates is valid now.

    Content that is no certificate is not checked: no vendor document lists the formats that DRS accepts.

    :param values: members of an endpoint, or of its ``kafka_security_config``.
    :param members: the names of those with a certificate in Base64, each with the name of its password's member.
    :param now: the time that the validity is compared with.
    """
    for member, validities in _decoded(values, members):
        if validities and not any(each.starts <= now <= each.ends for each in validities):
            first = validities[0]
            if first.ends < now:
                yield member, f"the certificate expired on {first.ends:%Y-%m-%d}"
            else:
                yield member, f"the certificate is not valid before {first.starts:%Y-%m-%d}"


def doubtful_certificates(values: Mapping[str, Any], members: Mapping[str, str], now: datetime) -> Iterator[Broken]:
    """Yield the members with a certificate that expires within 30 days, or that cannot be read.

    :param values: members of an endpoint, or of its ``kafka_security_config``.
    :param members: the names of those with a certificate in Base64, each with the name of its password's member.
    :param now: the time that the validity is compared with.
    """
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
    if content.startswith(_JKS):  # Java's format, which the library cannot read
        return []
    try:
        return [_Validity(each.not_valid_before_utc, each.not_valid_after_utc) for each in _parsed(content, password)]
    except Exception:
        # The parser raises many classes. "from None", because its error may quote the content.
        raise CertificateError("is neither PEM nor a .p12 that opens with this password") from None


def _parsed(content: bytes, password: object) -> list[x509.Certificate]:
    if b"-----BEGIN CERTIFICATE-----" in content:
        return x509.load_pem_x509_certificates(content)
    secret = password.encode() if isinstance(password, str) and password else None
    if secret and b"\0" in secret:
        raise ValueError("the parser panics on a NUL, and only BaseException would catch that")
    store = pkcs12.load_pkcs12(content, secret)
    inside = ([store.cert] if store.cert else []) + store.additional_certs
    return [each.certificate for each in inside]
