"""Next hops against a real server: every edge case that the DNS can hold."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from tests.dns.nsd import conf_for, nsd

from mxtop.dns.cache import Cache
from mxtop.dns.lookup import Lookup
from mxtop.dns.resolver import Resolver
from mxtop.mail import nexthop
from mxtop.mail.answer import Address, Answer, MxHost
from mxtop.mail.settings import Transport

SMTP = Transport()

ZONE = r"""
dual MX 10 mx.dual
mx.dual A 192.0.2.1
mx.dual AAAA 2001:db8::1
two MX 20 mx2.two
two MX 10 mx1.two
mx1.two 5 A 192.0.2.11
mx2.two A 192.0.2.12
mx2.two AAAA 2001:db8::12
v6 MX 10 mx.v6
mx.v6 AAAA 2001:db8::6
nomx A 192.0.2.20
nothing TXT "no mail here"
null MX 0 .
nullpref MX 10 .
nullmore MX 0 .
nullmore MX 10 mx.dual
typo MX 0 0
numeric MX 10 192.0.2.30.
alias MX 10 mx.alias
mx.alias CNAME mx2.alias
mx2.alias CNAME mx.dual
dangling MX 10 gone.dangling
dangling MX 20 mx.dual
local MX 10 localhost.
double MX 10 mx.dual
double MX 20 MX.dual
office MX 10 ms123.msv1.invalid.
mapped MX 10 mx.mapped
mapped AAAA 2001:db8::99
mx.mapped AAAA ::ffff:192.0.2.40
private MX 10 mx.private
mx.private A 10.0.0.1
mx.private AAAA fd00::1
loop MX 10 a.loop
a.loop CNAME b.loop
b.loop CNAME a.loop
odd MX 10 \027[31m\000x.odd
odd MX 20 mx.dual
xn--bcher-kva MX 10 mx.dual
_submission._tcp.srv SRV 0 5 587 mx.dual
_submission._tcp.srv SRV 0 1 465 mx2.two
_submission._tcp.nosrv SRV 0 0 0 .
nosrv A 192.0.2.50
_submission._tcp.deadsrv SRV 0 0 587 gone.deadsrv
deadsrv A 192.0.2.51
_smtp._tcp.mysrv SRV 0 0 25 here
here A 192.0.2.52
mysrv A 192.0.2.53
aliased CNAME dual
"""
ZONE += "many MX 10 mx.many\n" + "".join(
    f"mx.many A 192.0.2.{n}\nmx.many AAAA 2001:db8:1::{n:x}\n" for n in range(1, 101)
)
ZONE += "".join(f"hosts MX 10 h{n}.hosts\nh{n}.hosts A 192.0.2.{n}\n" for n in range(1, 121))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with nsd(ZONE) as port:
        yield port


@pytest.fixture
async def lookup(port: int) -> AsyncIterator[Lookup]:
    async with Resolver(conf_for(port), host="mail1") as resolver:
        yield Lookup(resolver, Cache())


async def ask(lookup: Lookup, hop: str, transport: Transport = SMTP, version: str = "3.7.11") -> Answer:
    return await lookup.answer(nexthop.parse(hop), transport, version, now=True)


def addresses(answer: Answer) -> list[str]:
    return [address.address for host in answer.hosts for address in host.addresses]


async def test_one_host_with_both_families(lookup: Lookup) -> None:
    found = await ask(lookup, "dual.example")
    assert found == Answer(
        name="dual.example",
        mode="mx",
        mx_status="ok",
        hosts=(
            MxHost(
                preference=10,
                host="mx.dual.example",
                ipv4="ok",
                ipv6="ok",
                addresses=(Address("192.0.2.1", "ipv4", 300), Address("2001:db8::1", "ipv6", 300)),
            ),
        ),
        ttl=300,
        fetched=found.fetched,
        viewpoint=found.viewpoint,
    )
    assert abs(found.fetched - time.time()) < 5
    assert found.viewpoint is not None and found.viewpoint.host == "mail1"


async def test_hosts_stay_in_dns_order_with_their_own_ttls(lookup: Lookup) -> None:
    found = await ask(lookup, "two.example")
    assert [(host.preference, host.host) for host in found.hosts] == [
        (20, "mx2.two.example"),
        (10, "mx1.two.example"),
    ]
    assert found.hosts[1].addresses == (Address("192.0.2.11", "ipv4", 5),)
    assert (found.hosts[1].ipv4, found.hosts[1].ipv6) == ("ok", "nodata")


async def test_a_family_that_is_not_enabled_is_not_asked(lookup: Lookup) -> None:
    found = await ask(lookup, "v6.example", replace(SMTP, inet_protocols=("ipv4",)))
    assert (found.hosts[0].ipv4, found.hosts[0].ipv6) == ("nodata", None)
    assert addresses(found) == []
    found = await ask(lookup, "dual.example", replace(SMTP, inet_protocols=("ipv6", "ipv4")))
    assert addresses(found) == ["192.0.2.1", "2001:db8::1"], "A first, whatever the setting's order"


@pytest.mark.parametrize(
    ("domain", "status", "ipv4"),
    [
        ("nomx.example", "nodata", "ok"),
        ("nothing.example", "nodata", "nodata"),
        ("absent.example", "nxdomain", "nxdomain"),
    ],
)
async def test_implicit_mx(lookup: Lookup, domain: str, status: str, ipv4: str) -> None:
    found = await ask(lookup, domain)
    assert (found.mode, found.mx_status, found.ttl) == ("mx", status, None)
    assert [(host.preference, host.host, host.ipv4) for host in found.hosts] == [(0, domain, ipv4)]
    assert addresses(found) == (["192.0.2.20"] if ipv4 == "ok" else [])


async def test_null_mx(lookup: Lookup) -> None:
    found = await ask(lookup, "null.example")
    assert (found.null_mx, found.mx_status, found.warnings) == (True, "ok", ())
    assert [(host.preference, host.host, host.ipv4) for host in found.hosts] == [(0, ".", None)]


async def test_null_mx_that_is_not_as_it_should_be(lookup: Lookup) -> None:
    found = await ask(lookup, "nullpref.example")
    assert found.null_mx
    assert found.warnings == (
        "the null MX of nullpref.example has a preference other than 0 (RFC 7505 section 3)",
    )
    found = await ask(lookup, "nullmore.example")
    assert found.null_mx and addresses(found) == []
    assert found.warnings == (
        "nullmore.example has a null MX beside other MX hosts: Postfix bounces all mail",
    )


async def test_null_mx_before_postfix_3(lookup: Lookup) -> None:
    found = await ask(lookup, "null.example", version="2.11.11")
    assert not found.null_mx
    assert found.warnings == ("null.example has a null MX, which Postfix knows from version 3.0 on",)
    found = await ask(lookup, "nullmore.example", version="2.11.11")
    assert addresses(found) == ["192.0.2.1", "2001:db8::1"]
    assert (await ask(lookup, "null.example", version="3.0.0")).null_mx


async def test_null_mx_typo_is_a_relative_name(lookup: Lookup) -> None:
    found = await ask(lookup, "typo.example")
    assert not found.null_mx
    assert [(host.host, host.ipv4) for host in found.hosts] == [("0.example", "nxdomain")]


async def test_numeric_mx_is_taken_where_its_family_is_enabled(lookup: Lookup) -> None:
    found = await ask(lookup, "numeric.example")
    assert found.hosts[0].addresses == (Address("192.0.2.30", "ipv4", None),)
    assert (found.hosts[0].ipv4, found.hosts[0].ipv6) == (None, None)
    assert "is an address, not a name" in found.warnings[0]
    found = await ask(lookup, "numeric.example", replace(SMTP, inet_protocols=("ipv6",)))
    assert addresses(found) == []


async def test_alias_mx(lookup: Lookup) -> None:
    found = await ask(lookup, "alias.example")
    (host,) = found.hosts
    assert (host.host, host.cname) == ("mx.alias.example", "mx.dual.example")
    assert addresses(found) == ["192.0.2.1", "2001:db8::1"]
    assert "is an alias of mx.dual.example" in found.warnings[0]


async def test_the_domain_itself_may_be_an_alias(lookup: Lookup) -> None:
    found = await ask(lookup, "aliased.example")
    assert addresses(found) == ["192.0.2.1", "2001:db8::1"]
    assert found.warnings == ("aliased.example is an alias of dual.example",)


async def test_alias_loop(lookup: Lookup) -> None:
    found = await ask(lookup, "loop.example")
    assert [(host.ipv4, host.ipv6) for host in found.hosts] == [("nodata", "nodata")]
    assert "A of a.loop.example: alias loop" in found.warnings


async def test_dangling_mx(lookup: Lookup) -> None:
    found = await ask(lookup, "dangling.example")
    assert [(host.ipv4, host.ipv6) for host in found.hosts] == [("nxdomain", "nxdomain"), ("ok", "ok")]


@pytest.mark.parametrize(
    ("domain", "warning"),
    [
        ("local", "MX localhost: mail for the domain goes to the sending host itself"),
        ("double", "mx.dual.example is listed 2 times: each counts"),
        ("office", "MX ms123.msv1.invalid only proves ownership to Microsoft 365: it has no address"),
        (
            "mapped",
            "AAAA ::ffff:192.0.2.40 of mx.mapped.example is an IPv4-mapped address: "
            "nothing can connect to it over IPv6",
        ),
        ("private", "10.0.0.1 of mx.private.example is not reachable from the internet"),
        ("private", "fd00::1 of mx.private.example is not reachable from the internet"),
        ("odd", r"MX \027[31m\000x.odd.example is not a host name: Postfix skips it"),
    ],
)
async def test_warnings(lookup: Lookup, domain: str, warning: str) -> None:
    assert warning in (await ask(lookup, f"{domain}.example")).warnings


async def test_duplicate_hosts_both_count_but_are_asked_once(lookup: Lookup) -> None:
    assert addresses(await ask(lookup, "double.example")) == ["192.0.2.1", "2001:db8::1"] * 2


async def test_an_odd_mx_name_is_shown_and_not_asked(lookup: Lookup) -> None:
    found = await ask(lookup, "odd.example")
    odd, other = sorted(found.hosts, key=lambda host: host.preference)
    assert (odd.host, odd.ipv4, odd.ipv6) == (r"\027[31m\000x.odd.example", None, None)
    assert (other.ipv4, other.ipv6) == ("ok", "ok")
    assert all(text.isprintable() for text in (odd.host, *found.warnings))


async def test_large_sets_come_by_tcp_whole(lookup: Lookup) -> None:
    found = await ask(lookup, "many.example")
    assert len(set(addresses(found))) == 200
    assert [address.family for address in found.hosts[0].addresses] == ["ipv4"] * 100 + ["ipv6"] * 100


async def test_a_hundred_hosts_are_enough(lookup: Lookup) -> None:
    found = await ask(lookup, "hosts.example")
    assert len(found.hosts) == 120
    assert len(addresses(found)) == 100
    assert found.warnings == ("hosts.example has 120 hosts: addresses of the first 100 only",)


async def test_an_international_name_is_asked_in_ascii(lookup: Lookup) -> None:
    found = await ask(lookup, "bücher.example")
    assert (found.name, found.mx_status) == ("xn--bcher-kva.example", "ok")


async def test_brackets_mean_no_mx(lookup: Lookup) -> None:
    found = await ask(lookup, "[mx.dual.example]:587")
    assert (found.name, found.mode, found.mx_status) == ("mx.dual.example", "host", None)
    assert addresses(found) == ["192.0.2.1", "2001:db8::1"]
    assert addresses(await ask(lookup, "[dual.example]")) == []


async def test_lmtp_and_disabled_dns_have_no_mx_either(lookup: Lookup) -> None:
    lmtp = replace(SMTP, command="lmtp")
    assert (await ask(lookup, "dual.example", lmtp)).mode == "host"
    found = await ask(lookup, "nomx.example", replace(SMTP, smtp_dns_support_level="disabled"))
    assert found.mode == "host"
    assert found.warnings == ("smtp takes addresses from the hosts file, not from DNS",)


@pytest.mark.parametrize("hop", ["[192.0.2.7]", "[2001:db8::7]:25", "[ipv6:2001:db8::7]"])
async def test_literals_are_not_asked_for(lookup: Lookup, hop: str) -> None:
    found = await ask(lookup, hop)
    assert (found.mode, found.mx_status) == ("host", None)
    assert found.hosts[0].addresses[0].address in ("192.0.2.7", "2001:db8::7")
    assert found.hosts[0].addresses[0].ttl is None
    assert lookup.peek(nexthop.parse(hop), SMTP) == found


async def test_a_bare_address_has_no_mx(lookup: Lookup) -> None:
    found = await ask(lookup, "192.0.2.7")
    assert (found.mode, found.mx_status, addresses(found)) == ("mx", "nxdomain", ["192.0.2.7"])


SRV = replace(SMTP, use_srv_lookup=("submission",))


async def test_srv(lookup: Lookup) -> None:
    found = await ask(lookup, "srv.example:submission", SRV)
    assert (found.name, found.mode, found.mx_status) == ("srv.example", "srv", "ok")
    assert sorted((host.weight, host.port, host.host) for host in found.hosts) == [
        (1, 465, "mx2.two.example"),
        (5, 587, "mx.dual.example"),
    ]
    assert len(addresses(found)) == 4
    assert (await ask(lookup, "srv.example:submission")).mode == "mx", "not configured"
    assert (await ask(lookup, "[srv.example]:submission", SRV)).mode == "host"


async def test_null_srv(lookup: Lookup) -> None:
    found = await ask(lookup, "nosrv.example:submission", SRV)
    assert (found.mode, found.null_mx, addresses(found)) == ("srv", True, [])


async def test_srv_falls_back_only_where_told(lookup: Lookup) -> None:
    found = await ask(lookup, "dual.example:submission", SRV)
    assert (found.mode, found.mx_status, found.hosts) == ("srv", "nxdomain", ())
    found = await ask(lookup, "dual.example:submission", replace(SRV, allow_srv_lookup_fallback=True))
    assert (found.mode, found.mx_status) == ("mx", "ok")
    assert found.warnings == ("SRV of _submission._tcp.dual.example: nxdomain; Postfix goes on with MX",)
    assert (
        lookup.peek(
            nexthop.parse("dual.example:submission"), replace(SRV, allow_srv_lookup_fallback=True), "3.8"
        )
        == found
    )


async def test_srv_that_leads_to_no_address_falls_back_too(lookup: Lookup) -> None:
    told = replace(SRV, allow_srv_lookup_fallback=True)
    found = await ask(lookup, "nosrv.example:submission", told)
    assert (found.mode, found.null_mx, addresses(found)) == ("mx", False, ["192.0.2.50"])
    assert found.warnings == ("SRV of _submission._tcp.nosrv.example: null SRV; Postfix goes on with MX",)
    found = await ask(lookup, "deadsrv.example:submission", told)
    assert (found.mode, addresses(found)) == ("mx", ["192.0.2.51"])
    assert found.warnings[0].endswith(
        "no target with an address but this host itself; Postfix goes on with MX"
    )
    assert lookup.peek(nexthop.parse("deadsrv.example:submission"), told, "3.8") == found
    assert (await ask(lookup, "deadsrv.example:submission", SRV)).mode == "srv"


async def test_srv_that_leads_to_this_host_falls_back(lookup: Lookup) -> None:
    told = replace(SMTP, use_srv_lookup=("smtp",), allow_srv_lookup_fallback=True)
    hop, own = nexthop.parse("mysrv.example"), frozenset(["192.0.2.52"])
    found = await lookup.answer(hop, told, "3.8", own=own, now=True)
    assert (found.mode, addresses(found)) == ("mx", ["192.0.2.53"])
    assert lookup.peek(hop, told, "3.8", own=own) == found
    assert addresses(await lookup.answer(hop, told, "3.8", now=True)) == ["192.0.2.52"]


async def test_peek_never_waits(lookup: Lookup) -> None:
    hop = nexthop.parse("dual.example")
    assert lookup.peek(hop, SMTP) is None
    found = await ask(lookup, "dual.example")
    assert lookup.peek(hop, SMTP) == found
    assert lookup.peek(nexthop.parse("[mx.v6.example]"), SMTP) is None
