"""Questions and replies as bytes: RFC 1035 messages, with EDNS0 (RFC 6891).

dnspython reads any message, at 0.4 to 1 ms each; four types of one section are read here in a tenth of
that (tests/benchmarks/bench_dns.py).  A reply is trusted in nothing but its answer section and the SOA of
a negative one (RFC 2308): addresses in the additional section are never used.  Whether a reply belongs to a
question is the affair of `answers`, which compares bytes before anything is parsed.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from dns.rcode import Rcode
from dns.rcode import to_text as rcode_text
from dns.rdatatype import RdataType

from mxtop.dns.names import Labels, lower, text
from mxtop.mail.answer import LookupStatus

RdType = Literal["MX", "SRV", "A", "AAAA"]

UDP_PAYLOAD: Final = 1232  # octets: never fragmented (DNS flag day 2020); what is larger comes by TCP
NO_EDNS: Final = (Rcode.FORMERR, Rcode.NOTIMP)  # how old servers take an OPT record
_NO_QUESTION_NEEDED: Final = (Rcode.FORMERR, Rcode.SERVFAIL, Rcode.NOTIMP, Rcode.REFUSED)
_HEADER: Final = 12
_MAX_POINTERS: Final = 127  # more than a name has labels: a chain of thousands only costs time
_RD, _AD, _TC, _QR = 0x0100, 0x0020, 0x0200, 0x8000
_DO: Final = 0x8000  # of the OPT record's TTL field, its low 16 bits


class Record(NamedTuple):
    """One resource record: an address as inet_ntop(3) writes it, or a host name as `names.text`
    does, with the numbers that an MX or SRV record has besides."""

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

    target: Labels
    ttl: int


def question(name: Labels, rdtype: RdType) -> bytes:
    """The question section for an absolute name."""
    return b"".join(bytes((len(label),)) + label for label in name) + struct.pack(
        "!BHH", 0, RdataType[rdtype], 1
    )


def query(message_id: int, asked: bytes, *, edns: bool = True, dnssec: bool = False) -> bytes:
    """A query for the question section `asked`: RD set, CD clear; with `dnssec` AD and DO set."""
    flags = _RD | (_AD if dnssec else 0)
    header = struct.pack("!6H", message_id, flags, 1, 0, 0, int(edns))
    if not edns:
        return header + asked
    return header + asked + struct.pack("!BHHIH", 0, RdataType.OPT, UDP_PAYLOAD, _DO if dnssec else 0, 0)


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
    if len(message) < _HEADER or not int.from_bytes(message[2:4], "big") & _QR:
        return False
    count = int.from_bytes(message[4:6], "big")
    if count == 0:
        return rcode(message) in _NO_QUESTION_NEEDED
    return count == 1 and message[_HEADER : _HEADER + len(asked)].lower() == asked.lower()


def read(message: bytes, name: Labels, rdtype: RdType) -> Reply | Alias:
    """What a response to the question for `name` says.

    A message that cannot be parsed is a `servfail`: smtp(8) has nothing to use in it either.
    """
    code = rcode(message)
    if code == Rcode.SERVFAIL:
        return Reply("servfail")
    if code not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        return Reply("refused", detail=rcode_text(Rcode(code)))
    try:
        return _follow(message, name, rdtype, code)
    except (IndexError, ValueError, struct.error):
        return Reply("servfail", detail="malformed reply")


class _Raw(NamedTuple):
    """A record of the answer section, its data not yet read: the octets `start` to `end` of the message."""

    ttl: int
    start: int
    end: int


def _follow(message: bytes, name: Labels, rdtype: RdType, code: int) -> Reply | Alias:
    """Walk the aliases of the answer section from `name` to its end."""
    questions, answered, authority = struct.unpack_from("!3H", message, 4)
    at = _HEADER
    for _ in range(questions):
        at = _name(message, at)[1] + 4
    sets: dict[tuple[Labels, int], list[_Raw]] = {}
    for _ in range(answered):
        owner, kind, raw = _record(message, at)
        sets.setdefault((lower(owner), kind), []).append(raw)
        at = raw.end
    owner, ttls, seen = name, list[int](), {lower(name)}
    while (found := sets.get((lower(owner), RdataType[rdtype]))) is None:
        alias = sets.get((lower(owner), RdataType.CNAME))
        if alias is None:
            break
        ttls.append(alias[0].ttl)
        owner = _target(message, alias[0].start, alias[0].end)
        if lower(owner) in seen:
            return Reply("nodata", ttl=min(ttls), cname=text(owner), detail="alias loop")
        seen.add(lower(owner))
    cname = text(owner) if ttls else None
    if found is not None:
        records = tuple(_data(message, raw, rdtype) for raw in found)
        return Reply("ok", records, cname, min(ttls + [raw.ttl for raw in found]))
    negative = list(_negative_ttls(message, at, authority))
    if code == Rcode.NOERROR and ttls and not negative:
        return Alias(owner, min(ttls))
    status: LookupStatus = "nxdomain" if code == Rcode.NXDOMAIN else "nodata"
    return Reply(status, cname=cname, ttl=min(ttls + negative, default=None))


def _name(message: bytes, at: int) -> tuple[Labels, int]:
    """The labels of the name at an offset, and the offset after it.

    Pointers may only lead back, so that none can loop (RFC 1035 section 4.1.4), and not for ever.
    """
    labels: list[bytes] = []
    after, start, length, pointers = 0, at, 1, 0
    while size := message[at]:
        if size >= 0xC0:
            after = after or at + 2
            at = (size & 0x3F) << 8 | message[at + 1]
            pointers += 1
            if at >= start or pointers > _MAX_POINTERS:
                raise ValueError("pointers that lead forward, or nowhere")
            start = at
            continue
        label = message[at + 1 : at + 1 + size]
        length += size + 1
        if size > 63 or len(label) < size or length > 255:
            raise ValueError("label or name too long")
        labels.append(label)
        at += size + 1
    return tuple(labels), after or at + 1


def _record(message: bytes, at: int) -> tuple[Labels, int, _Raw]:
    """Owner and type of the record at an offset, and where its data is; its class is IN, as was asked."""
    owner, at = _name(message, at)
    kind, _, ttl, size = struct.unpack_from("!HHIH", message, at)
    return owner, kind, _Raw(ttl if ttl < 1 << 31 else 0, at + 10, at + 10 + size)  # RFC 2181 section 8


def _target(message: bytes, at: int, end: int) -> Labels:
    """A name that is the last thing in a record's data."""
    labels, after = _name(message, at)
    if after != end:
        raise ValueError("name does not end with its record")
    return labels


def _data(message: bytes, raw: _Raw, rdtype: RdType) -> Record:
    if rdtype == "MX":
        (preference,) = struct.unpack_from("!H", message, raw.start)
        return Record(text(_target(message, raw.start + 2, raw.end)), preference)
    if rdtype == "SRV":
        priority, weight, port = struct.unpack_from("!3H", message, raw.start)
        return Record(text(_target(message, raw.start + 6, raw.end)), priority, weight, port)
    family = socket.AF_INET if rdtype == "A" else socket.AF_INET6
    return Record(socket.inet_ntop(family, message[raw.start : raw.end]))


def _negative_ttls(message: bytes, at: int, count: int) -> Iterator[int]:
    """RFC 2308 section 5: the lesser of an SOA's own TTL and its MINIMUM, its last field."""
    for _ in range(count):
        _, kind, raw = _record(message, at)
        if kind == RdataType.SOA:
            yield min(raw.ttl, struct.unpack_from("!I", message, raw.end - 4)[0])
        at = raw.end
