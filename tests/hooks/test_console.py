"""The address of the DRS console: only where a page of the vendor names it, or the Connection does."""

from __future__ import annotations

import json

import pytest

from airflow_provider_drs.api.errors import DrsInputError
from airflow_provider_drs.hooks.drs import DrsHook

INTERNATIONAL = "https://console-intl.huaweicloud.com/drs/?region=ap-southeast-1&locale=en-us"
CHINESE = "https://console.huaweicloud.com/drs/?region=cn-north-4"


@pytest.fixture
def connection(monkeypatch):
    def store(**members):
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps({"conn_type": "drs", "password": "t", **members}))

    return store


@pytest.mark.parametrize(
    ("members", "url"),
    [
        ({"extra": {"region": "ap-southeast-1"}}, INTERNATIONAL),
        ({"host": "https://drs.ap-southeast-1.myhuaweicloud.com"}, INTERNATIONAL),
        ({"extra": {"region": "cn-north-4", "language": "zh-cn"}}, CHINESE),
        # clouds whose console is not known
        ({"extra": {"region": "eu-de"}}, ""),
        ({"extra": {"region": "eu-west-101"}}, ""),
        ({"host": "drs.example.com", "extra": {"region": "ap-southeast-1"}}, ""),
        ({"host": "drs.cn-north-4.myhuaweicloud.com.example.com"}, ""),
        ({"host": "127.0.0.1"}, ""),
        ({"host": "drs.EU-DE.myhuaweicloud.com"}, ""),
        # a secret may stand in the place of a region, and a link is shown to everybody
        ({"extra": {"region": "My Secret/pa$$"}}, ""),
        ({"extra": {"region": ["ap-southeast-1"]}}, ""),
        ({"extra": {"region": "a1b2c3d4"}}, ""),
        (
            {"extra": {"region": "eu-de", "console_url": "https://console.example.com/drs?r=1"}},
            "https://console.example.com/drs?r=1",
        ),
    ],
)
def test_the_console_of_a_connection(connection, members, url):
    connection(**members)

    assert DrsHook().console_url() == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "http://c.example.com",
        "https://u:p@c.example.com/",
        "//c",
        "https://c d",
        "https://c/?token=abcdef",
        "https://c/#access_token=abcdef",
        "https://c/?ak=abcdef&sk=ghijkl",
        "https://c/?auth=abcdef",
        "https://c//u:abcdef@h/",
        "https://c/?next=https%3A%2F%2Fu%3Aabcdef%40h",
    ],
)
def test_an_address_that_is_no_page_is_no_link_and_makes_the_connection_wrong(connection, url):
    connection(extra={"project_id": "p", "region": "cn-north-4", "console_url": url})

    assert DrsHook().console_url() == ""
    with pytest.raises(DrsInputError) as caught:
        DrsHook().get_conn()
    assert ["console_url" in line for line in caught.value.violations] == [True]
    assert url not in str(caught.value)


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("abcdefgh", "abcdefgh"),
        ("abcd efgh", "abcd%20efgh"),
        ("abcd%20efgh", "abcd%20efgh"),
        ("abcd efgh", "?q=abcd+efgh"),
        ("abcd+ef gh", "abcd+ef%20gh"),
    ],
)
@pytest.mark.parametrize("member", ["password", "security_token"])
def test_an_address_with_what_the_connection_hides_is_no_link(connection, member, hidden, shown):
    extra = {"project_id": "p", "console_url": f"https://c.example.com/{shown}/"}
    if member == "password":
        connection(extra=extra, password=hidden)
    else:
        connection(extra=extra | {member: hidden})

    assert DrsHook().console_url() == ""


def test_the_page_within_a_console_may_be_named(connection):
    url = "https://console.example.com/drs/?region=eu-de&locale=en-us#/drs/management/list"
    connection(extra={"project_id": "p", "console_url": url})

    assert DrsHook().console_url() == url


def test_a_connection_that_cannot_be_read_has_no_console(monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_DRS_DEFAULT", raising=False)

    assert DrsHook("absent").console_url() == ""
    assert DrsHook("not an id!").console_url() == ""
