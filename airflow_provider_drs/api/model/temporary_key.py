"""A temporary key, as the services of a server and of a pod give it, in any of its spellings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pendulum

from airflow_provider_drs.api.model.hidden import HiddenDict, HiddenText
from airflow_provider_drs.api.model.values import UnreadableError
from airflow_provider_drs.api.texts import bare_name, fits_a_header

# by names without case and punctuation: the two services and the vendor's SDK spell them in three ways
_SPELLINGS = {
    "access": ("access", "accesskeyid"),
    "secret": ("secret", "secretaccesskey"),
    "securitytoken": ("securitytoken",),
    "expires_at": ("expiresat", "expiration"),
}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)


@dataclass(frozen=True)
class TemporaryKey:
    """An access key with an end.

    :param access: the key's id (AK).
    :param secret: the secret key (SK).
    :param security_token: the token that is sent beside each signature.
    :param lifetime: seconds from now to its end.
    """

    access: str = field(repr=False)
    secret: str = field(repr=False)
    security_token: str = field(repr=False)
    lifetime: float


def read_key(answer: Mapping[str, Any], now: float) -> TemporaryKey:
    """Return the key in an answer.

    :param answer: its JSON.
    :param now: seconds since 1970.
    :raises UnreadableError: when a part of the key is missing, is no such text, or is given twice with two values. The
        text holds no value.
    """
    wrapped = [answer[name] for name in ("credential", "credentials") if answer.get(name) is not None]
    answer = wrapped[0] if wrapped else answer
    if not isinstance(answer, Mapping):
        raise UnreadableError("credential is no object")
    parts = HiddenDict({name: _text(name, answer) for name in _SPELLINGS})
    moment = _seconds(parts.pop("expires_at"))
    if not all(map(fits_a_header, parts.values())):
        raise UnreadableError("a part of the key is empty, or holds a character that no key has")
    return TemporaryKey(parts["access"], parts["secret"], parts["securitytoken"], moment - now)


def _text(name: str, answer: Mapping[str, Any]) -> HiddenText:
    spelled = {member for member in answer if bare_name(member) in _SPELLINGS[name]}
    given = HiddenDict({member: answer[member] for member in spelled if answer[member] not in (None, "")})
    if not given:
        raise UnreadableError(f"{name} is missing")
    if not all(isinstance(value, str) for value in given.values()):
        raise UnreadableError(f"{name} is no text")
    if len(set(given.values())) > 1:
        raise UnreadableError(f"{name} is given twice, with different values")
    return HiddenText(next(iter(given.values())))


def _seconds(text: str) -> float:
    try:
        moment = pendulum.parse(text) if _MOMENT.fullmatch(text) else None
    except (ValueError, OverflowError):
        moment = None
    if not isinstance(moment, pendulum.DateTime):
        raise UnreadableError("expires_at is no date with a time")
    return moment.timestamp()
