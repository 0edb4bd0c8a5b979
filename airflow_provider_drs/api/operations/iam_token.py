"""``keystoneCreateUserTokenByPassword``: the token of an IAM user."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pendulum

from airflow_provider_drs.api.errors import DrsAnswerError
from airflow_provider_drs.api.model.hidden import HiddenDict, HiddenText
from airflow_provider_drs.api.operation import Operation, Repeat
from airflow_provider_drs.api.texts import fits_a_header
from airflow_provider_drs.api.wire.answers import Answer

IAM_TOKEN = Operation(
    "keystoneCreateUserTokenByPassword",
    "POST",
    # without the catalogue of services the answer is small
    "/v3/auth/tokens?nocatalog=true",
    Repeat.LOGIN,
    secret_members=frozenset({"password"}),
    expected_key="token",
    good_statuses=(201,),
    service="IAM",
)


@dataclass(frozen=True)
class Token:
    """An IAM token.

    :param text: what is sent as ``X-Auth-Token``.
    :param lifetime: seconds from its issue to its end.
    """

    text: str = field(repr=False)
    lifetime: float


def body(user: str, password: str, domain: str, project: Mapping[str, str]) -> dict[str, Any]:
    """Return the request.

    :param domain: name of the account that the user belongs to.
    :param project: ``{"id": ...}`` or ``{"name": ...}`` of the project that the token is for.
    """
    login = HiddenDict({"user": HiddenDict({"name": user, "password": password, "domain": {"name": domain}})})
    return {"auth": {"identity": {"methods": ["password"], "password": login}, "scope": {"project": dict(project)}}}


def token(answer: Answer) -> Token:
    """Return the token.

    :raises DrsAnswerError: when the answer has no token, or no time of its expiry.
    """
    try:
        facts = answer.payload["token"]
        text = HiddenText(answer.headers["X-Subject-Token"])
        if not fits_a_header(text):
            raise ValueError("no later call can carry it")
        return Token(text, _moment(facts["expires_at"]) - _issued(facts))
    except (KeyError, TypeError, ValueError):
        why = "the answer is not one of IAM: the token or its end is missing"
    raise DrsAnswerError(why, hint="Check iam_endpoint.")


def _moment(text: str) -> float:
    moment = pendulum.parse(text)
    if not isinstance(moment, pendulum.DateTime):
        raise ValueError("a date without a time")
    return moment.timestamp()


def _issued(facts: Mapping[str, str]) -> float:
    # by IAM's clock if the answer has it: the clock of this machine may be wrong
    return _moment(facts["issued_at"]) if "issued_at" in facts else time.time()
