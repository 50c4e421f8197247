"""The sentences, one by one where test_lookup.py does not have them."""

from __future__ import annotations

import pytest

from mxtop.dns import notes
from mxtop.dns.wire import Record, Reply
from mxtop.mail.answer import Address, LookupStatus, MxHost


def host(*addresses: str) -> MxHost:
    found = tuple(Address(each, "ipv6" if ":" in each else "ipv4", 60) for each in addresses)
    return MxHost(preference=10, host="mx.example", addresses=found)


@pytest.mark.parametrize(
    ("name", "family"),
    [("192.0.2.1", "ipv4"), ("2001:db8::1", "ipv6"), ("192.0.2", None), ("mx.example", None)],
)
def test_literal_family(name: str, family: str | None) -> None:
    assert notes.literal_family(name) == family


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "0.0.0.0", "::"])
def test_addresses_of_the_sender_itself(address: str) -> None:
    assert list(notes.of_host(host(address), {}, True)) == [
        f"{address} of mx.example is the sending host itself"
    ]


@pytest.mark.parametrize("address", ["192.168.1.1", "172.31.0.1", "169.254.0.1", "fe80::1", "fd12::1"])
def test_addresses_of_a_site(address: str) -> None:
    assert list(notes.of_host(host(address), {}, True)) == [
        f"{address} of mx.example is not reachable from the internet"
    ]


@pytest.mark.parametrize("address", ["192.0.2.1", "172.32.0.1", "2001:db8::1", "2a00::1"])
def test_ordinary_addresses_are_not_spoken_of(address: str) -> None:
    assert list(notes.of_host(host(address), {}, True)) == []


@pytest.mark.parametrize(
    ("a", "aaaa", "told"),
    [
        ("ok", "timeout", "Postfix uses the A records of mx.example alone and does not log that AAAA failed"),
        (
            "servfail",
            "ok",
            "Postfix uses the AAAA records of mx.example alone and does not log that A failed",
        ),
        ("ok", "nodata", None),
        ("timeout", "timeout", None),
    ],
)
def test_a_family_that_fails_in_silence(a: LookupStatus, aaaa: LookupStatus, told: str | None) -> None:
    said = list(notes.of_host(host(), {"A": Reply(a), "AAAA": Reply(aaaa)}, True))
    assert [text for text in said if text.startswith("Postfix uses")] == ([told] if told else [])


def test_a_failure_is_told_with_its_reason() -> None:
    reply = Reply("timeout", detail="127.0.0.1: Connection refused")
    assert list(notes.of_set(("d.example", "MX"), reply, False)) == [
        "MX of d.example: timeout (127.0.0.1: Connection refused)"
    ]


def test_srv_records_with_two_ports_are_not_duplicates() -> None:
    reply = Reply("ok", (Record("m.example", 0, 1, 25), Record("m.example", 0, 1, 587)))
    assert list(notes.of_set(("_smtp._tcp.d.example", "SRV"), reply, False)) == []


def test_what_holds_for_mx_names_is_not_said_of_the_domain_itself() -> None:
    alias = MxHost(preference=0, host="192.0.2.1", cname="x.example")
    assert list(notes.of_host(alias, {}, False)) == []
    assert len(list(notes.of_host(alias, {}, True))) == 2
