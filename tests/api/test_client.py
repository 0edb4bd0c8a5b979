"""What goes over the wire, and what is made of the answer."""

from __future__ import annotations

import pytest
from calls import PROJECT, client
from samples import job_id
from virtual_time import VirtualTime
from wire import Reply, Service, all_pass

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.client import DrsClient
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsCredentialError,
    DrsInputError,
    DrsPermissionError,
    DrsThrottledError,
    DrsUnreachableError,
)


def test_250_jobs_take_three_calls_and_a_job_named_twice_is_asked_for_once():
    asked = [job_id(number) for number in range(250)]

    with Service() as service, client(service) as drs:
        statuses = drs.job_statuses([*asked, asked[0]])

    assert [len(request.json["jobs"]) for request in service.requests] == [100, 100, 50]
    assert list(statuses) == asked


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        # DRS swaps the two statuses: its stale token is a 403, its missing permission a 401
        (Reply({"error_code": "DRS.M00100", "error_msg": "bad token"}, status=403), DrsCredentialError),
        (Reply({"error_code": "DRS.M00103", "error_msg": "no permission"}, status=401), DrsPermissionError),
        (Reply({"error_code": "APIGW.0301", "error_msg": "bad token"}, status=401), DrsCredentialError),
        (Reply({"error_code": "APIGW.0302", "error_msg": "no"}, status=403), DrsPermissionError),
    ],
)
def test_a_refused_credential_is_told_from_a_missing_permission_by_the_code(reply, kind):
    with Service(lambda request: reply) as service, client(service) as drs, pytest.raises(kind) as caught:
        drs.job_statuses([job_id(1)])

    assert (caught.value.code, caught.value.http_status) == (reply.payload["error_code"], reply.status)
    assert not caught.value.retryable


def test_an_error_carries_the_request_id_and_what_to_do():
    reply = Reply({"error_code": "DRS.M00100", "error_msg": "bad"}, status=403, headers={"X-Request-Id": "r-17"})

    with Service(lambda request: reply) as service, client(service) as drs, pytest.raises(DrsCredentialError) as caught:
        drs.job_statuses([job_id(1)])

    assert str(caught.value) == (
        "DRS.M00100: bad (HTTP 403, request id r-17) "
        "Put a new token into the connection, or use a credential that renews itself."
    )


def test_a_redirect_is_an_error_and_the_token_stays_here():
    with Service() as elsewhere:
        away = Reply(status=307, headers={"Location": elsewhere.url})
        with Service(lambda request: away) as service, client(service) as drs, pytest.raises(DrsAnswerError):
            drs.job_statuses([job_id(1)])

    assert elsewhere.requests == []


def test_nothing_listening_is_told_with_the_address_and_the_reason():
    with Service() as service:
        pass

    with client(service) as drs, pytest.raises(DrsUnreachableError) as caught:
        drs.job_statuses([job_id(1)])

    assert str(caught.value) == f"no connection to {service.url}: Connection refused"


@pytest.mark.parametrize(
    "url", ["http://drs.cn-north-4.myhuaweicloud.com", "ftp://127.0.0.1", "drs.example.org", "https://"]
)
def test_a_credential_is_sent_over_https_or_to_loopback_only(url):
    with pytest.raises(DrsInputError):
        DrsClient(url, PROJECT, TokenAuth("a-token"))


def test_a_proxy_from_the_environment_does_not_see_a_loopback_call(monkeypatch):
    with Service() as proxy, Service() as service:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with client(service) as drs:
            drs.job_statuses([job_id(1)])

    assert proxy.requests == []
    assert len(service.requests) == 1


def test_what_to_do_about_a_failed_test_is_not_told_of_a_refused_call():
    reply = Reply({"error_code": "X.1", "error_msg": "the token was refused"}, status=401)

    with Service(lambda request: reply) as service, client(service) as drs, pytest.raises(DrsCredentialError) as caught:
        drs.job_statuses([job_id(1)])

    assert caught.value.hint is None


def test_a_date_that_no_clock_can_show_is_as_good_as_none():
    reply = Reply({}, status=429, headers={"Retry-After": "Mon, 01 Jan 0001 00:00:00 -0000"})

    with Service(lambda request: reply) as service, client(service) as drs, pytest.raises(DrsThrottledError):
        drs.job_statuses([job_id(1)])


def test_after_a_call_that_got_through_the_pauses_of_throttled_ones_begin_anew():
    time = VirtualTime()
    slow = Reply({"error_code": "APIGW.0308", "error_msg": "slow"}, status=429)

    with (
        Service(lambda request: all_pass(request) if len(service.requests) in (4, 6) else slow) as service,
        client(service, pacer=time.pacer()) as drs,
    ):
        drs.job_statuses([job_id(1)])
        before = len(time.waits)
        drs.job_statuses([job_id(1)])

    assert len(service.requests) == 6
    assert max(time.waits[:before]) >= 4, "the third in a row"
    assert max(time.waits[before:]) < 2, "the first in a row"
