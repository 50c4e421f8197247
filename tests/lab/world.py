"""The world that a lab's sender writes to: one `Destination` for each way in which mail goes well or badly.

Pure values, no I/O.  A destination says which records DNS has and how each address behaves; `dns.py`
and `sinks.py` make that real.  Addresses come from the documentation ranges (RFC 5737, RFC 3849): the
n-th host has 198.51.100.n and 2001:db8:0:n::1, ::2, …; nothing here promises that a name or address
stays the same between versions of this file, so tests take them from the destination.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from typing import Literal

RecordType = Literal["A", "AAAA", "MX"]
GMAIL_REPLY = (
    "550 5.7.1 Our system has detected that this message does not meet IPv6 sending guidelines "
    "regarding PTR records and authentication. gsmtp"
)
GREYLIST_REPLY = "450 4.2.0 Greylisted, please try again in 300 seconds"
TARPIT_SECONDS = 4


class Service(Enum):
    """How an address answers on port 25."""

    ACCEPT = "takes every message"
    REJECT = "answers EHLO, then says 550 at the end of DATA"
    GREYLIST = "says 450 to every RCPT TO"
    BUSY = "takes every message, a second or two after DATA"
    TARPIT = f"greets after {TARPIT_SECONDS} s"
    HANG_UP = "closes the connection without a greeting"
    TLS = "takes every message, offers STARTTLS (a Postfix)"
    CLOSED = "refuses connections"
    HOLE = "a path-MTU hole: takes small messages, full-sized packets vanish"
    DROPPED = "a black hole: connections time out"
    UNROUTED = "the sender has no route to it"

    @property
    def listens(self) -> bool:
        return self not in (Service.CLOSED, Service.DROPPED, Service.UNROUTED)


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a mail host and what happens there."""

    ip: str
    service: Service = Service.ACCEPT

    @property
    def is_ipv6(self) -> bool:
        return ip_address(self.ip).version == 6


