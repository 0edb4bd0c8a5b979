"""A certificate authority for tests: certificates of servers, and the members of an endpoint that trusts it."""

from __future__ import annotations

import base64
import hashlib
import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Authority:
    """Signs certificates of servers. Two authorities have the same name, but different keys."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign("Test authority", self.key.public_key(), authority=True)
        self.pem = self.certificate.public_bytes(Encoding.PEM)

    def issue(self, directory: Path, name: str = "db.example.org") -> tuple[Path, Path]:
        """Write the certificate and the private key of a server, and return their paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate, private = directory / "server.pem", directory / "server.key"
        certificate.write_bytes(self._sign(name, key.public_key()).public_bytes(Encoding.PEM))
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        private.chmod(0o600)
        return certificate, private

    def server_context(self, directory: Path, name: str = "db.example.org") -> ssl.SSLContext:
        """Return the TLS settings of a server with a certificate of this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(directory, name))
        return context

    def members(self) -> dict[str, Any]:
        """Return the members of an endpoint that enable TLS and trust this authority."""
        return certificate_members(self.pem)

    def _sign(self, name: str, key: ec.EllipticCurvePublicKey, authority: bool = False) -> x509.Certificate:
        now = datetime.now(timezone.utc)
        issuer, subject = (
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in ("Test authority", name)
        )
        builder = (
            x509.CertificateBuilder()
            .issuer_name(issuer)
            .subject_name(subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name.replace(" ", "-"))]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if authority:
            usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
            builder = builder.add_extension(usage, critical=True)
        return builder.sign(self.key, hashes.SHA256())


def certificate_members(content: bytes, name: str = "ca.pem", password: str | None = None) -> dict[str, Any]:
    """Return the members of an endpoint that hold a certificate file."""
    members = {
        "ssl_link": True,
        "ssl_cert_key": base64.b64encode(content).decode(),
        "ssl_cert_name": name,
        "ssl_cert_check_sum": hashlib.sha256(content).hexdigest(),
    }
    return members if password is None else {**members, "ssl_cert_password": password}
