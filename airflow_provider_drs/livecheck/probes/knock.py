"""Who answers? The first request has no credential and nothing of the caller."""

from __future__ import annotations

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.wire.answers import code_and_text
from airflow_provider_drs.api.wire.connection import RawAnswer
from airflow_provider_drs.api.wire.json_reading import read_object
from airflow_provider_drs.api.wire.scrubber import Scrubber
from airflow_provider_drs.livecheck import words
from airflow_provider_drs.livecheck.contact import Contact, error_told
from airflow_provider_drs.livecheck.findings import Check


def knock(contact: Contact) -> Check:
    """Return whether a service of this kind answers. If not, nothing else may be sent there."""
    try:
        answer = contact.client.knock()
    except DrsError as error:
        return Check("service", False, f"nobody answers, so no credential was sent: {error_told(error)}")
    if stranger := _stranger(answer):
        told = f"{stranger} answers (HTTP {answer.status}), which is not DRS; no credential was sent"
        return Check("service", False, told)
    return Check("service", True, f"refuses a call without a credential (HTTP {answer.status})")


def _stranger(answer: RawAnswer) -> str | None:
    """Return what answers, or ``None`` if it is a service that refuses calls with codes of a known form."""
    payload = read_object(answer.body, Scrubber(()))
    error = code_and_text(payload)
    if error and words.code(error[0]) and answer.status >= 400:
        return None
    if 300 <= answer.status < 400:
        return "a redirect, such as to a sign-in page,"
    if answer.body.lstrip()[:1] == b"<" or "html" in answer.headers.get("Content-Type", ""):
        return "a sign-in page" if b"password" in answer.body.lower() else "a web page"
    return "something that speaks JSON" if payload is not None else "something without JSON"
