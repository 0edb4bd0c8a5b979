"""Which version of the API answers, and how strictly it reads."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_drs.api.wire.answers import code_and_text
from airflow_provider_drs.livecheck import words
from airflow_provider_drs.livecheck.contact import Contact
from airflow_provider_drs.livecheck.findings import Check, Finding


def look_for_v5(contact: Contact) -> Iterator[Check | Finding]:
    """Ask for the list of jobs of v5."""
    for exchange in contact.ask(contact.client.list_v5)[1]:
        status = exchange.answer.status if exchange.answer else None
        code = words.code((code_and_text(exchange.body) or (None, ""))[0])
        there = {200: True, 404: False}.get(status or 0)
        other = f"HTTP {status}" if status else "no answer"
        yield Check("v5", None, {True: "there", False: "not there", None: other}[there])
        facts = {"there": there, "code": code, **contact.shape(exchange)}
        yield Finding("v5", {**facts, "region": words.region(contact.client.endpoint.partition("://")[2])})


def send_an_unknown_member(contact: Contact) -> Iterator[Check | Finding]:
    """Ask for the list of jobs with a member that no document has."""
    for exchange in contact.ask(contact.client.list_with_an_unknown_member)[1]:
        if exchange.answer and exchange.is_judged:
            code = words.code((code_and_text(exchange.body) or (None, ""))[0])
            status = exchange.answer.status
            yield Finding("unknown-members", {"refused": status != 200, "http_status": status, "code": code})
