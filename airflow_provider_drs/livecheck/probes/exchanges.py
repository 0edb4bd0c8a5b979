"""What all exchanges together show: TLS, clock, latency, limits, the spelling of codes, order and count of results."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from airflow_provider_drs.api.auth.credentials import MAX_SKEW
from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.wire.answers import read_answer
from airflow_provider_drs.api.wire.headers import http_date
from airflow_provider_drs.api.wire.scrubber import Scrubber
from airflow_provider_drs.livecheck import words
from airflow_provider_drs.livecheck.client import Exchange
from airflow_provider_drs.livecheck.contact import Contact
from airflow_provider_drs.livecheck.findings import Check, Finding

_NOT_SERVED = (404, 410)


def look_at_exchanges(contact: Contact) -> Iterator[Check | Finding]:
    """Say what the exchanges so far have in common."""
    answers = [(exchange, exchange.answer) for exchange in contact.client.exchanges if exchange.answer]
    if not answers:
        return
    version = contact.client.tls_version
    yield Check("TLS", True if version else None, f"{version}, valid certificate" if version else "none, on loopback")
    yield _clock(answers[-1][1].headers.get("Date", ""), answers[-1][0].ended)
    times = sorted(exchange.seconds for exchange, _ in answers)
    yield Check("latency", None, f"{times[0]:.2f} to {times[-1]:.2f} s in {len(times)} calls")
    headers = {name: value for _, answer in answers for name, value in contact.redactor.headers(answer.headers).items()}
    rates = {name: value for name, value in headers.items() if words.is_rate(name)}
    yield Check("limits", None, f"{len(rates)} headers tell of them")
    yield Finding("rate-limits", {"headers": rates, "all_headers": sorted(headers), **_refusals(contact)})
    v3 = [answer.status for exchange, answer in answers if exchange.operation.path.startswith("/v3/")]
    ends = sorted({"deprecation", "sunset"} & headers.keys())
    yield Finding("v3-removal", {"answers": any(status not in _NOT_SERVED for status in v3), "headers": ends})
    codes = [exchange.code for exchange, _ in answers if exchange.code]
    yield Finding("code-prefix", {"prefixes": sorted({re.split(r"(?<=[.-])", code)[0] for code in codes})})
    for name in dict.fromkeys(exchange.operation.name for exchange in contact.client.exchanges):
        of_call = [exchange for exchange in contact.client.exchanges if exchange.operation.name == name]
        yield from _orders(name, of_call)
        yield from _counts(contact, name, of_call)


def _orders(name: str, exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    orders: dict[str, int] = {}
    for exchange in exchanges:
        answered = [str(item.get("id") or item.get("precheck_id")) for item in exchange.results]
        asked = [job_id for job_id in exchange.asked if job_id in answered]
        if len(asked) > 1:
            order = "as asked" if answered == asked else "reversed" if answered == asked[::-1] else "another"
            orders[order] = max(len(asked), orders.get(order, 0))
    if orders:
        yield Finding("results-order", {name: {"results": max(orders.values()), "orders": sorted(orders)}})


def _counts(contact: Contact, name: str, exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """Tell of the call that has left out most of what it was asked for."""
    counted = [exchange for exchange in exchanges if exchange.asked and isinstance(exchange.body.get("count"), int)]
    if counted:
        most = max(counted, key=lambda each: (len(each.asked) - len(each.results), len(each.asked)))
        told = contact.redactor.body({"count": most.body["count"]})
        yield Finding("results-count", {name: {"asked": len(most.asked), "results": len(most.results), **told}})


def _refusals(contact: Contact) -> dict[str, Any]:
    refusals = [exchange for exchange in contact.client.exchanges if exchange.status == 429]
    windows = set()
    for exchange in refusals:
        try:
            read_answer(exchange.operation, exchange.answer, Scrubber(()))  # type: ignore[arg-type]
        except DrsError as error:
            windows.add(getattr(error, "window", None))
    shown = [{"calls": calls, "seconds": seconds} for calls, seconds in sorted(filter(None, windows))]
    return {"refused_calls": len(refusals), "windows": shown}


def _clock(date: str, here: datetime) -> Check:
    dated = http_date(date)
    if dated is None:
        return Check("clock", None, "no answer has a date")
    ahead = round((here - dated).total_seconds())
    if abs(ahead) <= 2:
        return Check("clock", True, "equal")
    told = f"this machine is {abs(ahead)} s {'ahead' if ahead > 0 else 'behind'}"
    return Check("clock", abs(ahead) < MAX_SKEW, told)
