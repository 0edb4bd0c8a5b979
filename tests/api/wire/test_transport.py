"""An invalid endpoint is refused at once, and a closed transport leaves no connection open."""

from __future__ import annotations

import os
import socket
from collections import deque
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest
from hostile import Peer
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_provider_drs.api.auth import AkSkAuth, TokenAuth
from airflow_provider_drs.api.errors import DrsError, DrsInputError
from airflow_provider_drs.api.operations.job_status import JOB_STATUS
from airflow_provider_drs.api.wire.transport import Transport

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{"results":[],"count": 0}'
NO_URLS = [
    "https://a..b", "https://.a", "https://*.a", "https://\u2024", "https://exa mple", "https://host\n",
    "https://a\0b", "https://a\x01b", "https://a\ud800", "https://host:99999", "https://host:-1", "https://host:x",
    "https://[::1", "https://[::1]x", "https://[v1.a]", "https://a%20b", f"https://{'a' * 64}.org",
    "https://host?a=b", "https://host/?", "https://host#a", "https://", "https:///a", "host", "", "://", "ftp://host",
    "httpx://host", "https:host",
]  # fmt: skip


@pytest.mark.parametrize("endpoint", NO_URLS, ids=ascii)
def test_an_invalid_url_is_refused_under_the_name_of_its_field(endpoint):
    with pytest.raises(DrsInputError, match="iam_endpoint: must be a URL"):
        Transport(endpoint, name="iam_endpoint")


def test_the_error_of_an_invalid_url_does_not_show_its_credential():
    with pytest.raises(DrsInputError) as caught:
        Transport("https://me:s3cr3t@[::1")

    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "normalized"),
    [
        ("HTTPS://Drs.Example.org/", "https://drs.example.org"),
        ("https://b\u00fccher.example", "https://xn--bcher-kva.example"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://gate_way/drs/", "https://gate_way/drs"),
        ("https://192.0.2.1", "https://192.0.2.1"),
    ],
)
def test_a_url_is_sent_as_requests_spells_it(endpoint, normalized):
    assert Transport(endpoint).endpoint == normalized


PIECES = st.lists(
    st.sampled_from([
        "a", "b.", "..", "-", "_", "%", "%41", "%00", ":", ":80", ":99999", "@", "[", "]", "::1", "/", "\\", "?", "#",
        "xn--", "xn--a", "\u2024", "\u00df", "\u3002", "\u200d", "\ud800", " ", "\t", "\n", "\0", "\x7f", "é", "127.1",
        "localhost", "a" * 64, "a." * 130,
    ])
    | st.characters(),
    max_size=6,
).map("".join)  # fmt: skip


def hangs_up(connection: socket.socket, number: int) -> None:
    connection.recv(2**16)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")


def test_any_endpoint_is_refused_at_once_or_its_call_fails_with_a_drs_error():
    @settings(max_examples=300)
    @given(endpoint=st.builds("{}{}".format, st.sampled_from(["https://", "http://", "HTTPS:/", ""]), PIECES))
    @example("https://a.")
    @example("https://[fe80::1%25lo]")
    @example("http://localhost:1/%zz")
    @example("http://[::1]:1")
    def check(endpoint: str) -> None:
        for auth in (TokenAuth("t"), AkSkAuth("a-key", "a-secret")):
            try:
                transport = Transport(endpoint, connect_timeout=2, read_timeout=2)
            except DrsInputError:
                return
            with pytest.raises(DrsError):
                transport.exchange(JOB_STATUS, "/v3/p/jobs", b"{}", auth=auth)

    # the proxy resolves the names, so the test sends nothing to a name server
    with Peer(hangs_up) as proxy, patch.dict(os.environ, {"HTTPS_PROXY": proxy.url, "https_proxy": proxy.url}):
        os.environ.pop("NO_PROXY", None)
        os.environ.pop("no_proxy", None)
        check()


def test_a_connection_that_is_returned_during_the_close_is_closed():
    ended = Event()

    def answers_and_waits_for_the_end(connection: socket.socket, number: int) -> None:
        peer.read(connection)
        connection.sendall(ANSWER)
        if connection.recv(1) == b"":
            ended.set()

    class ClosedMeanwhile(deque[Any]):
        def append(self, connection: Any) -> None:
            # another thread may call close just before the append
            transport.close()
            super().append(connection)

    with Peer(answers_and_waits_for_the_end) as peer:
        transport = Transport(peer.url)
        transport._idle = ClosedMeanwhile()
        transport.exchange(JOB_STATUS, "/", b"{}", auth=TokenAuth("t"))

        assert ended.wait(5)
