"""The certificates that come with an entry, in the formats that databases and their drivers use."""

from __future__ import annotations

import binascii
import hmac
import ssl
import struct
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from io import BytesIO
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from ..errors import RefusedError
from . import FAILED, Entry

_JKS = b"\xfe\xed\xfe\xed"


class Identity(NamedTuple):
    """Who a client is, as PEM: its certificate with those that vouch for it, and its private key."""

    certificates: str
    key: str


def ca_certificates(content: str, password: str | None) -> str:
    """Read every certificate of a PEM or DER file, or of a PKCS#12 or JKS trust store.

    :param content: the file in Base64.
    :param password: of the store; a JKS store is read without one as well.
    :return: PEM.
    :raises RefusedError: it holds no certificate, cannot be read, or the password is wrong.
    """
    try:
        certificates = _certificates(b64decode(content), password)
    except (ValueError, struct.error, binascii.Error):
        certificates = []
    if not certificates:
        raise RefusedError(FAILED, "no CA certificate can be read from what was sent, or its password is wrong")
    return _pem(certificates)


def client_identity(content: str, password: str | None) -> Identity:
    """Read a certificate and its private key from a PKCS#12 key store.

    :param content: the store in Base64.
    :raises RefusedError: it cannot be read, or the password is wrong.
    """
    try:
        store = pkcs12.load_pkcs12(b64decode(content), password.encode() if password else None)
    except (ValueError, binascii.Error):
        store = None
    if store is None or store.key is None or store.cert is None:
        raise RefusedError(FAILED, "the key store is no PKCS#12 with a private key, or its password is wrong")
    certificates = [store.cert.certificate, *(each.certificate for each in store.additional_certs)]
    key = store.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Identity(_pem(certificates), key.decode())


def ca_context(entry: Entry) -> ssl.SSLContext:
    """Make the TLS settings for an entry with ``ssl_link``: its certificates alone are trusted.

    The host's name is not compared: databases are dialled by address, and their certificates name none.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=_of_entry(entry))
    return context


@contextmanager
def ca_file(entry: Entry) -> Iterator[str]:
    """Lay the certificates of an entry with ``ssl_link`` into a file, for drivers that want a path."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(_of_entry(entry))
        file.flush()
        yield file.name


def _of_entry(entry: Entry) -> str:
    return ca_certificates(entry["ssl_cert_key"], entry.get("ssl_cert_password"))


def _pem(certificates: list[x509.Certificate]) -> str:
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def _certificates(content: bytes, password: str | None) -> list[x509.Certificate]:
    if b"-----BEGIN" in content:
        return x509.load_pem_x509_certificates(content)
    if content.startswith(_JKS):
        return list(_trusted_by_jks(content, password))
    try:
        return [x509.load_der_x509_certificate(content)]
    except ValueError:
        store = pkcs12.load_pkcs12(content, password.encode() if password else None)
    certificates = [each.certificate for each in store.additional_certs]
    return [store.cert.certificate, *certificates] if store.cert else certificates


def _trusted_by_jks(content: bytes, password: str | None) -> Iterator[x509.Certificate]:
    """Read the trusted entries of a store in Java's own format, which keeps certificates in clear."""
    digest = sha1((password or "").encode("utf-16-be") + b"Mighty Aphrodite" + content[:-20])  # noqa: S324
    if password and not hmac.compare_digest(digest.digest(), content[-20:]):
        raise ValueError("wrong password")
    store = BytesIO(content)

    def number(form: str) -> int:
        value: int
        (value,) = struct.unpack(form, store.read(struct.calcsize(form)))
        return value

    def certificate() -> bytes:
        store.read(number(">H"))  # its type, which is always X.509
        return store.read(number(">I"))

    store.seek(8)  # behind the mark and the version
    for _ in range(number(">I")):
        kind = number(">I")
        store.read(number(">H") + 8)  # the alias and the date
        if kind == 2:
            yield x509.load_der_x509_certificate(certificate())
        else:
            store.read(number(">I"))  # a private key, encrypted, and its chain
            for _ in range(number(">I")):
                certificate()
