"""Values that people type are read, or refused without repeating them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_drs.api.model.values import (
    Address,
    UnreadableError,
    addresses,
    is_blank,
    number,
    plain,
    port,
    text,
    truth,
)

PORTS = st.integers(1, 65535)
NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]{2,5}){0,3}", fullmatch=True)
HOSTS = NAMES | st.ip_addresses().map(str)


@pytest.mark.parametrize("value", [True, 1, 1.0, "true", "TRUE", " True ", "yes", "on", "On", "1", "t", "Y"])
def test_every_spelling_of_true_is_read(value):
    assert truth(value) is True


@pytest.mark.parametrize("value", [False, 0, 0.0, "false", "FALSE", " false ", "no", "off", "OFF", "0", "f", "N"])
def test_every_spelling_of_false_is_read(value):
    assert truth(value) is False


@pytest.mark.parametrize("value", [None, "", "maybe", 2, -1, 0.5, float("nan"), [], {}, [True], b"true"])
def test_anything_but_a_truth_value_is_refused(value):
    with pytest.raises(UnreadableError):
        truth(value)


@pytest.mark.parametrize(("value", "expected"), [(5, 5), (5.0, 5), ("5", 5), (" 7.5 ", 7.5), ("-1", -1), (0.1, 0.1)])
def test_a_number_may_be_text(value, expected):
    assert number(value) == expected
    assert type(number(value)) is type(expected)


@pytest.mark.parametrize("value", [True, None, "", "five", "1e3", "0x10", "1_000", "٣", "nan", [5]])
def test_anything_but_a_number_is_refused(value):
    with pytest.raises(UnreadableError):
        number(value)


@pytest.mark.parametrize("value", [0, -1, 65536, "0", "70000", 1.5, True, None, "ssh", float("inf"), "9" * 400])
def test_a_port_is_a_whole_number_from_1_to_65535(value):
    assert port("5432") == port(5432.0) == 5432
    with pytest.raises(UnreadableError, match="must be a port from 1 to 65535"):
        port(value)


@given(hosts=st.lists(st.tuples(HOSTS, PORTS), min_size=1, max_size=4))
def test_hosts_with_ports_survive_writing_and_reading(hosts):
    expected = [Address(host, number) for host, number in hosts]

    assert addresses(", ".join(map(str, expected))) == expected


@given(host=HOSTS)
def test_a_host_alone_has_no_port_not_even_an_ipv6_address(host):
    assert addresses(host) == [Address(host)]


@given(address=st.ip_addresses(v=6), number=PORTS)
def test_ipv6_with_a_port_stands_in_brackets(address, number):
    assert str(Address(str(address), number)) == f"[{address}]:{number}"
    assert addresses(f"[{address}]") == [Address(str(address))]


@pytest.mark.parametrize("scheme", ["tcps", "SASL_SSL", "mongodb+srv", "https"])
def test_the_scheme_of_a_host_is_read_in_lower_case(scheme):
    assert addresses(f"{scheme}://h:1") == [Address("h", 1, scheme.lower())]
    assert addresses(f"{scheme}://[::1]:1/") == [Address("::1", 1, scheme.lower())]


@pytest.mark.parametrize(
    "value",
    [
        None, 5, ["h"], "", " ", ",", "h h", "u:p@h", "h/path", "h:1/service", "h?x=1", "h#x", "h:", "h:x", "h:0",
        "h:65536", "h:1:2", "[h]:1", "[::1", "::1]", "[::1]x", "2001:db8::zz", "://h", "x://", "a..b", ".", "h\x00",
        "h\nx", "h\\x", "h;x", "h'x", "a" * 64, "ab." * 90 + "a", "/var/run/postgresql",
        "(DESCRIPTION=(ADDRESS=(PROTOCOL=TCPS)(HOST=h)))",
    ],
)  # fmt: skip
def test_anything_but_a_host_is_refused(value):
    with pytest.raises(UnreadableError):
        addresses(value)


@given(value=st.text() | st.binary() | st.none() | st.integers() | st.lists(st.text()))
def test_any_value_is_read_or_refused_without_repeating_it(value):
    for read in (addresses, truth, number, port, text):
        try:
            read(value)
        except UnreadableError as error:
            assert len(str(value)) < 10 or str(value) not in str(error)


def test_names_are_compared_without_case_and_punctuation():
    assert plain("ssl-mode") == plain("sslMode") == plain("SSL_MODE") == plain("ssl.mode") == "sslmode"
    assert is_blank(None)
    assert is_blank(" \n")
    assert not is_blank(0)
    assert not is_blank({})
