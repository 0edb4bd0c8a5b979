"""The words that may be told: those of the contract, of HTTP, and codes of a known form. No other text is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from requests.structures import CaseInsensitiveDict

import airflow_provider_drs
from airflow_provider_drs.api.checks.items import ITEMS, REASONS
from airflow_provider_drs.api.codes import ERROR_CODE
from airflow_provider_drs.api.wire.headers import comes_from_a_cache

_CONTRACT = Path(airflow_provider_drs.__file__).parent / "emulator" / "contract.yaml"
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NAME = re.compile(r"[A-Za-z_]{1,60}")
_SHOWN = re.compile(rf"|{ERROR_CODE}|\d{{1,3}}%|true|false|success|failed", re.IGNORECASE)
_ACTION = re.compile(
    r"drs:(?:migrationJobs?|databaseParameters|jobs?):"
    r"(?:action|connect|create|delete|get|list|modify|select|start|update)(?![A-Za-z])"
)
_OF_HEADERS = frozenset(
    """
    accept access after age allow alive api apigw cache connection content control cookie credentials date deprecation
    encoding etag expires frame id keep language length limit link methods options origin policy pragma rate
    ratelimit remaining request reset retry security server set source status strict sunset trace transfer transport
    type vary version via warning www authenticate x xss protection content time
    """.split()  # noqa: SIM905 - a list of 60 words
)
_RATES = re.compile(r"(?:x-)?(?:api-)?rate-?limit-?(?:limit|remaining|reset)?|retry-after")
KINDS = ("application/json", "text/html", "text/plain", "application/xml", "gzip", "deflate", "br", "zstd", "identity")
"""The types and the packings of a body that may be told."""
# of the vendor's SDK
_REGIONS = """
    ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2
    cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-2 cn-north-4 cn-north-9 cn-north-11 cn-north-12 cn-south-1
    cn-south-2 cn-south-4 cn-southwest-2 cn-southwest-3 eu-west-0 eu-west-101 la-north-2 la-south-2 me-east-1
    my-kualalumpur-1 na-mexico-1 ru-moscow-1 ru-northwest-2 sa-brazil-1 tr-west-1 eu-de eu-nl
""".split()  # noqa: SIM905 - a list of 36 names
_TLS = (
    "hostname mismatch",
    "ip address mismatch",
    "self-signed certificate",
    "certificate has expired",
    "certificate is not yet valid",
    "unable to get local issuer certificate",
    "wrong version number",
)


class _Contract(NamedTuple):
    """The names of all members, the words that they are made of, and the values that each may have."""

    names: frozenset[str]
    words: frozenset[str]
    values: Mapping[str, frozenset[str]]


@cache
def _contract() -> _Contract:
    document = yaml.safe_load(_CONTRACT.read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    values: dict[str, set[str]] = {}
    for properties in _properties(document):
        for name, schema in properties.items():
            values.setdefault(name, set()).update(_values(schema, schemas))
    values["item"], values["failed_reason"] = set(ITEMS), set(REASONS)
    words = {word.lower() for name in values for word in _WORDS.findall(name)}
    return _Contract(frozenset(values), frozenset(words), {name: frozenset(each) for name, each in values.items()})


def _properties(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        if isinstance(node.get("properties"), Mapping):
            yield node["properties"]
        for value in node.values():
            yield from _properties(value)
    elif isinstance(node, list):
        for value in node:
            yield from _properties(value)


def _values(schema: Any, schemas: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts that a member, or an item of it, may be."""
    if not isinstance(schema, Mapping):
        return
    if "$ref" in schema:
        yield from _values(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    yield from (value for value in [*schema.get("enum", ()), schema.get("const")] if isinstance(value, str))
    if schema.get("x-open-words"):
        yield from schema["examples"]
    yield from _values(schema.get("items"), schemas)
    for keyword in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(keyword, ()):
            yield from _values(part, schemas)


def member(name: str) -> str | None:
    """Return the name of a member if the contract has it, or if it is made of words of its names; else ``None``."""
    contract = _contract()
    if name in contract.names:
        return name
    words = _WORDS.findall(name) if _NAME.fullmatch(name) else []
    return name if words and all(word.lower() in contract.words for word in words) else None


def is_word(name: str, value: str) -> bool:
    """Return whether a text may be told: a value that the contract names for this member, or a code of known form.

    :param name: the member.
    :param value: its text, in any case.
    """
    if _SHOWN.fullmatch(value):
        return True
    return value.upper() in {known.upper() for known in _contract().values.get(name, ())}


def header(name: str) -> str | None:
    """Return the name of a header in lower case if all its words are words of HTTP; else ``None``."""
    lower = name.lower()
    return lower if set(lower.split("-")) <= _OF_HEADERS else None


def is_hit(name: str, value: str) -> bool:
    """Return whether a header says that a cache gave the answer.

    :param name: in lower case.
    """
    return name in ("x-cache", "cache-status") and comes_from_a_cache(CaseInsensitiveDict({name: value}))


def is_rate(name: str) -> bool:
    """Return whether a header tells a limit of calls.

    :param name: in lower case.
    """
    return _RATES.fullmatch(name) is not None


def actions_in(text: str) -> list[str]:
    """Return the IAM actions of known form that a text names."""
    return sorted(set(_ACTION.findall(text)))


def code(text: str | None) -> str | None:
    """Return an error code if it has a known form."""
    return text if text and re.fullmatch(ERROR_CODE, text) else None


def region(host: str) -> str | None:
    """Return the public region that a host of DRS belongs to, or ``None`` for any other host."""
    return next((name for name in _REGIONS if host.startswith(f"drs.{name}.")), None)


def tls_reason(text: str) -> str:
    """Return why a certificate was refused, in words of this package."""
    return next((reason for reason in _TLS if reason in text.lower()), "the handshake failed")
