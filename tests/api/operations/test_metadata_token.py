"""``createMetadataToken``: version 2 of the metadata service, and when version 1 is asked instead."""

from __future__ import annotations

import pytest
from identities import KEY, NO_V2, TOKEN_PATH, V2, MetadataService
from wire import Reply

from airflow_provider_drs.api.auth.key_service import HOP_LIMIT, NO_KEY, NO_SERVER, NO_TOKENS
from airflow_provider_drs.api.errors import (
    DrsAnswerError,
    DrsConnectionLostError,
    DrsCredentialError,
    DrsThrottledError,
    DrsUnavailableError,
)

REFUSED = Reply(raw=b"Unauthorized", status=401)
LOST = Reply({}, headers={"Content-Length": "99", "Connection": "close"})


def test_a_token_is_asked_for_without_a_body_and_sent_with_the_request_for_the_key():
    with MetadataService(V2) as service:
        service.fetch()

    first, second = service.requests
    assert (first.method, first.path, first.body) == ("PUT", TOKEN_PATH, b"")
    assert first.headers["X-Metadata-Token-Ttl-Seconds"] == "21600"
    assert second.headers["X-Metadata-Token"] == "a-token-of-version-2"
    assert not {"authorization", "x-auth-token"} & {name.lower() for name in [*first.headers, *second.headers]}


@pytest.mark.parametrize("status", [404, 405, 503])
def test_where_there_is_no_version_2_the_key_is_asked_for_without_a_token(status):
    with MetadataService(Reply(raw=b"no", status=status)) as service:
        service.fetch()

    assert service.asked == [("PUT", None), ("GET", None)]


def test_a_token_that_is_refused_is_replaced_once():
    with MetadataService([V2, Reply(raw=b"another-token\n")], [REFUSED, KEY]) as service:
        service.fetch()

    assert service.asked == [
        ("PUT", None),
        ("GET", "a-token-of-version-2"),
        ("PUT", None),
        ("GET", "another-token"),
    ]


def test_a_second_token_that_is_refused_is_not_replaced():
    with (
        MetadataService(V2, REFUSED) as service,
        pytest.raises(DrsCredentialError, match="that it has issued") as caught,
    ):
        service.fetch()

    assert len(service.requests) == 4
    assert caught.value.hint == NO_KEY


def test_a_server_that_demands_a_token_and_was_busy_before_gets_one():
    with MetadataService([Reply(raw=b"busy", status=503), V2], [REFUSED, KEY]) as service:
        service.fetch()

    assert service.asked[-1] == ("GET", "a-token-of-version-2")


def test_a_server_that_demands_a_token_and_issues_none_tells_what_to_set():
    with MetadataService(NO_V2, REFUSED) as service, pytest.raises(DrsCredentialError, match="version 2") as caught:
        service.fetch()

    assert caught.value.hint == NO_TOKENS


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(raw=b"no", status=400), DrsAnswerError),
        (Reply(raw=b"no", status=401), DrsCredentialError),
        (Reply(raw=b"no", status=403), DrsCredentialError),
        (Reply(raw=b"no", status=429), DrsThrottledError),
        (Reply(raw=b"no", status=500), DrsUnavailableError),
        (Reply(status=307, headers={"Location": "http://127.0.0.1:1/"}), DrsAnswerError),
        (Reply(raw=b"t", status=201), DrsAnswerError),
    ],
    ids=lambda value: getattr(value, "status", None),
)
def test_any_other_answer_ends_the_fetch(reply, kind):
    with MetadataService(reply) as service, pytest.raises(kind) as caught:
        service.fetch()

    assert (len(service.requests), caught.value.hint) == (1, NO_SERVER)


@pytest.mark.parametrize("body", [b"", b" \n", b"<html> </html>", b"t\xc3\xb6ken", b"a\x00b", b"{}\r\nX: y"])
def test_what_no_header_can_carry_is_no_token_and_not_shown(body):
    with MetadataService(Reply(raw=body)) as service, pytest.raises(DrsAnswerError, match="no token") as caught:
        service.fetch()

    assert (len(service.requests), caught.value.hint) == (1, NO_KEY)
    assert "html" not in str(caught.value)


def test_a_body_that_is_too_long_is_not_read_to_its_end():
    with MetadataService(Reply(raw=b"t" * 2**20)) as service, pytest.raises(DrsAnswerError, match="longer than 16384"):
        service.fetch()


def test_an_answer_that_does_not_arrive_hints_at_the_hop_limit():
    with MetadataService(LOST) as service, pytest.raises(DrsConnectionLostError) as caught:
        service.fetch()

    assert caught.value.hint == HOP_LIMIT


@pytest.mark.parametrize(
    "failing", [Reply(raw=b"no", status=500), LOST, Reply(status=429, headers={"Retry-After": "0"})]
)
def test_a_fault_that_may_pass_is_asked_again(failing):
    with MetadataService([failing, V2]) as service:
        service.fetch(max_attempts=2)

    assert [method for method, _ in service.asked] == ["PUT", "PUT", "GET"]
