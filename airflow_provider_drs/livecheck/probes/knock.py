"""Who answers? The first request has no credential and nothing of the caller."""

from __future__ import annotations

from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.livecheck.contact import Contact, error_told
from airflow_provider_drs.livecheck.findings import Check
from airflow_provider_drs.livecheck.strangers import is_of_drs, refuses, stranger


def knock(contact: Contact) -> Check:
    """Return whether a service of this kind answers. If not, nothing else may be sent there."""
    try:
        answer = contact.client.knock()
    except DrsError as error:
        return Check("service", False, f"nobody answers, so no credential was sent: {error_told(error)}")
    if who := stranger(answer, is_of_drs):
        told = f"{who} answers (HTTP {answer.status}), which is not DRS; no credential was sent"
        return Check("service", False, told)
    if not refuses(answer):
        told = f"it is busy or has a fault (HTTP {answer.status}), so no credential was sent; try again later"
        return Check("service", False, told)
    return Check("service", True, f"refuses a call without a credential (HTTP {answer.status})")
