"""Tells a service from whatever else answers at its address, by its refusal of a call that has no credential."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_drs.api.wire.answers import code_and_text
from airflow_provider_drs.api.wire.connection import RawAnswer
from airflow_provider_drs.api.wire.json_reading import read_object
from airflow_provider_drs.api.wire.scrubber import Scrubber
from airflow_provider_drs.livecheck import words

_KEYSTONE = {"code", "message", "title"}


def is_of_drs(error: Mapping[str, Any]) -> bool:
    """Return whether an error has a code of DRS or its gateway."""
    return words.code((code_and_text(error) or (None, ""))[0]) is not None


def is_of_iam(error: Mapping[str, Any]) -> bool:
    """Return whether an error has a code of IAM or its gateway, or the form of Keystone, which IAM's API follows."""
    inner = error.get("error")
    return is_of_drs(error) or (isinstance(inner, Mapping) and inner.keys() >= _KEYSTONE)


def stranger(answer: RawAnswer, is_own: Callable[[Mapping[str, Any]], bool]) -> str | None:
    """Return what answers, or ``None`` if it is the service.

    :param answer: the answer to a call without a credential.
    :param is_own: returns whether an error is one of the service.
    """
    payload = read_object(answer.body, Scrubber(()))
    if answer.status >= 400 and payload and is_own(payload):
        return None
    if 300 <= answer.status < 400:
        return "a redirect, such as to a sign-in page,"
    if answer.body.lstrip()[:1] == b"<" or "html" in answer.headers.get("Content-Type", ""):
        return "a sign-in page" if b"password" in answer.body.lower() else "a web page"
    return "something that speaks JSON" if payload is not None else "something without JSON"


def refuses(answer: RawAnswer) -> bool:
    """Return whether the service refuses the caller. A limit, a fault or a proxy says nothing of the caller."""
    return 400 <= answer.status < 500 and answer.status not in (407, 429)
