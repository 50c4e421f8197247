"""Next hops where the server fails in part, or altogether."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import dns.message
import pytest
from tests.dns.faults import Behaviour, answer, asked_for, faulty, negative

from mxtop.dns.cache import Cache
from mxtop.dns.lookup import Lookup
from mxtop.dns.resolver import Resolver
from mxtop.mail import nexthop
from mxtop.mail.answer import Answer
from mxtop.mail.settings import Transport

SMTP = Transport()


async def ask(lookup: Lookup, hop: str, transport: Transport = SMTP) -> Answer:
    return await lookup.answer(nexthop.parse(hop), transport, "3.7.11", now=True)


def addresses(answer: Answer) -> list[str]:
    return [address.address for host in answer.hosts for address in host.addresses]


async def test_shared_hosts_are_asked_once() -> None:
    def behave(query: dns.message.Message, tcp: bool) -> dns.message.Message:
        name, rdtype = asked_for(query)
        data = {"MX": "10 mx.hoster.example.", "A": "192.0.2.1", "AAAA": "2001:db8::1"}[rdtype]
        return answer(query, f"{name} 300 {rdtype} {data}")

    async with faulty(behave) as server, Resolver(server.conf) as resolver:
        lookup = Lookup(resolver, Cache())
        found = await asyncio.gather(*[ask(lookup, f"d{number}.example") for number in range(50)])
        assert all(addresses(each) == ["192.0.2.1", "2001:db8::1"] for each in found)
        assert len(server.asked) == 52


def aaaa(outcome: str) -> Behaviour:
    def behave(query: dns.message.Message, tcp: bool) -> dns.message.Message | None:
        name, rdtype = asked_for(query)
        if rdtype == "AAAA":
            return None if outcome == "timeout" else answer(query, rcode=outcome.upper())
        data = {"MX": "10 mx.a.example.", "A": "192.0.2.1"}[rdtype]
        return answer(query, f"{name} 300 {rdtype} {data}")

    return behave


@pytest.mark.parametrize("outcome", ["servfail", "timeout", "refused"])
async def test_aaaa_that_fails_beside_a_is_told(outcome: str) -> None:
    async with faulty(aaaa(outcome)) as server, Resolver(server.conf, lifetime=0.5) as resolver:
        found = await ask(Lookup(resolver, Cache()), "a.example")
    (host,) = found.hosts
    assert (host.ipv4, host.ipv6, addresses(found)) == ("ok", outcome, ["192.0.2.1"])
    assert any(text.startswith(f"AAAA of mx.a.example: {outcome}") for text in found.warnings)
    assert (
        "Postfix uses the A records of mx.a.example alone and does not log that AAAA failed" in found.warnings
    )


@pytest.mark.parametrize("outcome", ["servfail", "refused"])
async def test_mx_that_fails_leaves_nothing_to_try(outcome: str) -> None:
    async with (
        faulty(lambda query, tcp: answer(query, rcode=outcome.upper())) as server,
        Resolver(server.conf) as resolver,
    ):
        lookup = Lookup(resolver, Cache())
        found = await ask(lookup, "a.example")
        assert (found.mx_status, found.hosts) == (outcome, ())
        assert found.warnings[0].startswith(f"MX of a.example: {outcome}")
        assert len(server.asked) == 1
        found = await ask(lookup, "a.example", replace(SMTP, ignore_mx_lookup_error=True))
        assert [(host.host, host.ipv4) for host in found.hosts] == [("a.example", outcome)]


async def test_srv_that_fails_is_passed_over_only_where_told() -> None:
    def behave(query: dns.message.Message, tcp: bool) -> dns.message.Message:
        return answer(query, rcode="SERVFAIL") if asked_for(query)[1] == "SRV" else negative(query)

    srv = replace(SMTP, use_srv_lookup=("smtp",))
    async with faulty(behave) as server, Resolver(server.conf) as resolver:
        lookup = Lookup(resolver, Cache())
        assert (await ask(lookup, "a.example", srv)).mx_status == "servfail"
        ignoring = replace(srv, ignore_srv_lookup_error=True)
        assert (await ask(lookup, "a.example", ignoring)).mode == "mx"


async def test_a_dead_resolver_is_no_wait_for_peek_and_soon_none_for_anybody() -> None:
    async with faulty(lambda query, tcp: None) as server, Resolver(server.conf, lifetime=2.5) as resolver:
        lookup = Lookup(resolver, Cache())
        hops = [f"d{number}.example" for number in range(200)]
        found = await asyncio.gather(*[ask(lookup, hop) for hop in hops])
        assert {each.mx_status for each in found} == {"timeout"}
        asked = len(server.asked)
        assert asked < 100, "a try of those that have a slot and a probe, not of all 200"
        assert resolver.down
        peeked = lookup.peek(nexthop.parse("d0.example"), SMTP)
        assert peeked is not None and peeked.mx_status == "timeout"
        assert (await ask(lookup, "new.example")).mx_status == "timeout"
        assert len(server.asked) == asked


async def test_settings_that_hide_dns_are_told() -> None:
    async with faulty(lambda query, tcp: negative(query)) as server, Resolver(server.conf) as resolver:
        lookup = Lookup(resolver, Cache())
        native = replace(SMTP, service="slow", smtp_host_lookup=("native",))
        assert (await ask(lookup, "a.example", native)).warnings == (
            "slow takes addresses from the hosts file, not from DNS",
        )
        filtered = replace(SMTP, smtp_dns_reply_filter="pcre:/etc/postfix/no-aaaa")
        assert (await ask(lookup, "a.example", filtered)).warnings == (
            "smtp_dns_reply_filter = pcre:/etc/postfix/no-aaaa may drop some of these records",
        )