@dataclass(frozen=True, slots=True)
class Host:
    """A name with addresses; with `cname_of` it is an alias and has none of its own."""

    name: str
    addresses: tuple[Address, ...] = ()
    cname_of: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What an authoritative server cannot show: this one question fails (`silent`: no answer comes)."""

    name: str
    type: RecordType
    kind: Literal["servfail", "silent"]


@dataclass(frozen=True, slots=True)
class Destination:
    """A mail domain.  `mx` is (preference, host name) in DNS order; `promise` says what a sender sees."""

    domain: str
    promise: str
    mx: tuple[tuple[int, str], ...]
    hosts: tuple[Host, ...]
    faults: tuple[Fault, ...] = ()

    @property
    def addresses(self) -> tuple[Address, ...]:
        return tuple(address for host in self.hosts for address in host.addresses)

    @property
    def ipv4(self) -> tuple[str, ...]:
        return tuple(a.ip for a in self.addresses if not a.is_ipv6)

    @property
    def ipv6(self) -> tuple[str, ...]:
        return tuple(a.ip for a in self.addresses if a.is_ipv6)


def addresses_of(number: int, v4: Iterable[Service], v6: Iterable[Service]) -> tuple[Address, ...]:
    """The addresses of host `number` (1 to 63): up to 4 of IPv4, any count of IPv6, one for each service."""

    def prefix(service: Service) -> str:
        return UNROUTED_PREFIX if service is Service.UNROUTED else "2001:db8:0"

    four = (Address(f"198.51.100.{number * 4 + k}", service) for k, service in enumerate(v4))
    six = (Address(f"{prefix(s)}:{number:x}::{k}", s) for k, s in enumerate(v6, 1))
    return (*four, *six)


UNROUTED_PREFIX = "2001:db8:dead"  # a /48 that the sender has no route to

_OK = (Service.ACCEPT,)


def single(
    number: int,
    domain: str,
    promise: str,
    v4: tuple[Service, ...] = _OK,
    v6: tuple[Service, ...] = _OK,
    faults: tuple[Fault, ...] = (),
) -> Destination:
    """A domain with one mail host `mx.DOMAIN`."""
    host = Host(f"mx.{domain}", addresses_of(number, v4, v6))
    return Destination(domain, promise, ((10, host.name),), (host,), faults)


def _several(domain: str, promise: str, *rows: tuple[int, int, int, int]) -> Destination:
    """A domain with hosts mx1.DOMAIN, …; a row is (number, preference, count of A, count of AAAA)."""
    hosts = tuple(
        Host(f"mx{k}.{domain}", addresses_of(number, _OK * v4, _OK * v6))
        for k, (number, _, v4, v6) in enumerate(rows, 1)
    )
    return Destination(domain, promise, tuple((row[1], h.name) for row, h in zip(rows, hosts)), hosts)


DUAL = single(1, "dual.example", "1 A + 1 AAAA: IPv6 first in 1/2 under any")
QUAD = single(2, "quad.example", "1 A + 4 AAAA: IPv6 first in 4/5 under any", v6=_OK * 4)
EQUAL = _several(
    "equal.example",
    "2 equal MX, mx1 v4-only: 1/3 under any; all to mx2 under ipv6",
    (3, 10, 1, 0),
    (4, 10, 1, 1),
)
TIERS = _several(
    "tiers.example", "MX 10 and 20, both 1 A + 1 AAAA: 1/2 under any", (5, 10, 1, 1), (6, 20, 1, 1)
)
V6_BEST = _several(
    "v6best.example", "MX 10 v6-only, MX 20 dual: always IPv6 first", (7, 10, 0, 1), (8, 20, 1, 1)
)
V4_BEST = _several(
    "v4best.example", "MX 10 v4-only, MX 20 dual: never IPv6 first", (9, 10, 1, 0), (10, 20, 1, 1)
)
GMAIL_LIKE = _several(
    "five.example",
    "MX 5 to 40, each 1 A + 1 AAAA: 1/2 under any, only the best is used",
    *((11 + k, preference, 1, 1) for k, preference in enumerate((5, 10, 20, 30, 40))),
)
V4_ONLY = single(16, "v4only.example", "1 A: never IPv6", v6=())
V6_ONLY = single(17, "v6only.example", "1 AAAA: always IPv6", v4=())
BLACK_HOLE = single(
    18, "blackhole.example", "IPv6 times out, then IPv4 takes the message", v6=(Service.DROPPED,)
)
UNROUTABLE = single(19, "unroutable.example", "IPv6 has no route: fails at once", v6=(Service.UNROUTED,))
REFUSED = single(20, "refused.example", "IPv6 refuses connections: fails at once", v6=(Service.CLOSED,))
REJECTING = single(21, "reject6.example", "IPv6 says 550 as Gmail does: bounces", v6=(Service.REJECT,))
GREYLISTING = single(22, "greylist6.example", "IPv6 says 450: IPv4 is tried next", v6=(Service.GREYLIST,))
DEAD = single(
    23, "dead.example", "both families refuse: deferred", v4=(Service.CLOSED,), v6=(Service.CLOSED,)
)
TARPIT = single(24, "tarpit.example", "both families greet late", (Service.TARPIT,), (Service.TARPIT,))
HANG_UP = single(25, "hangup6.example", "IPv6 closes before the greeting", v6=(Service.HANG_UP,))
MTU_HOLE = single(
    31, "mtuhole.example", "IPv6 greets, then large messages time out: IPv4 is next", v6=(Service.HOLE,)
)
TLS = single(26, "tls.example", "STARTTLS on both families", (Service.TLS,), (Service.TLS,))
IMPLICIT = Destination(
    "implicit.example",
    "no MX: the domain's own addresses (RFC 5321, 5.1)",
    (),
    (Host("implicit.example", addresses_of(27, _OK, _OK)),),
)
NULL_MX = Destination("nullmx.example", "null MX: bounces at once (RFC 7505)", ((0, "."),), ())
CNAME_MX = Destination(
    "cname.example",
    "the MX is an alias: followed, relay= names the alias",
    ((10, "alias.cname.example"),),
    (
        Host("real.cname.example", addresses_of(28, _OK, _OK)),
        Host("alias.cname.example", (), "real.cname.example"),
    ),
)
DANGLING = Destination(
    "dangling.example", "the MX does not exist: bounces", ((10, "gone.dangling.example"),), ()
)
SERVFAIL6 = single(
    29,
    "servfail6.example",
    "AAAA is answered SERVFAIL: IPv4 only, no trace in the log",
    faults=(Fault("mx.servfail6.example", "AAAA", "servfail"),),
)
SILENT6 = single(
    30,
    "silent6.example",
    "AAAA is never answered: IPv4 only, after the resolver's timeouts",
    faults=(Fault("mx.silent6.example", "AAAA", "silent"),),
)

ALL: tuple[Destination, ...] = (
    *(DUAL, QUAD, EQUAL, TIERS, V6_BEST, V4_BEST, GMAIL_LIKE, V4_ONLY, V6_ONLY),
    *(BLACK_HOLE, UNROUTABLE, REFUSED, REJECTING, GREYLISTING, DEAD, TARPIT, HANG_UP, MTU_HOLE, TLS),
    *(IMPLICIT, NULL_MX, CNAME_MX, DANGLING, SERVFAIL6, SILENT6),
)


def hosted(count: int) -> Iterator[Destination]:
    """`count` domains d0.hosted.example, d1…, each with two MX names of its own on DUAL's addresses.

    For load on DNS and on the screen: every name is a question of its own, no listener is added.
    """
    for n in range(count):
        domain = f"d{n}.hosted.example"
        hosts = tuple(Host(f"mx{k}.{domain}", DUAL.addresses) for k in (1, 2))
        yield Destination(domain, "1 A + 1 AAAA on two MX", ((10, hosts[0].name), (20, hosts[1].name)), hosts)
