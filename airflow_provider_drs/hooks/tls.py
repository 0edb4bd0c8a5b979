"""Decide whether a database's Connection asks for TLS, with a table of every TLS option that its drivers know.

Case and punctuation of an option's name do not matter. A name that looks like TLS and is in no table is an error: if it
were ignored, a Connection that asks for TLS could send its password in clear.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto
from typing import Any

from airflow_provider_drs.api.model.hidden import HiddenDict
from airflow_provider_drs.api.model.values import UnreadableError, is_blank, plain, text, truth
from airflow_provider_drs.hooks.connection_fields import Extra


class Wish(Enum):
    """The meaning of one option: TLS on, TLS off, TLS on unless another option is OFF, or nothing about TLS."""

    ON = auto()
    OFF = auto()
    SOFT = auto()
    NONE = auto()


Reader = Callable[[Any], Wish]
Table = Mapping[str, Reader]


def _switch(value: object) -> Wish:
    return Wish.ON if truth(value) else Wish.OFF


def _off_switch(value: object) -> Wish:
    return Wish.OFF if truth(value) else Wish.SOFT


def _if_true(value: object) -> Wish:
    return Wish.ON if truth(value) else Wish.NONE


def _file(value: object) -> Wish:
    text(value)
    return Wish.ON


def _detail(value: object) -> Wish:
    return Wish.SOFT


def _unrelated(value: object) -> Wish:
    return Wish.NONE


def _words(words: Mapping[str, Wish], *, or_truth: bool = False) -> Reader:
    def read(value: object) -> Wish:
        wish = words.get(plain(value)) if isinstance(value, str) else None
        if wish is None and or_truth:
            return _switch(value)
        if wish is None:
            raise UnreadableError("is not a value that the driver knows")
        return wish

    return read


def _mentions(word: str) -> Reader:
    return lambda value: Wish.ON if word in plain(str(value)) else Wish.NONE


_CLIENT_SSL = 2048


def _client_flags(value: object) -> Wish:
    words = str(value)
    # A number is a sum of client flags.
    if any(int(number) & _CLIENT_SSL for number in re.findall(r"\d{1,10}", words)):
        return Wish.ON
    return _mentions("ssl")(words)


def _elsewhere(value: object) -> Wish:
    raise UnreadableError("may ask for TLS in a file: set ssl_link in the endpoint")


def _dsn(value: object) -> Wish:
    if "tcps" in text(value).lower():
        return Wish.ON
    if re.search(r"\(\s*protocol\s*=\s*tcp\s*\)", text(value), re.IGNORECASE):
        return Wish.OFF
    return _elsewhere(value)


def _each(reader: Reader, names: str) -> Table:
    return {plain(name): reader for name in names.split()}


def _word_table(names: str, wish: Wish) -> Mapping[str, Wish]:
    return {plain(name): wish for name in names.split()}


_MYSQL_MODES = {
    **_word_table("DISABLED disable", Wish.OFF),
    **_word_table("PREFERRED", Wish.SOFT),
    **_word_table("REQUIRED VERIFY_CA VERIFY_IDENTITY trust verify-full", Wish.ON),
}
# mysqlclient, PyMySQL, mysql-connector-python, the command line of MySQL and MariaDB, their JDBC drivers
MYSQL: Table = {
    **_each(_words(_MYSQL_MODES, or_truth=True), "ssl"),
    **_each(_words(_MYSQL_MODES), "ssl_mode"),
    **_each(_switch, "useSSL"),
    **_each(_if_true, "requireSSL"),
    **_each(_off_switch, "ssl_disabled disable-ssl skip-ssl"),
    **_each(
        _file,
        """ssl_ca ssl_capath ssl_cert ssl_key ssl_crl ssl_crlpath ssl_key_password ssl.password ssl.passphrase
        serverSslCert trustCertificateKeyStoreUrl trustCertificateKeyStorePassword trustStore trustStorePassword
        clientCertificateKeyStoreUrl clientCertificateKeyStorePassword keyStore keyStorePassword""",
    ),
    **_each(
        _detail,
        """ssl.object ssl_cipher ssl_verify_cert ssl_verify_identity ssl_verify_server_cert ssl.verify_mode
        ssl.check_hostname ssl_fips_mode ssl-session-data ssl-session-data-continue-on-failed-reuse tls_version
        tls_versions tls_ciphersuites tls-sni-servername verifyServerCertificate trustServerCertificate
        enabledSslProtocolSuites enabledSslCipherSuites trustCertificateKeyStoreType clientCertificateKeyStoreType""",
    ),
    **_each(_client_flags, "client_flags client_flag"),
    **_each(_elsewhere, "read_default_file read_default_group option_files option_groups defaults-file"),
}
_LIBPQ_MODES = {
    **_word_table("disable", Wish.OFF),
    **_word_table("allow prefer", Wish.SOFT),
    **_word_table("require verify-ca verify-full", Wish.ON),
}
_ONLY_IF_REQUIRED = {**_word_table("require", Wish.ON), **_word_table("disable allow prefer", Wish.NONE)}
# libpq, asyncpg, pg8000, JDBC
POSTGRESQL: Table = {
    **_each(_words(_LIBPQ_MODES, or_truth=True), "ssl"),
    **_each(_words(_LIBPQ_MODES), "sslmode"),
    **_each(_words({**_word_table("direct", Wish.ON), **_word_table("postgres", Wish.SOFT)}), "sslnegotiation"),
    **_each(_if_true, "requiressl direct_tls"),
    # DRS cannot encrypt by GSSAPI, so "require" counts as a demand for TLS.
    **_each(_words(_ONLY_IF_REQUIRED), "channel_binding gssencmode sslcertmode"),
    **_each(_unrelated, "gsslib"),
    **_each(_elsewhere, "service servicefile dsn"),
    **_each(_file, "sslrootcert sslcert sslkey sslpassword sslcrl sslcrldir"),
    **_each(
        _detail,
        """sslcompression sslsni ssl_min_protocol_version ssl_max_protocol_version sslkeylogfile ssl_context
        sslfactory sslfactoryarg sslhostnameverifier sslpasswordcallback""",
    ),
}
# options of the URI, PyMongo with its old names, Node.js, Java, and Airflow's own
MONGODB: Table = {
    **_each(_switch, "tls ssl"),
    # A DNS seed list turns TLS on.
    **_each(_if_true, "srv"),
    **_each(_mentions("x509"), "authMechanism"),
    **_each(
        _file,
        """tlsCAFile tlsCertificateKeyFile tlsCertificateKeyFilePassword tlsCertificateFile tlsCRLFile ssl_ca_certs
        ssl_certfile ssl_keyfile ssl_pem_passphrase ssl_crlfile sslCA sslCert sslKey sslPass sslCRL sslPEMKeyFile
        sslCertificateKeyFile""",
    ),
    **_each(
        _detail,
        """tlsInsecure tlsAllowInvalidCertificates tlsAllowInvalidHostnames tlsDisableOCSPEndpointCheck
        tlsDisableCertificateRevocationCheck tlsUseSystemCA ssl_cert_reqs ssl_match_hostname sslValidate
        sslInvalidHostNameAllowed allow_insecure""",
    ),
    **_each(_unrelated, "authSource"),
}
# python-oracledb
ORACLE: Table = {
    **_each(_words({**_word_table("tcp", Wish.OFF), **_word_table("tcps", Wish.ON)}), "protocol"),
    **_each(_dsn, "dsn"),
    **_each(_file, "wallet_location wallet_password my_wallet_directory"),
    **_each(_detail, "ssl_server_dn_match ssl_server_cert_dn ssl_version ssl_context use_sni"),
    # TLS over a plain port; python-oracledb 26 and newer.
    **_each(_if_true, "use_eztls"),
    **_each(_unrelated, "service_name sid"),
}
_KAFKA_PROTOCOLS = {
    **_word_table("PLAINTEXT SASL_PLAINTEXT", Wish.OFF),
    **_word_table("SSL SASL_SSL", Wish.ON),
}
# librdkafka, Java, kafka-python
KAFKA: Table = {
    **_each(_words(_KAFKA_PROTOCOLS), "security.protocol"),
    **_each(
        _file,
        """ssl.ca.location ssl.ca.pem ssl_ca ssl.certificate.location ssl.certificate.pem ssl_certificate
        ssl.key.location ssl.key.pem ssl_key ssl.key.password ssl.crl.location ssl.keystore.location
        ssl.keystore.password ssl.keystore.key ssl.keystore.certificate.chain ssl.truststore.location
        ssl.truststore.password ssl.truststore.certificates ssl_cafile ssl_certfile ssl_keyfile ssl_crlfile
        ssl_password""",
    ),
    **_each(
        _detail,
        """enable.ssl.certificate.verification ssl.endpoint.identification.algorithm ssl.cipher.suites ssl_ciphers
        ssl.curves.list ssl.sigalgs.list ssl.providers ssl.provider ssl.engine.location ssl.engine.id
        ssl.ca.certificate.stores ssl.protocol ssl.enabled.protocols ssl.keystore.type ssl.truststore.type
        ssl_check_hostname ssl_context""",
    ),
    **_each(_unrelated, "bootstrap.servers metadata.broker.list"),
    **_each(_unrelated, "sasl.mechanism sasl.mechanisms sasl.username sasl.password"),
    # TLS of the token issuer, not of the broker.
    **_each(_unrelated, "https.ca.location https.ca.pem enable.sasl.oauthbearer.unsecure.jwt"),
}

_LOOKS_LIKE_TLS = re.compile(
    r"ssl|tls|tcps|cert|wallet|keystore|truststore|cipher|encrypt|x509|secur|verif|crl|pem$"
    r"|^ca(s|file|path|dir|bundle|location)?$|rootca"
)
_OPTION_OF_TLS = re.compile(r"(ssl|tls)[\w.-]*[\"']?\s*[=:]|tcps|\+srv", re.IGNORECASE)


def asks_for_tls(extra: Extra, table: Table, wishes: Iterable[Wish] = ()) -> bool | None:
    """Return whether a Connection asks for TLS, or ``None`` when it leaves that open.

    An option that cannot be read is a violation of the extra.

    :param extra: the Connection's extra.
    :param table: the TLS options of the drivers.
    :param wishes: the meaning of the Connection's other fields, such as a scheme in the host.
    """
    settings = set(wishes)
    for name, value in extra.items():
        key = plain(name)
        if key in table:
            settings.add(extra.read(name, value, table[key]) or Wish.NONE)
        elif _LOOKS_LIKE_TLS.search(key) or mentions_tls(value):
            extra.fail(name, "looks like a TLS option and is not known: set ssl_link in the endpoint")
    if {Wish.ON, Wish.OFF} <= settings:
        extra.violations.append("extra: asks for TLS, and switches it off: set ssl_link in the endpoint")
    if Wish.OFF in settings:
        return False
    return True if settings & {Wish.ON, Wish.SOFT} else None


def mentions_tls(value: object) -> bool:
    """Return whether a value contains a TLS option, such as ``?sslmode=require`` at the end of a URL.

    :param value: text, or JSON to any depth.
    """
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping):
            if any(_LOOKS_LIKE_TLS.search(plain(name)) for name in item):
                return True
            pending += item.values()
        elif isinstance(item, list):
            pending += item
        elif isinstance(item, str) and _OPTION_OF_TLS.search(item):
            return True
    return False


def spread_out(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the extra of a MySQL Connection with the members of its object ``ssl`` as members of their own.

    :param extra: holds ``ssl`` as an object or as JSON text, or not at all.
    """
    spread: dict[str, Any] = HiddenDict()
    for name, value in extra.items():
        inside = _object(value) if plain(name) == "ssl" else None
        if inside is None:
            spread[name] = value
            continue
        # The object turns TLS on, unless a mode in it turns TLS off.
        spread["ssl.object"] = True
        spread |= {f"ssl.{member}": item for member, item in inside.items() if not is_blank(item)}
    return spread


def _object(value: object) -> Mapping[str, Any] | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, Mapping) else None
