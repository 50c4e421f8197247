"""Next hops are read as smtp(8) reads them."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.mail.nexthop import NextHop, a_label, is_hostname, parse, sites


@pytest.mark.parametrize(
    ("text", "host", "port", "literal"),
    [
        ("example.org", "example.org", None, False),
        ("example.org:587", "example.org", "587", False),
        ("example.org:65535", "example.org", "65535", False),
        ("example.org:submission", "example.org", "submission", False),
        ("example.org:", "example.org", None, False),
        ("[mail.example.org]", "mail.example.org", None, True),
        ("[mail.example.org]:587", "mail.example.org", "587", True),
        ("[mail.example.org]:", "mail.example.org", None, True),
        ("[192.0.2.1]:25", "192.0.2.1", "25", True),
        ("192.0.2.1", "192.0.2.1", None, False),
        ("[2001:db8::1]", "2001:db8::1", None, True),
        ("[2001:db8::1]:25", "2001:db8::1", "25", True),
        ("[ipv6:2001:db8::1]:25", "2001:db8::1", "25", True),
        ("[IPv6:2001:db8::1]", "2001:db8::1", None, True),
        ("bücher.example", "xn--bcher-kva.example", None, False),
        ("[bücher.example]:26", "xn--bcher-kva.example", "26", True),
        ("_tcp.example", "_tcp.example", None, False),
    ],
)
def test_forms(text: str, host: str, port: str | None, literal: bool) -> None:
    assert parse(text) == NextHop(host, port, literal)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "[host",
        "[host]x",
        "[]",
        "[]:25",
        ":25",
        "2001:db8::1",
        "[ipv6:192.0.2.1]",
        "a..b",
        "a.example.",
        "-a.example",
        "a b",
        "a@b",
        "mx:0",
        "[mx]:65536",
        f"mx:{'9' * 5000}",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


@given(
    st.sampled_from(["a.example", "192.0.2.1", "xn--bcher-kva.example"]),
    st.sampled_from([None, "25", "smtp"]),
    st.booleans(),
)
def test_written_and_read_back(host: str, port: str | None, literal: bool) -> None:
    hop = NextHop(host, port, literal)
    assert parse(str(hop)) == hop


def test_list() -> None:
    assert sites("[a.example]:587, b.example\tc.example,") == ("[a.example]:587", "b.example", "c.example")
    assert sites("") == ()


@pytest.mark.parametrize(
    ("name", "ascii_name"),
    [
        ("faß.example", "xn--fa-hia.example"),  # not fass: Postfix is non-transitional
        ("Bücher.Example", "xn--bcher-kva.Example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("βόλος.com", "xn--nxasmm1c.com"),
        ("ascii.example", "ascii.example"),
    ],
)
def test_a_labels(name: str, ascii_name: str) -> None:
    assert a_label(name) == ascii_name


@pytest.mark.parametrize("name", ["ü" * 64 + ".example", "a\u2028b.example"])
def test_no_a_label(name: str) -> None:
    with pytest.raises(ValueError):
        a_label(name)


@given(st.text(max_size=40))
def test_nothing_but_value_error(text: str) -> None:
    try:
        hop = parse(text)
    except ValueError:
        return
    assert hop.host.isascii()
    assert is_hostname(hop.host) or ipaddress.ip_address(hop.host)


def test_what_is_a_host_name_by_length() -> None:
    labels = ".".join(["a" * 63] * 4)
    assert is_hostname(labels)  # 255
    assert not is_hostname(labels + "a")
    assert not is_hostname("a" * 64)
    assert is_hostname("a" * 63)
    assert not is_hostname("")


def test_a_label_may_have_63_letters_once_encoded() -> None:
    fits = "ü" + "a" * 55
    assert len(a_label(fits)) == 63
    assert len(a_label(f"{fits}.example")) == 71
    with pytest.raises(ValueError, match="not a domain name"):
        a_label(fits + "a")
