"""All calls that the package makes, and how a test makes them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from virtual_time import VirtualTime
from wire import Reply, Request, Service

from airflow_provider_drs.api import operations
from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.errors import DrsError
from airflow_provider_drs.api.operation import Operation

OPERATIONS: dict[str, Operation] = {
    module.name: value
    for module in iter_modules(operations.__path__)
    for value in vars(import_module(f"{operations.__name__}.{module.name}")).values()
    if isinstance(value, Operation)
}
"""Each operation by the name of its module."""

PROJECT = "054ba152d480d55b2f5dc0069e7ddef0"

FAILURES = {
    "throttled": Reply({"error_code": "APIGW.0308", "error_msg": "slow"}, 429, {"Retry-After": "0"}),
    "unavailable": Reply({"error_code": "DRS.M00004", "error_msg": "down"}, 503, {"Retry-After": "0"}),
    "lost": Reply({}, headers={"Content-Length": "99", "Connection": "close"}),
}


def client(service: Service, **settings: Any) -> DrsClient:
    """Return a client of that service, for which no pause takes any time."""
    return DrsClient(service.url, PROJECT, TokenAuth("a-token"), **{"pacer": VirtualTime().pacer(), **settings})


def times_sent(failure: str, good: Reply, call: Callable[[Service], object]) -> int:
    """Return how often a call is sent whose first exchange ends in this failure, and every other one well."""

    def answer(request: Request) -> Reply:
        return FAILURES[failure] if len(service.requests) == 1 else good

    with Service(answer) as service, suppress(DrsError):
        call(service)
    return len(service.requests)
