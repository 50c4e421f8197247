"""resolv.conf as glibc takes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.dns.resolvconf import Endpoint, ResolvConf, parse


def addresses(text: str) -> list[str]:
    return [each.address for each in parse(text).nameservers]


@pytest.mark.parametrize("text", [None, "", "# nameserver 192.0.2.1\nsearch example.org\n", "nameserver\n"])
def test_without_nameserver_it_is_this_host(text: str | None) -> None:
    assert parse(text) == ResolvConf((Endpoint("127.0.0.1", 53),))


def test_nameservers_in_order_at_most_three() -> None:
    text = "nameserver 192.0.2.1\nnameserver\t2001:db8::1 \nnameserver 192.0.2.3\nnameserver 192.0.2.4\n"
    assert addresses(text) == ["192.0.2.1", "2001:db8::1", "192.0.2.3"]


def test_a_zone_id_is_kept() -> None:
    assert addresses("nameserver fe80::1%eth0\n") == ["fe80::1%eth0"]


@pytest.mark.parametrize(
    "line",
    ["nameserver ns.example.org", "nameserver 192.0.2.300", " nameserver 192.0.2.1", "nameservers ::1"],
)
def test_lines_that_glibc_passes_over(line: str) -> None:
    assert addresses(f"{line}\nnameserver 192.0.2.9\n") == ["192.0.2.9"]


def test_options() -> None:
    conf = parse("options timeout:1 attempts:3 ndots:2\noptions use-vc rotate\nnameserver ::1\n")
    assert conf == ResolvConf((Endpoint("::1"),), timeout=1, attempts=3, use_tcp=True)


def test_options_have_glibcs_bounds() -> None:
    assert (parse("options timeout:99 attempts:99").timeout, parse("options attempts:99").attempts) == (30, 5)
    assert (parse("options timeout:0").timeout, parse("options attempts:0").attempts) == (1, 1)
    assert parse("options timeout:x attempts:").timeout == 5


def test_an_endpoint_names_a_port_that_is_not_53() -> None:
    assert str(Endpoint("::1")) == "::1"
    assert str(Endpoint("127.0.0.1", 5353)) == "127.0.0.1#5353"


@given(st.text())
def test_any_text_gives_somebody_to_ask(text: str) -> None:
    assert 1 <= len(parse(text).nameservers) <= 3
