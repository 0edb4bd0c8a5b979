"""Secrets that have to travel in clear: hidden from every ``repr``, and taken out of what comes back."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import quote, quote_plus

from airflow_provider_drs.api.rules import JOB_ID

SHORTEST = 5
"""Characters from which on a secret is taken out of texts, as Airflow does it; a shorter one occurs by chance."""

# what an answer says in these members steers what is made of it, even if somebody's password is "success"
_SPOKEN = {
    "id": re.compile(JOB_ID),
    "status": re.compile("success|failed|true|false", re.IGNORECASE),
    "error_code": re.compile(r"[A-Z]{3,5}[.-][A-Z]{0,2}\d{4,8}"),
}
_NEVER_ESCAPED = re.compile(r"[A-Za-z0-9_.~-]+")


class HiddenBytes(bytes):
    """Bytes whose ``repr`` tells only how many they are, so that no traceback or debug output shows them."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"

    __str__ = __repr__


class HiddenDict(dict[str, Any]):
    """A dict whose ``repr`` tells only its keys."""

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


class HiddenTuple(tuple[str, ...]):
    """A tuple whose ``repr`` tells only how many items it has."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} secrets>"


def spellings(secret: str) -> set[str]:
    """Return the ways in which a secret is written where text holds other text: JSON, Python, HTML, a URL."""
    if _NEVER_ESCAPED.fullmatch(secret):
        return {secret}
    plain = json.dumps(secret)[1:-1]
    # Jinja's tojson
    markup = plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("'", "\\u0027")
    spelled = {
        secret,
        secret.strip(),
        plain,
        markup,
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        html.escape(secret),
        quote(secret, safe=""),
        quote_plus(secret),
    }
    # where a shorter one is found, so is a longer one that holds it, and searching takes time for each
    found = {way for way in spelled if len(way) >= SHORTEST}
    return {way for way in spelled if not any(other in way for other in found - {way})}


class Scrubber:
    """Takes the secrets of a call out of its answer, since a service or a proxy may repeat what it was sent.

    :param secrets: those of the request; one of fewer than 5 characters is left alone.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = [secret for secret in set(secrets) if len(secret) >= SHORTEST]

    def loads(self, text: str) -> Any:
        """Return the JSON value of a text, with ``***`` in place of every secret in any of its texts."""
        payload = json.loads(text)
        # nearly always, and a thousand waits read a thousand statuses a round
        if "\\" not in text and not any(_in_every_spelling(secret) in text for secret in self._secrets):
            return payload
        return self(payload)

    def __call__(self, payload: Any, member: str | None = None) -> Any:
        """Return the JSON value with ``***`` in place of every secret in any of its texts."""
        if isinstance(payload, dict):
            return {name: self(value, name) for name, value in payload.items()}
        if isinstance(payload, list):
            return [self(item) for item in payload]
        if not isinstance(payload, str):
            return payload
        if not (member in _SPOKEN and _SPOKEN[member].fullmatch(payload)):
            for way in self._spelled:
                payload = payload.replace(way, "***")
        return payload

    @cached_property
    def _spelled(self) -> list[str]:
        spelled = {way for secret in self._secrets for way in spellings(secret)}
        # the longest first, for one may be part of another
        return sorted(filter(None, spelled), key=len, reverse=True)

    def __reduce__(self) -> NoReturn:
        raise TypeError("it holds secrets, which are not pickled")


def _in_every_spelling(secret: str) -> str:
    return max(_NEVER_ESCAPED.findall(secret), key=len, default="")
