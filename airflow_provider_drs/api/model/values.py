"""Read truth values, numbers, texts and addresses that people type into a Connection of any type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address

_TRUTH = {
    **dict.fromkeys(("true", "yes", "on", "1", "t", "y"), True),
    **dict.fromkeys(("false", "no", "off", "0", "f", "n"), False),
}
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_LABEL = r"[\w-]{1,63}"
_ADDRESS = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9_+.-]*)://)?"
    rf"(?:\[(?P<ipv6>[^\]]+)\]|(?P<host>{_LABEL}(?:\.{_LABEL})*\.?))"
    r"(?::(?P<port>[0-9]{1,5}))?/*"
)
_MAX_HOST = 253


class UnreadableError(ValueError):
    """A value that cannot be read; the text names the expected form and never repeats the value."""


@dataclass(frozen=True)
class Address:
    """One host.

    :param host: a name or an IP address; IPv6 without brackets.
    :param port: 1 to 65535, or ``None`` if the text has no port.
    :param scheme: the scheme of a URL in lower case, or empty.
    """

    host: str
    port: int | None = None
    scheme: str = ""

    def __str__(self) -> str:
        if self.port is None:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_blank(value: object) -> bool:
    """Return whether a form's field is empty: ``None``, or text of blanks.

    :param value: the field.
    """
    return value is None or (isinstance(value, str) and not value.strip())


def plain(name: str) -> str:
    """Return a name without case and punctuation: ``ssl-mode``, ``sslMode`` and ``ssl_mode`` become the same.

    :param name: the name of an option.
    """
    return re.sub(r"[\W_]", "", name).lower()


def text(value: object) -> str:
    """Return text without blanks around it.

    :param value: anything.
    :raises UnreadableError: when the value is no text.
    """
    if not isinstance(value, str):
        raise UnreadableError("must be text")
    return value.strip()


def truth(value: object) -> bool:
    """Return a truth value: ``true``, ``yes``, ``on``, ``1`` or their opposites, in any case.

    :param value: anything.
    :raises UnreadableError: when the value is none of these.
    """
    # A number becomes an int first, so that 1.0 counts as 1.
    word = str(int(value)) if isinstance(value, (bool, int, float)) and value in (0, 1) else value
    if not isinstance(word, str) or word.strip().lower() not in _TRUTH:
        raise UnreadableError("must be true or false")
    return _TRUTH[word.strip().lower()]


def number(value: object) -> float:
    """Return a number, as an ``int`` if it is whole; a truth value is no number.

    :param value: anything.
    :raises UnreadableError: when the value is neither a number nor the text of one.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UnreadableError("must be a number")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def port(value: object) -> int:
    """Return a port.

    :param value: a number or its text.
    :raises UnreadableError: when the value is no whole number from 1 to 65535.
    """
    try:
        wanted = number(value)
    except UnreadableError:
        wanted = 0
    if not isinstance(wanted, int) or not 1 <= wanted <= 65535:
        raise UnreadableError("must be a port from 1 to 65535")
    return wanted


def addresses(value: object) -> list[Address]:
    """Return the hosts in a text, which are separated by commas.

    A host may have a scheme and a port. IPv6 with a port needs brackets.

    :param value: text.
    :raises UnreadableError: when there is no host, or a host has anything else, such as a path or a user.
    """
    listed = [part.strip() for part in text(value).split(",") if part.strip()]
    if not listed:
        raise UnreadableError("must be a host")
    return [_address(part) for part in listed]


def _address(listed: str) -> Address:
    if _is_ipv6(listed):
        return Address(listed)
    match = _ADDRESS.fullmatch(listed)
    if match is None or (match["ipv6"] and not _is_ipv6(match["ipv6"])) or len(match["host"] or "") > _MAX_HOST:
        raise UnreadableError("must be a host, or host:port, and nothing else; IPv6 with a port in brackets")
    return Address(
        match["ipv6"] or match["host"],
        port(match["port"]) if match["port"] else None,
        (match["scheme"] or "").lower(),
    )


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True
