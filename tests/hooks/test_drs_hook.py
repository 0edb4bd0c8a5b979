"""The hook makes a client from an Airflow Connection."""

from __future__ import annotations

import asyncio
import json

import pytest
from samples import job_id
from wire import Service

from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.hooks.drs import DrsHook


@pytest.fixture
def connection(monkeypatch):
    """Set the Connection ``drs_default``, as JSON or as a URI."""

    def store(uri=None, **members):
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", uri or json.dumps({"conn_type": "drs", **members}))

    return store


def violations():
    with pytest.raises(DrsInputError) as caught:
        DrsHook().get_conn()
    return caught.value.violations


@pytest.mark.parametrize(
    ("members", "endpoint"),
    [
        ({"host": "drs.example.org"}, "https://drs.example.org"),
        ({"host": "drs.example.org", "port": 8443}, "https://drs.example.org:8443"),
        ({"host": "https://drs.example.org/"}, "https://drs.example.org"),
        ({"host": "http://127.0.0.1:8765"}, "http://127.0.0.1:8765"),
        ({"host": "127.0.0.1", "port": 8765, "schema": "http"}, "http://127.0.0.1:8765"),
        ({"extra": {"project_id": "p", "region": "cn-north-4"}}, "https://drs.cn-north-4.myhuaweicloud.com"),
    ],
)
def test_the_endpoint_is_the_host_or_without_a_host_that_of_the_region(connection, members, endpoint):
    connection(password="t", **{"extra": {"project_id": "p"}, **members})

    assert DrsHook().get_conn().endpoint == endpoint


def test_token_project_and_language_reach_the_wire_and_the_task_overrides_the_latter_two(connection):
    with Service() as service:
        connection(host=service.url, password="a-token", extra={"project_id": "of-the-connection"})
        DrsHook().get_conn().job_statuses([job_id(1)])
        DrsHook(project_id="of-the-task", language="zh-cn").get_conn().job_statuses([job_id(1)])

    first, second = service.requests
    assert first.headers["X-Auth-Token"] == second.headers["X-Auth-Token"] == "a-token"
    assert (first.path, first.headers["X-Language"]) == ("/v3/of-the-connection/jobs/batch-status", "en-us")
    assert (second.path, second.headers["X-Language"]) == ("/v3/of-the-task/jobs/batch-status", "zh-cn")


def test_a_connection_may_be_a_uri(connection):
    connection("drs://:a%2Ftoken@drs.example.org/?project_id=p&read_timeout=7.5&language=zh-cn")

    assert DrsHook().get_conn().endpoint == "https://drs.example.org"


def test_one_error_names_every_violation_of_a_connection_and_no_value(connection):
    connection(
        extra={"language": "s3cr3t-c4nary", "connect_timeout": "soon", "verify": False, "project_id": "s3cr3t c4nary"}
    )

    lines = violations()

    assert [line.split(": ")[1] for line in lines] == [
        "extra.project_id",
        "extra.language",
        "extra.verify",
        "extra.connect_timeout",
        "password",
    ]
    assert "c4nary" not in str(lines)


def test_one_error_names_a_missing_endpoint_and_a_missing_project(connection):
    connection(password="t")

    assert [line.split(": ")[1] for line in violations()] == ["host", "extra.project_id"]


def test_an_empty_field_of_the_form_counts_as_missing(connection):
    connection(host="drs.example.org", password="t", extra={"project_id": "p", "language": "", "read_timeout": None})

    assert DrsHook().get_conn().endpoint == "https://drs.example.org"


def test_an_unknown_extra_is_a_warning(connection, console):
    connection(host="drs.example.org", password="t", extra={"project_id": "p", "colour": "s3cr3t-c4nary"})

    DrsHook().get_conn()

    log = console()
    assert "colour" in log
    assert "s3cr3t-c4nary" not in log


def test_plain_http_to_another_machine_is_refused(connection):
    connection(host="http://drs.example.org", password="t", extra={"project_id": "p"})

    assert "plain http would show" in violations()[0]


def test_get_async_conn_returns_a_client_inside_an_event_loop(connection):
    connection(host="drs.example.org", password="t", extra={"project_id": "p"})

    assert asyncio.run(DrsHook().get_async_conn()).endpoint == "https://drs.example.org"
