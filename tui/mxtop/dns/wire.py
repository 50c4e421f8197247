"""Questions and replies as bytes: RFC 1035 messages, with EDNS0 (RFC 6891).

A reply is trusted in nothing but its answer section and the SOA of a negative one (RFC 2308);
addresses in the additional section are never used.  Whether a reply belongs to a question is
`answers`' affair, which compares bytes before anything is parsed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from mxtop.mail.answer import LookupStatus

RdType = Literal["MX", "SRV", "A", "AAAA"]
_TYPES: Final[dict[RdType, int]] = {"A": 1, "MX": 15, "AAAA": 28, "SRV": 33}

UDP_PAYLOAD: Final = 1232  # octets: never fragmented (DNS flag day 2020); what is larger comes by TCP
HEADER: Final = 12
_RD, _AD, _TC, _QR = 0x0100, 0x0020, 0x0200, 0x8000
_DO: Final = 0x8000  # of the OPT record's TTL field, its low 16 bits
NO_EDNS: Final = (dns.rcode.FORMERR, dns.rcode.NOTIMP)  # how old servers take an OPT record
_NO_QUESTION_NEEDED: Final = (
    dns.rcode.FORMERR,
    dns.rcode.SERVFAIL,
    dns.rcode.NOTIMP,
    dns.rcode.REFUSED,
)


class Record(NamedTuple):
    """One resource record: an address, or a host name as dnspython's text (no final dot, odd bytes
    as `\\DDD`; the root is `.`) with the numbers that an MX or SRV record has besides."""

    value: str
    preference: int = 0  # MX preference, SRV priority
    weight: int | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome of one query.

    `records` in the order of the answer; `cname` the end of the alias chain, where the name is an
    alias; `ttl` seconds, the least of the chain and the RRset, or of the SOA where the answer is negative
    (None where nothing says); `detail` why a query failed, in words.
    """

    status: LookupStatus
    records: tuple[Record, ...] = ()
    cname: str | None = None
    ttl: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Alias:
    """The answer ends in an alias to a name it says nothing of: that is to be asked for next."""

    target: dns.name.Name
    ttl: int


def name_text(name: dns.name.Name) -> str:
    """A name for people: no final dot, `.` for the root, bytes that are not printable ASCII as `\\DDD`."""
    return "." if name == dns.name.root else name.to_text(omit_final_dot=True)


def question(name: dns.name.Name, rdtype: RdType) -> bytes:
    """The question section for an absolute name, in lower case."""
    return name.to_digestable() + struct.pack("!HH", _TYPES[rdtype], dns.rdataclass.IN)


def query(message_id: int, asked: bytes, *, edns: bool = True, dnssec: bool = False) -> bytes:
    """A query for the question section `asked`: RD set, CD clear; with `dnssec` AD and DO set."""
    flags = _RD | (_AD if dnssec else 0)
    header = struct.pack("!6H", message_id, flags, 1, 0, 0, int(edns))
    if not edns:
        return header + asked
    return header + asked + struct.pack("!BHHIH", 0, 41, UDP_PAYLOAD, _DO if dnssec else 0, 0)


def message_id(message: bytes) -> int:
    return int.from_bytes(message[:2], "big")


def truncated(message: bytes) -> bool:
    return bool(int.from_bytes(message[2:4], "big") & _TC)


def rcode(message: bytes) -> int:
    """The response code without EDNS0's upper bits."""
    return message[3] & 0x0F


def answers(message: bytes, asked: bytes) -> bool:
    """Whether the bytes are a response to the question section `asked`, its id apart.

    As glibc has it (res_send.c): the question is echoed, in any case, but an error
    may come as a bare header.
    """
    if len(message) < HEADER or not int.from_bytes(message[2:4], "big") & _QR:
        return False
    count = int.from_bytes(message[4:6], "big")
    if count == 0:
        return rcode(message) in _NO_QUESTION_NEEDED
    return count == 1 and message[HEADER : HEADER + len(asked)].lower() == asked.lower()


def read(message: bytes, name: dns.name.Name, rdtype: RdType) -> Reply | Alias:
    """What a response says of `name`.

    A message that cannot be parsed is a `servfail` with the parser's words, as smtp(8) has nothing to
    use in it either.
    """
    code = rcode(message)
    if code == dns.rcode.SERVFAIL:
        return Reply("servfail")
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return Reply("refused", detail=dns.rcode.to_text(dns.rcode.Rcode(code)))
    try:
        parsed = dns.message.from_wire(message, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError, struct.error) as error:
        return Reply("servfail", detail=f"malformed reply: {type(error).__name__}")
    return _follow(parsed, name, _TYPES[rdtype])


def _follow(parsed: dns.message.Message, name: dns.name.Name, rdtype: int) -> Reply | Alias:
    """Walk the aliases of the answer section from `name` to its end."""
    sets = {(found.name, int(found.rdtype)): found for found in parsed.answer}
    owner, ttls, seen = name, [], {name}
    while (found := sets.get((owner, rdtype))) is None:
        alias = sets.get((owner, dns.rdatatype.CNAME))
        if alias is None:
            break
        ttls.append(alias.ttl)
        owner = alias[0].target
        if owner in seen:
            return Reply("nodata", ttl=min(ttls), cname=name_text(owner), detail="alias loop")
        seen.add(owner)
    cname = name_text(owner) if owner != name else None
    if found is not None:
        return Reply("ok", tuple(_records(found)), cname, min([*ttls, found.ttl]))
    negative = _negative_ttl(parsed)
    if parsed.rcode() == dns.rcode.NXDOMAIN:
        return Reply("nxdomain", cname=cname, ttl=_least([*ttls, negative]))
    if cname is not None and negative is None:
        return Alias(owner, min(ttls))
    return Reply("nodata", cname=cname, ttl=_least([*ttls, negative]))


def _records(found: dns.rrset.RRset) -> Iterator[Record]:
    for data in found:
        match found.rdtype:
            case dns.rdatatype.MX:
                yield Record(name_text(data.exchange), data.preference)
            case dns.rdatatype.SRV:
                yield Record(name_text(data.target), data.priority, data.weight, data.port)
            case _:
                yield Record(data.address)  # as inet_ntop(3) writes it, which is what smtp(8) logs


def _negative_ttl(parsed: dns.message.Message) -> int | None:
    """RFC 2308 section 5: the lesser of the SOA's own TTL and its MINIMUM."""
    for found in parsed.authority:
        if found.rdtype == dns.rdatatype.SOA:
            return min(found.ttl, int(found[0].minimum))
    return None


def _least(ttls: list[int | None]) -> int | None:
    return min((ttl for ttl in ttls if ttl is not None), default=None)
