"""Makes certificate files with any validity."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID

NOW = datetime.now(timezone.utc).replace(microsecond=0)
DAY = timedelta(days=1)


def make_certificate(
    starts: datetime = NOW - DAY, ends: datetime = NOW + 400 * DAY
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Return a self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "db.example.org")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), starts, ends)
    return builder.sign(key, hashes.SHA256()), key


def write_pem(file: Path, **validity: datetime) -> Path:
    certificate, _ = make_certificate(**validity)
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return file


def p12_bytes(password: str, **validity: datetime) -> bytes:
    certificate, key = make_certificate(**validity)
    encryption = BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(b"db", key, certificate, None, encryption)


def write_p12(file: Path, password: str, **validity: datetime) -> Path:
    file.write_bytes(p12_bytes(password, **validity))
    return file
