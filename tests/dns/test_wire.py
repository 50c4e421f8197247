"""Messages, with dnspython as the judge of what they say."""

from __future__ import annotations

import random
import struct
import time

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dns.faults import answer, negative

from mxtop.dns import wire
from mxtop.dns.names import labels
from mxtop.dns.wire import Alias, RdType, Record, Reply

RDTYPES: list[RdType] = ["MX", "SRV", "A", "AAAA"]


def asked(name: str, rdtype: RdType) -> dns.message.Message:
    return dns.message.make_query(name, rdtype)


def read(response: dns.message.Message | bytes, name: str, rdtype: RdType) -> Reply | Alias:
    message = response if isinstance(response, bytes) else response.to_wire()
    return wire.read(message, labels(name), rdtype)


@pytest.mark.parametrize("rdtype", RDTYPES)
def test_dnspython_reads_our_query(rdtype: RdType) -> None:
    sent = wire.query(4711, wire.question(labels("Example.org"), rdtype))
    query = dns.message.from_wire(sent)
    assert (query.id, query.flags, query.edns, query.payload) == (4711, dns.flags.RD, 0, 1232)
    assert query.question[0].to_text() == f"Example.org. IN {rdtype}"
    assert query.ednsflags == 0


def test_dnssec_query_has_ad_and_do_but_not_cd() -> None:
    query = dns.message.from_wire(wire.query(1, wire.question(labels("org"), "MX"), dnssec=True))
    assert query.flags == dns.flags.RD | dns.flags.AD
    assert query.ednsflags == dns.flags.DO


def test_query_without_edns() -> None:
    assert dns.message.from_wire(wire.query(1, wire.question((), "MX"), edns=False)).edns == -1


def test_records_of_each_type_in_the_order_of_the_answer() -> None:
    mx = answer(asked("d.example", "MX"), "d.example 30 MX 20 b.example.", "d.example 20 MX 10 A.example.")
    assert read(mx, "D.example", "MX") == Reply(
        "ok", (Record("b.example", 20), Record("A.example", 10)), None, 20
    )
    srv = answer(asked("s.example", "SRV"), "s.example 60 SRV 1 2 587 m.example.")
    assert read(srv, "s.example", "SRV") == Reply("ok", (Record("m.example", 1, 2, 587),), None, 60)
    a = answer(asked("h.example", "A"), "h.example 60 A 192.0.2.9", "h.example 60 A 192.0.2.1")
    assert read(a, "h.example", "A") == Reply("ok", (Record("192.0.2.9"), Record("192.0.2.1")), None, 60)


@pytest.mark.parametrize("address", ["2001:db8::1", "::ffff:192.0.2.1", "fe80::", "::"])
def test_ipv6_addresses_as_the_log_has_them(address: str) -> None:
    reply = read(answer(asked("h.example", "AAAA"), f"h.example 9 AAAA {address}"), "h.example", "AAAA")
    assert reply == Reply("ok", (Record(address),), None, 9)


def test_aliases_lead_to_their_end_with_the_least_ttl() -> None:
    chain = answer(
        asked("a.example", "A"),
        "a.example 300 CNAME b.example.",
        "b.example 20 CNAME c.example.",
        "c.example 60 A 192.0.2.1",
    )
    assert read(chain, "a.example", "A") == Reply("ok", (Record("192.0.2.1"),), "c.example", 20)


def test_an_alias_without_its_end_is_to_be_followed() -> None:
    half = answer(asked("a.example", "A"), "a.example 300 CNAME b.example.")
    assert read(half, "a.example", "A") == Alias((b"b", b"example"), 300)


def test_an_alias_to_a_name_without_data_or_that_does_not_exist() -> None:
    query = asked("a.example", "A")
    for rcode, status in (("NOERROR", "nodata"), ("NXDOMAIN", "nxdomain")):
        response = negative(query, rcode, minimum=50)
        response.answer.append(dns.rrset.from_text("a.example.", 70, "IN", "CNAME", "b.example."))
        reply = read(response, "a.example", "A")
        assert isinstance(reply, Reply)
        assert (reply.status, reply.cname, reply.ttl) == (status, "b.example", 50)


def test_an_alias_loop_within_one_message_ends() -> None:
    loop = answer(asked("a.example", "A"), "a.example 9 CNAME B.example.", "b.example 9 CNAME A.example.")
    reply = read(loop, "a.example", "A")
    assert isinstance(reply, Reply)
    assert (reply.status, reply.detail) == ("nodata", "alias loop")


def test_records_of_another_name_are_not_taken() -> None:
    poisoned = answer(asked("a.example", "A"), "bank.example 9 A 203.0.113.66")
    assert read(poisoned, "a.example", "A") == Reply("nodata")


@pytest.mark.parametrize(("ttl", "minimum"), [(600, 120), (60, 86400)])
def test_negative_ttl_is_the_lesser_of_soa_ttl_and_minimum(ttl: int, minimum: int) -> None:
    response = negative(asked("a.example", "MX"), "NXDOMAIN", ttl, minimum)
    assert read(response, "a.example", "MX") == Reply("nxdomain", ttl=min(ttl, minimum))


@pytest.mark.parametrize(
    ("rcode", "status", "detail"),
    [
        ("SERVFAIL", "servfail", ""),
        ("REFUSED", "refused", "REFUSED"),
        ("NOTIMP", "refused", "NOTIMP"),
        ("FORMERR", "refused", "FORMERR"),
    ],
)
def test_response_codes(rcode: str, status: str, detail: str) -> None:
    reply = read(answer(asked("a.example", "A"), rcode=rcode), "a.example", "A")
    assert isinstance(reply, Reply)
    assert (reply.status, reply.detail) == (status, detail)


