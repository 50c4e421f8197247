"""The resolver against faulty servers; against a real one see test_lookup_nsd.py."""

from __future__ import annotations

import asyncio
import time

import dns.flags
import dns.message
import pytest
from tests.dns.faults import answer, asked_for, faulty, negative
from tests.dns.nsd import free_port

from mxtop.dns.resolvconf import Endpoint, ResolvConf
from mxtop.dns.resolver import Resolver
from mxtop.dns.wire import Record, Reply
from mxtop.mail.answer import Viewpoint

A = Record("192.0.2.1")


def good(query: dns.message.Message, tcp: bool = False) -> dns.message.Message:
    return answer(query, f"{asked_for(query)[0]} 60 A 192.0.2.1")


async def one(conf: ResolvConf, name: str = "a.example", *, lifetime: float = 5.0) -> Reply:
    async with Resolver(conf, lifetime=lifetime) as resolver:
        return await resolver.query(name, "A")


async def test_names_are_absolute_and_viewpoint_names_the_nameservers() -> None:
    async with faulty(good) as server, Resolver(server.conf, host="mail1") as resolver:
        assert (await resolver.query("mx", "A")).records == (A,)
        assert (await resolver.query("mx.", "A")).records == (A,)
        assert [name for name, _, _ in server.asked] == ["mx", "mx"]
        assert resolver.viewpoint == Viewpoint("mail1", f"127.0.0.1#{server.port}")


@pytest.mark.parametrize(
    ("rcode", "status"),
    [("SERVFAIL", "servfail"), ("REFUSED", "refused"), ("NOTIMP", "refused"), ("FORMERR", "refused")],
)
async def test_failures_by_response_code(rcode: str, status: str) -> None:
    async with faulty(lambda query, tcp: answer(query, rcode=rcode)) as server:
        assert (await one(server.conf)).status == status


async def test_nodata_and_nxdomain_with_their_ttl() -> None:
    for rcode, status in (("NOERROR", "nodata"), ("NXDOMAIN", "nxdomain")):
        async with faulty(lambda query, tcp, rcode=rcode: negative(query, rcode)) as server:
            reply = await one(server.conf)
            assert (reply.status, reply.ttl) == (status, 120)


async def test_silence_is_a_timeout_within_the_lifetime() -> None:
    async with faulty(lambda query, tcp: None) as server:
        start = time.monotonic()
        reply = await one(server.conf, lifetime=2.5)
        assert (reply.status, reply.detail) == ("timeout", "no reply within 2.5 s")
        assert time.monotonic() - start > 2.4
        assert len(server.asked) == 2, "asked again after a second"


async def test_a_lost_datagram_is_sent_again() -> None:
    async with faulty(lambda query, tcp: good(query) if len(server.asked) > 1 else None) as server:
        assert (await one(server.conf)).records == (A,)


@pytest.mark.parametrize("first", ["dead", "closed", "SERVFAIL", "REFUSED"])
async def test_the_next_nameserver_is_asked(first: str) -> None:
    def behave(query: dns.message.Message, tcp: bool) -> dns.message.Message | None:
        return None if first == "dead" else answer(query, rcode=first)

    async with faulty(good) as second, faulty(behave if first != "closed" else good) as server:
        port = free_port("127.0.0.1") if first == "closed" else server.port
        conf = ResolvConf((Endpoint("127.0.0.1", port), Endpoint("127.0.0.1", second.port)))
        assert (await one(conf)).records == (A,)


async def test_what_was_said_counts_before_silence() -> None:
    failing = faulty(lambda query, tcp: answer(query, rcode="SERVFAIL"))
    async with failing as said, faulty(lambda query, tcp: None) as silent:
        endpoints = (Endpoint("127.0.0.1", silent.port), Endpoint("127.0.0.1", said.port))
        assert (await one(ResolvConf(endpoints))).status == "servfail"


async def test_nobody_listening_is_told_in_words() -> None:
    reply = await one(ResolvConf((Endpoint("127.0.0.1", free_port("127.0.0.1")),)))
    assert reply.status == "timeout"
    assert "Connection refused" in reply.detail


