"""The certificates that come with an endpoint are read in the formats that databases and Java use."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tls import Authority

from airflow_provider_drs.emulator.errors import RefusedError
from airflow_provider_drs.emulator.logins.certificates import ca_certificates

# Made by Java's keytool: a key pair of "me", and the certificate of "ca", which alone is to be trusted.
JKS = (
    "/u3+7QAAAAIAAAACAAAAAgACY2EAAAGiDaauPgAFWC41MDkAAAE3MIIBMzCB2qADAgECAgkAz6f8iOITupUwCgYIKoZIzj0EAwIwDTELMAkGA1"
    "UEAxMCY2EwIBcNMjYxMTI0MTMwMjM1WhgPMjEyNjEwMzExMzAyMzVaMA0xCzAJBgNVBAMTAmNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"
    "Nl4vLlPGAINcTqQ5MpXUFxXTjB3FnTbX+I6BErwTajaxB5RRyUa/cA63cHPTzeXtIfFw396Olk+mTXD9vR+/1KMhMB8wHQYDVR0OBBYEFKq7Eg"
    "yUuTFSz64QLlnSthU5xbL8MAoGCCqGSM49BAMCA0gAMEUCIDQXl77e8Adup/bI0yWw4YbUs/rKNHJyh0Vpd0FVNiMIAiEAoEn33UBPZyj6njhP"
    "9aYcz7iF2P5xLg5XJFLWx9vHw+YAAAABAAJtZQAAAaINpqZlAAAAfzB9MA4GCisGAQQBKgIRAQEFAARrrTAsRMbdozRUPLES4aVFGe3SQEkwx2"
    "zQdINIOO3PT+/eDLnHq7559tUhR3M2pkVMXGuC8hE+o7GQ6zur5qFZZYpxHaB1pL1pmEdlvFd9ElXr5Us36hCq4UdvesHk60hYPgaG4YnN2Z94"
    "7XEAAAABAAVYLjUwOQAAATYwggEyMIHZoAMCAQICCGmKWLNN586pMAoGCCqGSM49BAMCMA0xCzAJBgNVBAMTAm1lMCAXDTI2MTEyNDEzMDIzNV"
    "oYDzIxMjYxMDMxMTMwMjM1WjANMQswCQYDVQQDEwJtZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOvFsvJwZlqEIJqC9U04xMMtT52+iS90"
    "di1fUfHSr70xi78ixqfoVqb28xh/zS1GsMT4dISAQBevJpYaE3/bN4ajITAfMB0GA1UdDgQWBBRw6Ce4MlrfBqiMjatC0nA+AR9X8TAKBggqhk"
    "jOPQQDAgNIADBFAiEA8CluFvzU7xHwon6AMtu+xHsAQP/wgd8tiT5BjPJHQaACIFR0IXJLRcpyn9TOAx1ikHqEPCOc+71dNu7UbyELWg6I5WlT"
    "hVPPbwuv/4waPc5pT+3OY3A="
)
# Made by Java's keytool, too: the certificate of "ca" and nothing else.
PKCS12 = (
    "MIICogIBAzCCAkwGCSqGSIb3DQEHAaCCAj0EggI5MIICNTCCAjEGCSqGSIb3DQEHBqCCAiIwggIeAgEAMIICFwYJKoZIhvcNAQcBMGYGCSqGSI"
    "b3DQEFDTBZMDgGCSqGSIb3DQEFDDArBBQndMaQ4OOejE5K0dw6w35yha7KOgICJxACASAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEP72"
    "wOslLViS06/hLzbvaxmAggGgPozrGec/OOeSWUIaykbq2S6xqhKK6c6nvOqzq9IdczE5CUdu5hLOCaTP3i71YqPdy1mt2NCnfrwhEWTBvCQHwc"
    "Gb1xVYzpjo2bnWf4mstz3AGouVOuHr5jbrBuFeAw7U0tATJQEgRpVd456K6WwfTi2MAN/Ovz/STbQubChUUVBPqQ44AToEC6R//c7K5G+kQKma"
    "pNv0jI+zQuO0ZaMMV9iDCLEvdP8dyjLS1m5rFmy+p6IEsbEgWMfF0ABkEv0OwSQHT7FheIVo9WaQRFcLRWxcsNtUDcWYBh8jTKKbAE4hHcFdGE"
    "RbdzOv0KROi9lx/5ZQW455rppGFHDYrunXf4AzmxhxfOqXgmt1s3zhjMQaCyvti8s7zy0TQMq6K5gb/iLzFutMmVd8kAAgD5rcQFEm9igMRVol"
    "oStFr0N34nklWgwVkD9Ti8drbx/jH9qo2tp+QtF2YkwwQ9FbTUUPOib+QQFOYlW5p2ZFbwdpza9lLoY1z6aKGXFaJIuL4SrEQNI4Pfw3cToYzX"
    "RJRwHMzLdheZGYhsWLrYrVcCwNYs0wTTAxMA0GCWCGSAFlAwQCAQUABCDWGajKlQEQEHdLJYYw3mNiSF7JUQla85tynt4YFFFwVwQUOemtkiLu"
    "dqdM4XK64XoPZ3foU9MCAicQ"
)


def names(content: str, password: str | None = None) -> list[str]:
    pem = ca_certificates(content, password)
    return [each.subject.rfc4514_string() for each in x509.load_pem_x509_certificates(pem.encode())]


@pytest.mark.parametrize("store", [JKS, PKCS12])
def test_of_a_store_of_java_the_trusted_certificates_are_read(store: str) -> None:
    assert names(store, "store-password") == ["CN=ca"]


def test_a_jks_store_is_read_without_its_password() -> None:
    assert names(JKS) == ["CN=ca"]


def test_every_certificate_of_a_bundle_is_read() -> None:
    bundle = Authority().pem + Authority().pem
    assert names(base64.b64encode(bundle).decode()) == ["CN=Test authority"] * 2


def test_one_certificate_may_come_without_armour() -> None:
    certificate = Authority().certificate.public_bytes(Encoding.DER)
    assert names(base64.b64encode(certificate).decode()) == ["CN=Test authority"]


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (JKS, "guessed"),
        (PKCS12, "guessed"),
        (PKCS12, None),
        (JKS[:400], None),
        (base64.b64encode(b"-----BEGIN RUBBISH").decode(), None),
        (base64.b64encode(b"rubbish").decode(), None),
        ("no Base64!", None),
    ],
)
def test_what_cannot_be_read_is_refused_without_a_word_of_it(content: str, password: str | None) -> None:
    with pytest.raises(RefusedError) as caught:
        ca_certificates(content, password)
    assert caught.value.code == "DRS.M01501"
    assert caught.value.text == "no CA certificate can be read from what was sent, or its password is wrong"