def test_a_ttl_with_its_high_bit_set_is_zero() -> None:
    message = answer(asked("a.example", "A"), "a.example 1 A 192.0.2.1").to_wire()
    high = message.replace(struct.pack("!IH", 1, 4), struct.pack("!IH", 0xFFFFFFFF, 4))
    assert read(high, "a.example", "A") == Reply("ok", (Record("192.0.2.1"),), None, 0)


def test_pointers_cannot_loop_or_lead_forward() -> None:
    question = wire.question(labels("a.example"), "A")
    header = struct.pack("!6H", 1, 0x8180, 1, 1, 0, 0)
    for pointer in (12 + len(question), 12 + len(question) + 4, 16383):
        record = struct.pack("!HHHIH", 0xC000 | pointer, 1, 1, 60, 4) + bytes(4)
        assert read(header + question + record, "a.example", "A") == Reply(
            "servfail", detail="malformed reply"
        )


@pytest.mark.parametrize("size", [4, 6, 60])
def test_a_name_that_does_not_fill_its_record_is_malformed(size: int) -> None:
    header = struct.pack("!6H", 1, 0x8180, 0, 1, 0, 0)
    record = b"\1a\0" + struct.pack("!HHIH", 15, 1, 60, size) + b"\0\12\1m\0" + bytes(20)
    assert read(header + record, "a", "MX") == Reply("servfail", detail="malformed reply")


def test_long_pointer_chains_cost_no_time() -> None:
    """A message of 64 KiB in which every owner name is a chain of thousands of pointers."""
    chain = b"\0" + b"".join(struct.pack("!H", 0xC000 | (12 + max(0, 2 * n - 1))) for n in range(8000))
    last = 0xC000 | 12 + len(chain) - 2
    record = struct.pack("!HHHIH", last, 5, 1, 60, 0)
    header = struct.pack("!6H", 1, 0x8180, 0, 4000, 0, 0)
    padding = struct.pack("!HHIH", 99, 1, 0, len(chain) - 1)
    message = header + b"\0" + padding + chain[1:] + record * 3999
    start = time.process_time()
    read(message, "a.example", "A")
    spent = time.process_time() - start
    assert spent < 0.5  # seconds of this process, whatever others do


def test_answers_wants_the_question_back() -> None:
    question = wire.question(labels("a.example"), "A")
    good = answer(asked("a.example", "A")).to_wire()
    assert wire.answers(good, question)
    assert wire.answers(answer(asked("A.EXAMPLE", "A")).to_wire(), question)
    assert not wire.answers(answer(asked("b.example", "A")).to_wire(), question)
    assert not wire.answers(answer(asked("a.example", "AAAA")).to_wire(), question)
    assert not wire.answers(asked("a.example", "A").to_wire(), question), "a query is not a response"
    assert not wire.answers(good[:11], question)
    bare = struct.pack("!6H", 1, 0x8180, 0, 0, 0, 0)
    assert not wire.answers(bare, question), "no question, no error"
    assert wire.answers(struct.pack("!6H", 1, 0x8181, 0, 0, 0, 0), question), "FORMERR as a bare header"


name_texts = st.lists(st.text("abcXYZ09-_", min_size=1, max_size=12), min_size=1, max_size=5).map(".".join)
datas = {
    "MX": st.builds("{} {}.".format, st.integers(0, 65535), name_texts),
    "SRV": st.builds("{} {} {} {}.".format, *[st.integers(0, 65535)] * 3, name_texts),
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
}


@given(st.data(), st.sampled_from(RDTYPES), name_texts, st.integers(0, 2**31 - 1))
def test_random_answers_read_as_dnspython_reads_them(
    data: st.DataObject, rdtype: RdType, name: str, ttl: int
) -> None:
    lines = data.draw(st.lists(datas[rdtype], min_size=1, max_size=8, unique_by=str.lower))
    response = answer(asked(name, rdtype), *[f"{name} {ttl} {rdtype} {line}" for line in lines])
    judge = dns.message.from_wire(response.to_wire())
    reply = read(response, name, rdtype)
    assert isinstance(reply, Reply)
    ours = []
    for record in reply.records:
        numbers = [record.preference, record.weight, record.port][: {"MX": 1, "SRV": 3}.get(rdtype, 0)]
        dot = "." if rdtype in ("MX", "SRV") else ""
        ours.append(" ".join([*map(str, numbers), record.value + dot]))
    theirs = [each.to_text() for found in judge.answer for each in found]
    assert (reply.status, reply.ttl, ours) == ("ok", ttl, theirs)


@settings(max_examples=300)
@given(st.binary(max_size=300), st.sampled_from(RDTYPES))
def test_garbage_raises_nothing(noise: bytes, rdtype: RdType) -> None:
    header = struct.pack("!6H", 1, 0x8180, 0, 3, 2, 0)
    assert isinstance(wire.read(header + noise, labels("a.example"), rdtype), Reply | Alias)


def test_damaged_answers_raise_nothing() -> None:
    chance = random.Random(1)
    good = negative(asked("a.example", "MX"))
    for number in range(12):
        good.answer.append(dns.rrset.from_text("a.example.", 60, "IN", "MX", f"{number} mx{number}.example."))
    message = good.to_wire()
    for _ in range(20_000):
        damaged = bytearray(message)
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(12, len(damaged))] = chance.randrange(256)
        cut = bytes(damaged[: chance.randrange(12, len(damaged) + 1)])
        assert isinstance(wire.read(cut, labels("a.example"), "MX"), Reply | Alias)