async def test_a_dead_resolver_answers_without_a_question_while_it_rests() -> None:
    async with faulty(lambda query, tcp: None) as server, Resolver(server.conf) as resolver:
        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(resolver.query(f"d{number}.example", "A"))
        assert resolver.down
        asked = len(server.asked)
        reply = await resolver.query("a.example", "A")
        assert (reply.status, reply.detail[:20]) == ("timeout", "no nameserver answer")
        assert len(server.asked) == asked


async def test_aliases_are_followed_over_several_replies() -> None:
    steps = {"a.example": "b.example", "b.example": "c.example"}

    def behave(query: dns.message.Message, tcp: bool) -> dns.message.Message:
        name, _ = asked_for(query)
        if name in steps:
            return answer(query, f"{name} 25 CNAME {steps[name]}.")
        return good(query)

    async with faulty(behave) as server:
        assert await one(server.conf) == Reply("ok", (A,), "c.example", 25)


async def test_an_alias_to_nowhere_keeps_its_end() -> None:
    def behave(query: dns.message.Message, tcp: bool) -> dns.message.Message:
        if asked_for(query)[0] == "a.example":
            return answer(query, "a.example 25 CNAME gone.example.")
        return negative(query, "NXDOMAIN")

    async with faulty(behave) as server:
        assert await one(server.conf) == Reply("nxdomain", cname="gone.example", ttl=25)


@pytest.mark.parametrize(("hops", "status"), [(9, "ok"), (10, "nodata")])
async def test_ten_lookups_are_the_limit(hops: int, status: str) -> None:
    def behave(query: dns.message.Message, tcp: bool) -> dns.message.Message:
        number = int(asked_for(query)[0].split(".")[0])
        return good(query) if number == hops else answer(query, f"{number}.x 9 CNAME {number + 1}.x.")

    async with faulty(behave) as server:
        reply = await one(server.conf, "0.x")
        assert reply.status == status
        assert len(server.asked) == 10


async def test_an_alias_loop_over_several_replies_ends() -> None:
    other = {"a.example": "b.example", "b.example": "a.example"}

    def behave(query: dns.message.Message, tcp: bool) -> dns.message.Message:
        name = asked_for(query)[0]
        return answer(query, f"{name} 9 CNAME {other[name]}.")

    async with faulty(behave) as server:
        reply = await one(server.conf)
        assert (reply.status, reply.detail) == ("nodata", "alias loop")
        assert len(server.asked) == 10


async def test_garbage_with_the_right_question_is_a_servfail() -> None:
    def behave(query: dns.message.Message, tcp: bool) -> bytes:
        return good(query).to_wire()[:-13]  # the OPT record and half of the address are missing

    async with faulty(behave) as server:
        assert (await one(server.conf)).status == "servfail"


async def test_a_server_without_edns_is_asked_without() -> None:
    def behave(query: dns.message.Message, tcp: bool) -> dns.message.Message:
        return good(query) if query.edns < 0 else answer(query, rcode="FORMERR")

    async with faulty(behave) as server, Resolver(server.conf) as resolver:
        for _ in range(2):
            assert (await resolver.query("a.example", "A")).records == (A,)
        assert [query.edns for query in server.queries] == [0, -1, -1]


async def test_dnssec_asks_as_postfix_does() -> None:
    async with faulty(good) as server, Resolver(server.conf, dnssec=True) as resolver:
        await resolver.query("a.example", "A")
        (query,) = server.queries
        assert query.flags == dns.flags.RD | dns.flags.AD
        assert query.ednsflags & dns.flags.DO


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example", "bücher.example"])
async def test_what_is_no_name_is_not_asked(name: str) -> None:
    async with faulty(good) as server:
        assert (await one(server.conf, name)).status == "nxdomain"
        assert server.asked == []


async def test_odd_labels_in_a_reply_are_escaped() -> None:
    def behave(query: dns.message.Message, tcp: bool) -> dns.message.Message:
        return answer(query, r"a.example 60 MX 10 \027[31m\000\226\128\174.example.")

    async with faulty(behave) as server, Resolver(server.conf) as resolver:
        reply = await resolver.query("a.example", "MX")
        assert reply.records == (Record(r"\027[31m\000\226\128\174.example", 10),)
