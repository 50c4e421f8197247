"""From single replies to one Answer: what is to be asked for a next hop, and what the replies mean.

Pure.  The rules are smtp(8)'s: smtp_addr.c and dns_lookup.c, told in the comments.  Warnings are plain
sentences about what an admin should know; names in them are printable ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from mxtop.dns import notes
from mxtop.dns.cache import Entry
from mxtop.dns.wire import RdType, Record
from mxtop.mail.answer import Address, Answer, LookupStatus, MxHost, Viewpoint
from mxtop.mail.nexthop import NextHop, is_hostname
from mxtop.mail.settings import Transport
from mxtop.route.site import SMTP_PORTS, normal

_ADDRESS_TYPES: Final[dict[str, RdType]] = {"ipv4": "A", "ipv6": "AAAA"}

Mode = Literal["mx", "host", "srv"]
Known = Callable[[str, RdType], Entry | None]
"""The entry for a name and type; None where it was not asked yet."""


@dataclass(frozen=True, slots=True)
class Question:
    """What one transport asks about one next hop: smtp_connect.c's mode, and the names that follow from it.

    `types` are the address types, A always first; `null_mx` whether this Postfix knows null MX (3.0); `own`
    this host's addresses, where smtp(8) looks for itself among the hosts.
    """

    name: str
    mode: Mode
    srv_name: str
    types: tuple[RdType, ...]
    transport: Transport
    null_mx: bool
    own: frozenset[str] = frozenset()

    @property
    def first(self) -> tuple[str, RdType] | None:
        """The query that comes before any address; None where there is none."""
        if self.mode == "srv":
            return self.srv_name, "SRV"
        return (self.name, "MX") if self.mode == "mx" and is_hostname(self.name) else None

    def without_srv(self) -> Question:
        """What is asked instead where the SRV records lead nowhere; LMTP knows no MX."""
        return replace(self, mode="host" if self.transport.command == "lmtp" else "mx", srv_name="")


def question(
    next_hop: NextHop, transport: Transport, mail_version: str, own: frozenset[str] = frozenset()
) -> Question:
    service = next_hop.port or transport.smtp_tcp_port
    dns_off = transport.smtp_dns_support_level == "disabled"
    mode: Mode = "mx"
    lmtp = transport.command == "lmtp"
    if not next_hop.literal and not dns_off and service in transport.use_srv_lookup:
        mode = "srv"
    elif next_hop.literal or dns_off or lmtp:
        mode = "host"
    return Question(
        name=next_hop.host,
        mode=mode,
        srv_name=f"_{service}._tcp.{next_hop.host}" if mode == "srv" else "",
        types=tuple(
            _ADDRESS_TYPES[family] for family in ("ipv4", "ipv6") if family in transport.inet_protocols
        ),
        transport=transport,
        null_mx=_version(mail_version) >= (3, 0),
        own=normal(own) if service in SMTP_PORTS and not lmtp else frozenset(),
    )


def falls_back(asked: Question, entry: Entry, known: Known) -> bool:
    """Whether smtp(8) goes on to MX after this SRV reply (smtp_addr.c smtp_service_addr()).

    With allow_srv_lookup_fallback wherever no address came of it: no SRV record, a null one, an error, or
    targets without an address, or none better than this host itself.  With ignore_srv_lookup_error after an
    error only.
    """
    if entry.reply.status not in ("ok", "nodata", "nxdomain") and asked.transport.ignore_srv_lookup_error:
        return True
    if not asked.transport.allow_srv_lookup_fallback:
        return False
    if any(known(*query) is None for query in address_queries(asked, entry)):
        return False  # not asked yet
    if is_null(asked, entry):
        return True
    found = [_host(asked, record, _parts(asked, record.value, known)) for record in targets(asked, entry)]
    mine = (h.preference for h in found if not asked.own.isdisjoint(normal(a.address for a in h.addresses)))
    myself = min(mine, default=None)
    return not any(host.addresses and (myself is None or host.preference < myself) for host in found)


def targets(asked: Question, entry: Entry | None) -> tuple[Record, ...]:
    """The hosts whose addresses count, in DNS order; `entry` is the MX or SRV reply.

    Null MX: none.  No MX: the domain itself (RFC 5321 section 5.1), as for [host].
    """
    if entry is None or entry.reply.status in ("nodata", "nxdomain"):
        return () if asked.mode == "srv" else (Record(asked.name),)
    if entry.reply.status != "ok":
        ignored = asked.mode == "mx" and asked.transport.ignore_mx_lookup_error
        return (Record(asked.name),) if ignored else ()
    return entry.reply.records


def address_queries(asked: Question, entry: Entry | None) -> Iterator[tuple[str, RdType]]:
    """The address queries that follow, each once."""
    if is_null(asked, entry):
        return
    names = {record.value.lower(): None for record in targets(asked, entry) if is_hostname(record.value)}
    for name in list(names)[: notes.MAX_HOSTS]:
        for rdtype in asked.types:
            yield name, rdtype


def is_null(asked: Question, entry: Entry | None) -> bool:
    """Null MX (RFC 7505) or null SRV: one such record voids the whole set (dns_lookup.c)."""
    if entry is None or not any(record.value == "." for record in entry.reply.records):
        return False
    return asked.null_mx or asked.mode == "srv"


def assemble(
    asked: Question,
    entry: Entry | None,
    known: Known,
    viewpoint: Viewpoint,
    warnings: tuple[str, ...] = (),
) -> Answer:
    """The Answer, from the MX or SRV reply and the address replies that are `known`."""
    null = is_null(asked, entry)
    said = [*warnings, *notes.of_settings(asked.transport)]
    if entry is not None:
        said += notes.of_set(asked.first or ("", "MX"), entry.reply, null)
    hosts, fetched = [], [entry.fetched] if entry is not None else []
    for record in targets(asked, entry):
        parts = {} if null else _parts(asked, record.value, known)
        host = _host(asked, record, parts)
        hosts.append(host)
        fetched += [part.fetched for part in parts.values()]
        from_mx = asked.mode == "mx" and entry is not None and entry.reply.status == "ok"
        if not null:
            said += notes.of_host(host, {rdtype: part.reply for rdtype, part in parts.items()}, from_mx)
    return Answer(
        name=asked.name,
        mode=asked.mode,
        mx_status=_first_status(asked, entry),
        null_mx=null,
        hosts=tuple(hosts),
        ttl=entry.reply.ttl if entry is not None and entry.reply.status == "ok" else None,
        fetched=min(fetched, default=0.0),
        viewpoint=viewpoint,
        warnings=tuple(dict.fromkeys(said)),
    )


def _first_status(asked: Question, entry: Entry | None) -> LookupStatus | None:
    """Postfix does not ask DNS for a name that cannot be a host name: not found (dns_lookup.c)."""
    if entry is not None:
        return entry.reply.status
    return None if asked.mode == "host" else "nxdomain"


def _parts(asked: Question, host: str, known: Known) -> dict[RdType, Entry]:
    if not is_hostname(host):
        return {}
    found = ((rdtype, known(host.lower(), rdtype)) for rdtype in asked.types)
    return {rdtype: entry for rdtype, entry in found if entry is not None}


def _host(asked: Question, record: Record, parts: dict[RdType, Entry]) -> MxHost:
    addresses = list(_literal(asked, record.value))
    for rdtype, part in parts.items():
        family: Literal["ipv4", "ipv6"] = "ipv4" if rdtype == "A" else "ipv6"
        addresses += [Address(each.value, family, part.reply.ttl) for each in part.reply.records]
    return MxHost(
        preference=record.preference,
        host=record.value,
        cname=next((part.reply.cname for part in parts.values() if part.reply.cname is not None), None),
        ipv4=parts["A"].reply.status if "A" in parts else None,
        ipv6=parts["AAAA"].reply.status if "AAAA" in parts else None,
        addresses=tuple(addresses),
        weight=record.weight,
        port=record.port,
    )


def _literal(asked: Question, host: str) -> Iterator[Address]:
    """A numeric host is its own address, where its family is enabled (smtp_addr_one())."""
    family = notes.literal_family(host)
    if family is not None and _ADDRESS_TYPES[family] in asked.types:
        yield Address(host, family)


def _version(text: str) -> tuple[int, int]:
    """The first two numbers of mail_version; a version nobody knows counts as new."""
    match = re.match(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (99, 0)
