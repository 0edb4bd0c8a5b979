"""What all probes share: the client, the named jobs, and how an error is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_drs.api.endpoint import Endpoint
from airflow_provider_drs.api.errors import DrsCredentialError, DrsError, DrsInputError, DrsTlsError
from airflow_provider_drs.livecheck import words
from airflow_provider_drs.livecheck.client import Exchange, ProbingClient
from airflow_provider_drs.livecheck.redaction import Redactor

ABSENT = "00000000-0000-4000-8000-0000000jb000"
"""A well-formed id that no job has."""
NO_STATUS = ""
"""In place of the status of a job that DRS does not know."""


@dataclass
class Contact:
    """A check under way.

    :param client: asks the service.
    :param redactor: makes what may be told of an answer.
    :param job_ids: the named jobs.
    :param endpoints: what is to be tested.
    :param statuses: the status of each named job, once it was read, or ``NO_STATUS``.
    """

    client: ProbingClient
    redactor: Redactor
    job_ids: Sequence[str] = ()
    endpoints: Sequence[Endpoint] = ()
    statuses: dict[str, str] = field(default_factory=dict)

    def ask(self, call: Callable[..., Any], *arguments: Any) -> tuple[Any, list[Exchange]]:
        """Make a call of the client, and return its result, or ``None`` if it failed, and its exchanges.

        A refusal after which the client has renewed its credential is left out: it says nothing of the call.

        :raises DrsCredentialError: when the credential is refused: each further refusal may lock it.
        """
        before = len(self.client.exchanges)
        try:
            result = call(*arguments)
        except DrsCredentialError:
            raise
        except DrsError:
            result = None
        for each in result.values() if isinstance(result, dict) else ():
            if isinstance(each, DrsCredentialError):
                raise each
        return result, _lasting(self.client.exchanges[before:])

    def shape(self, exchange: Exchange) -> dict[str, Any]:
        """Return status and shape of an answer."""
        return {"http_status": exchange.status, "answer": self.redactor.body(exchange.body)}


def _lasting(exchanges: list[Exchange]) -> list[Exchange]:
    following = [*exchanges[1:], None]
    return [
        exchange
        for exchange, after in zip(exchanges, following, strict=True)
        if after is None or (after.operation.name, after.data) != (exchange.operation.name, exchange.data)
    ]


def error_told(error: DrsError) -> str:
    """Return what may be told of an error: its kind, code and HTTP status, and what to do about it.

    What to do is a sentence of this package, and never one of an answer.
    """
    if isinstance(error, DrsInputError):
        # violations name fields, and no value
        return "; ".join(error.violations)
    facts = [words.code(error.code), f"HTTP {error.http_status}" if error.http_status else None]
    if isinstance(error, DrsTlsError):
        facts.append(words.tls_reason(error.text))
    known = ", ".join(fact for fact in facts if fact)
    told = f"{type(error).__name__} ({known})" if known else type(error).__name__
    return f"{told}. {error.hint}" if error.hint else told
