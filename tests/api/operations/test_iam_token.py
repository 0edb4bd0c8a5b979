"""``keystoneCreateUserTokenByPassword``: a login, and a token with an end."""

from __future__ import annotations

import math
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from calls import times_sent
from hypothesis import given
from hypothesis import strategies as st
from raw_answers import answer
from wire import Reply, Service

from airflow_provider_drs.api.auth.iam import Iam
from airflow_provider_drs.api.errors import DrsAnswerError, DrsCredentialError
from airflow_provider_drs.api.operations.iam_token import IAM_TOKEN, body, token

PROJECT = {"id": "p-1"}
FACTS = {"issued_at": "2026-01-01T00:00:00.000000Z", "expires_at": "2026-01-02T00:00:00.000000Z"}
ISSUED = {"X-Subject-Token": "t-1"}
GOOD = Reply({"token": FACTS}, 201, ISSUED)
MOMENTS = st.one_of(
    st.datetimes().map(str),
    st.from_regex(r"\A\d{1,6}(-\d{1,3}){0,2}([T ]\d{1,3}(:\d{1,3}){0,2})?(Z|[+-]\d{2}:\d{2})?\Z"),
    st.text(max_size=20),
    st.none() | st.integers() | st.lists(st.text(max_size=5), max_size=2),
)


def log_in(service):
    return Iam(service.url).token("u", "s3cr3t", "d", PROJECT)


def read(facts, headers=ISSUED):
    return token(answer({"token": facts}, IAM_TOKEN, 201, headers))


# --- what is asked ---


def test_a_user_logs_in_with_a_password_for_one_project_and_without_any_other_credential():
    with Service(lambda request: GOOD) as service:
        log_in(service)

    (request,) = service.requests
    # without the catalogue of services the answer is small
    assert (request.method, request.path) == ("POST", "/v3/auth/tokens?nocatalog=true")
    assert not {"authorization", "x-auth-token"} & {name.lower() for name in request.headers}
    assert request.json == {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {"user": {"name": "u", "password": "s3cr3t", "domain": {"name": "d"}}},
            },
            "scope": {"project": PROJECT},
        }
    }


def test_the_password_is_known_as_a_secret_and_not_shown():
    request = body("u", "s3cr3t", "d", {"name": "cn-north-4"})

    assert IAM_TOKEN.secrets_in(request) == ["s3cr3t"]
    assert "s3cr3t" not in repr(request)


# --- how an answer is read ---


def test_a_token_lives_from_its_issue_to_its_end_by_the_clock_of_iam_alone():
    issued = read(FACTS)

    assert (issued.text, issued.lifetime) == ("t-1", 86_400)
    assert "t-1" not in repr(issued)


def test_where_iam_does_not_tell_when_it_issued_a_token_it_is_now():
    end = datetime.fromtimestamp(time.time(), timezone.utc) + timedelta(days=1)

    lifetime = read({"expires_at": end.isoformat()}).lifetime

    assert 0 < lifetime <= 86_400


def test_a_moment_may_have_any_zone():
    assert read({**FACTS, "expires_at": "2026-01-02T08:00:00+08:00"}).lifetime == 86_400


NO_MOMENTS: list[Any] = [None, "", "soon", 7, []]


@pytest.mark.parametrize(
    ("facts", "headers"),
    [
        (FACTS, {}),
        *((FACTS, {"X-Subject-Token": odd}) for odd in ("", "two words", "t\u00f6ken")),
        ({"issued_at": FACTS["issued_at"]}, ISSUED),
        *(({**FACTS, "expires_at": odd}, ISSUED) for odd in [*NO_MOMENTS, "P1D", "08:00/09:00"]),
        *(({**FACTS, "issued_at": odd}, ISSUED) for odd in NO_MOMENTS),
    ],
    ids=str,
)
def test_without_a_token_and_its_end_it_is_no_answer_of_iam(facts, headers):
    with pytest.raises(DrsAnswerError, match="not one of IAM: the token or its end is missing") as caught:
        read(facts, headers)

    assert "iam_endpoint" in str(caught.value.hint)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@given(expires_at=MOMENTS, issued_at=MOMENTS)
def test_whatever_iam_takes_for_a_moment_there_is_a_token_or_an_error_of_the_tree(expires_at, issued_at):
    try:
        issued = read({"expires_at": expires_at, "issued_at": issued_at})
    except DrsAnswerError:
        return
    assert math.isfinite(issued.lifetime)


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"token": FACTS}, 200, ISSUED),
        Reply({"token": []}, 201, ISSUED),
        Reply({"token": None}, 201, ISSUED),
        Reply({}, 201, ISSUED),
        Reply({"token": FACTS, "success": False}, 201, ISSUED),
        Reply(raw=b"<html>", status=201, headers={"Content-Type": "text/html"}),
        Reply(raw=b"<html>", headers={"Content-Type": "text/html"}),
    ],
    ids=["another status", "a list", "nothing", "no member", "against itself", "no json", "a page"],
)
def test_an_answer_of_another_form_is_none_of_iam(reply):
    with Service(lambda request: reply) as service, pytest.raises(DrsAnswerError, match="of IAM"):
        log_in(service)


def test_a_refused_login_tells_what_to_check_and_not_the_password():
    wrong = Reply({"error": {"code": 401, "message": "s3cr3t is wrong", "title": "Unauthorized"}}, 401)

    with Service(lambda request: wrong) as service, pytest.raises(DrsCredentialError) as caught:
        log_in(service)

    assert "user, password and domain_name" in str(caught.value.hint)
    assert "s3cr3t" not in f"{caught.value} {vars(caught.value)}"


# --- what is repeated ---


@pytest.mark.parametrize(("failure", "times"), [("throttled", 2), ("unavailable", 1), ("lost", 1)])
def test_a_login_is_sent_again_only_if_it_was_certainly_not_done(failure, times):
    assert times_sent(failure, GOOD, log_in) == times
