"""Ask the mail host's nameservers as its glibc would, and follow aliases as smtp(8) does.

Absolute names, recursion desired, the nameservers in turn, a round again where none answered.  Less
patient than glibc: a try ends after 1 s, then 2 s, the whole after `lifetime`.  It neither caches nor
limits how many questions are open at once: `mxtop.dns.cache` does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from mxtop.dns import names, wire
from mxtop.dns.names import Labels
from mxtop.dns.nameserver import Nameserver
from mxtop.dns.resolvconf import ResolvConf
from mxtop.dns.stream import StreamNameserver
from mxtop.dns.wire import Alias, RdType, Reply
from mxtop.hosts.base import Host
from mxtop.mail.answer import Viewpoint

LIFETIME: Final = 5.0  # seconds
FIRST_TRY, LATER_TRY = 1.0, 2.0  # seconds; never more than resolv.conf's timeout
MAX_LOOKUPS: Final = 10  # dns_lookup.c: a longer chain is a "Name server loop"

_Asked = Nameserver | StreamNameserver


class Resolver:
    """`async with Resolver(conf, host=…) as resolver: reply = await resolver.query(name, "MX")`.

    `host` names the mail host in the viewpoint.  `dnssec` asks with DO and AD, as Postfix does
    under smtp_dns_support_level=dnssec.  `ask_from`: the machine from which to ask, by TCP.
    """

    def __init__(
        self,
        conf: ResolvConf | None = None,
        *,
        host: str = "localhost",
        dnssec: bool = False,
        lifetime: float = LIFETIME,
        clock: Callable[[], float] = time.monotonic,
        ask_from: Host | None = None,
    ) -> None:
        self._conf = conf = conf or ResolvConf()
        self._dnssec = dnssec
        self._lifetime = lifetime
        self._nameservers: list[_Asked] = [
            Nameserver(each, use_tcp=conf.use_tcp, clock=clock)
            if ask_from is None
            else StreamNameserver(each, ask_from, clock=clock)
            for each in conf.nameservers
        ]
        self._no_edns: set[_Asked] = set()
        self.viewpoint = Viewpoint(host, ", ".join(str(each) for each in conf.nameservers))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for nameserver in self._nameservers:
            nameserver.close()

    @property
    def ways(self) -> tuple[str, ...]:
        """How the nameservers are asked: `datagram` from here, else `stream` or `command` from there."""
        return tuple(getattr(each, "way", "datagram") for each in self._nameservers)

    @property
    def down(self) -> bool:
        """True while every nameserver is paused: questions are answered `timeout` at once."""
        return all(nameserver.paused for nameserver in self._nameservers)

    async def query(self, name: str, rdtype: RdType) -> Reply:
        """The outcome for `name`, taken as absolute; never raises for what DNS or the network does.

        The name is in ASCII.  What cannot be one is `nxdomain` without asking, as in dns_lookup.c.
        """
        try:
            absolute = names.labels(name)
        except ValueError:
            return Reply("nxdomain", detail="not a domain name")
        try:
            async with asyncio.timeout(self._lifetime):
                return await self._chase(absolute, rdtype)
        except TimeoutError:
            return Reply("timeout", detail=f"no reply within {self._lifetime:g} s")

    async def _chase(self, name: Labels, rdtype: RdType) -> Reply:
        """Ask for the end of an alias where the reply did not have it, at most MAX_LOOKUPS times."""
        target, ttls = name, list[int]()
        for _ in range(MAX_LOOKUPS):
            reply = await self._exchange(target, rdtype)
            if isinstance(reply, Reply):
                if target == name:
                    return reply
                ttl = min([*ttls, *([reply.ttl] if reply.ttl is not None else [])])
                cname = reply.cname or names.text(target)
                return Reply(reply.status, reply.records, cname, ttl, reply.detail)
            target = reply.target
            ttls.append(reply.ttl)
        return Reply("nodata", cname=names.text(target), ttl=min(ttls), detail="alias loop")

    async def _exchange(self, name: Labels, rdtype: RdType) -> Reply | Alias:
        """One question, to each nameserver in turn until one has an answer.

        The next one is asked after silence, SERVFAIL, NOTIMP or REFUSED, as in res_send.c; where all
        fail, what was said counts before silence.
        """
        asked = wire.question(name, rdtype)
        said: Reply | None = None
        silence = Reply("timeout", detail="no nameserver answers; the next try is due within 30 s")
        for wait in [FIRST_TRY] + [LATER_TRY] * max(1, self._conf.attempts - 1):
            for nameserver in self._nameservers:
                if nameserver.paused:
                    continue
                try:
                    reply = await self._ask(nameserver, asked, name, rdtype, min(wait, self._conf.timeout))
                except OSError as error:
                    words = error.strerror or str(error) or "no reply"
                    silence = Reply("timeout", detail=f"{nameserver.endpoint}: {words}")
                    continue
                if isinstance(reply, Alias) or reply.status not in ("servfail", "refused"):
                    return reply
                said = said or reply
            if said is not None:
                return said
        return silence

    async def _ask(
        self,
        nameserver: Nameserver | StreamNameserver,
        asked: bytes,
        name: Labels,
        rdtype: RdType,
        wait: float,
    ) -> Reply | Alias:
        """One nameserver; without EDNS0 from when it shows that it does not know it (RFC 6891 section 7)."""
        edns = nameserver not in self._no_edns
        message = await nameserver.ask(asked, timeout=wait, edns=edns, dnssec=self._dnssec)
        reply = wire.read(message, name, rdtype)
        if edns and wire.rcode(message) in wire.NO_EDNS:
            message = await nameserver.ask(asked, timeout=wait, edns=False)
            plain = wire.read(message, name, rdtype)
            if isinstance(plain, Alias) or plain.status != "refused":
                self._no_edns.add(nameserver)
            return plain
        return reply
