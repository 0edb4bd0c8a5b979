"""Which version of the API answers, and how strictly it reads."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_drs.livecheck import words
from airflow_provider_drs.livecheck.contact import Contact
from airflow_provider_drs.livecheck.findings import Check, Finding


def look_for_v5(contact: Contact) -> Iterator[Check | Finding]:
    """Ask for the list of jobs of v5."""
    for exchange in contact.ask(contact.client.list_v5)[1]:
        there = {200: True, 404: False}.get(exchange.status or 0)
        other = f"HTTP {exchange.status}" if exchange.status else "no answer"
        yield Check("v5", None, {True: "there", False: "not there", None: other}[there])
        if not exchange.considered:
            continue
        facts = {"there": there, "code": exchange.code, **contact.shape(exchange)}
        yield Finding("v5", {**facts, "region": words.region(contact.client.endpoint.partition("://")[2])})


def send_an_unknown_member(contact: Contact) -> Iterator[Check | Finding]:
    """Ask for the list of jobs with a member that no document has."""
    for exchange in contact.ask(contact.client.list_with_an_unknown_member)[1]:
        if exchange.considered:
            facts = {"refused": exchange.status != 200, "http_status": exchange.status, "code": exchange.code}
            yield Finding("unknown-members", facts)
