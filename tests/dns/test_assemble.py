"""Questions and their assembly without a network; whole answers are in test_lookup.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from mxtop.dns.assemble import Question, address_queries, assemble, falls_back, question, targets
from mxtop.dns.cache import Entry
from mxtop.dns.wire import RdType, Record, Reply
from mxtop.mail import nexthop
from mxtop.mail.answer import LookupStatus, Viewpoint
from mxtop.mail.settings import Transport

SMTP = Transport()
VIEW = Viewpoint("mail1", "127.0.0.1")


def entry(reply: Reply, fetched: float = 5.0) -> Entry:
    return Entry(reply, fetched, 99.0)


MX = entry(Reply("ok", (Record("b.example", 20), Record("A.example", 10), Record("192.0.2.1", 30)), ttl=60))


@pytest.mark.parametrize(
    ("hop", "transport", "first"),
    [
        ("a.example", SMTP, ("a.example", "MX")),
        ("a.example:587", SMTP, ("a.example", "MX")),
        ("[a.example]", SMTP, None),
        ("192.0.2.1", SMTP, None),
        ("a.example", replace(SMTP, command="lmtp"), None),
        ("a.example", replace(SMTP, smtp_dns_support_level="disabled"), None),
        ("a.example", replace(SMTP, use_srv_lookup=("smtp",)), ("_smtp._tcp.a.example", "SRV")),
        ("a.example:587", replace(SMTP, use_srv_lookup=("submission",)), ("a.example", "MX")),
        ("[a.example]", replace(SMTP, use_srv_lookup=("smtp",)), None),
    ],
)
def test_first_query(hop: str, transport: Transport, first: tuple[str, str] | None) -> None:
    assert question(nexthop.parse(hop), transport, "3.8.0").first == first


def test_address_queries_are_for_names_only_and_a_comes_first() -> None:
    asked = question(nexthop.parse("d.example"), SMTP, "")
    assert list(address_queries(asked, MX)) == [
        ("b.example", "A"),
        ("b.example", "AAAA"),
        ("a.example", "A"),
        ("a.example", "AAAA"),
    ]


@pytest.mark.parametrize(("version", "null"), [("", True), ("3.0.0", True), ("2.11.11", False)])
def test_null_mx_by_version(version: str, null: bool) -> None:
    asked = question(nexthop.parse("d.example"), SMTP, version)
    found = assemble(asked, entry(Reply("ok", (Record(".", 0),))), lambda *_: None, VIEW)
    assert found.null_mx is null


@pytest.mark.parametrize(
    ("status", "allow", "ignore", "back"),
    [
        ("nxdomain", True, False, True),
        ("nodata", True, False, True),
        ("nodata", False, True, False),
        ("servfail", False, True, True),
        ("servfail", False, False, False),
        ("timeout", True, False, True),
    ],
)
def test_srv_fallback(status: LookupStatus, allow: bool, ignore: bool, back: bool) -> None:
    assert falls_back(srv(allow, ignore), entry(Reply(status)), lambda *_: None) is back


def srv(allow: bool, ignore: bool = False, own: Iterable[str] = (), hop: str = "d.example") -> Question:
    transport = replace(
        SMTP, use_srv_lookup=("smtp", "587"), allow_srv_lookup_fallback=allow, ignore_srv_lookup_error=ignore
    )
    return question(nexthop.parse(hop), transport, "3.8.0", frozenset(own))


def test_srv_without_any_address_falls_back_once_that_is_known() -> None:
    """smtp_service_addr(): no address is as good as no record, and one in either family is enough."""
    found = entry(Reply("ok", (Record("a.example", 0, 5, 25),)))
    none, some = entry(Reply("nodata")), entry(Reply("ok", (Record("2001:db8::1"),)))
    assert falls_back(srv(allow=True), found, lambda *_: none)
    assert not falls_back(srv(allow=False, ignore=True), found, lambda *_: none)
    assert not falls_back(srv(allow=True), found, lambda _, rdtype: some if rdtype == "AAAA" else none)
    assert not falls_back(srv(allow=True), found, lambda _, rdtype: none if rdtype == "A" else None)


def test_srv_that_leads_back_here_falls_back() -> None:
    """smtp_truncate_self() leaves nothing: as if no target had an address."""
    entries = entry(Reply("ok", (Record("b.example", 20, 5, 25), Record("a.example", 10, 5, 25))))
    addresses = {"a.example": "192.0.2.1", "b.example": "192.0.2.2"}

    def known(name: str, rdtype: RdType) -> Entry:
        return entry(Reply("ok", (Record(addresses[name]),)) if rdtype == "A" else Reply("nodata"))

    assert falls_back(srv(allow=True, own=["192.0.2.1"]), entries, known)
    assert not falls_back(srv(allow=True, own=["192.0.2.2"]), entries, known), "a.example is better"
    assert not falls_back(srv(allow=False, own=["192.0.2.1"]), entries, known)
    other_port = srv(allow=True, own=["192.0.2.1"], hop="d.example:587")
    assert not falls_back(other_port, entries, known), "smtp(8) looks for itself on port 25 only"


def test_lmtp_asks_for_srv_and_never_for_mx() -> None:
    lmtp = replace(SMTP, command="lmtp", smtp_tcp_port="24", use_srv_lookup=("lmtp",))
    asked = question(nexthop.parse("d.example:lmtp"), lmtp, "3.8.0")
    assert asked.first == ("_lmtp._tcp.d.example", "SRV")
    assert (asked.without_srv().mode, asked.without_srv().first) == ("host", None)
    assert question(nexthop.parse("d.example"), lmtp, "3.8.0").mode == "host"


def test_a_null_srv_and_a_target_that_is_an_address() -> None:
    assert falls_back(srv(allow=True), entry(Reply("ok", (Record("."),))), lambda *_: None)
    assert not falls_back(srv(allow=True), entry(Reply("ok", (Record("192.0.2.1"),))), lambda *_: None)


def test_no_srv_is_no_implicit_host() -> None:
    asked = question(nexthop.parse("d.example"), replace(SMTP, use_srv_lookup=("smtp",)), "3.8.0")
    assert targets(asked, entry(Reply("nxdomain"))) == ()


def test_parts_not_asked_yet_are_none_and_the_oldest_part_counts() -> None:
    known: dict[tuple[str, RdType], Entry] = {
        ("b.example", "A"): entry(Reply("ok", (Record("192.0.2.2"),), ttl=7), fetched=3.0),
        ("b.example", "AAAA"): entry(Reply("nodata"), fetched=4.0),
    }
    asked = question(nexthop.parse("d.example"), SMTP, "")
    found = assemble(asked, MX, lambda name, rdtype: known.get((name, rdtype)), VIEW)
    assert [(host.host, host.ipv4, host.ipv6) for host in found.hosts] == [
        ("b.example", "ok", "nodata"),
        ("A.example", None, None),
        ("192.0.2.1", None, None),
    ]
    assert (found.ttl, found.fetched, found.viewpoint) == (60, 3.0, VIEW)
