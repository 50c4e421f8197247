"""What DNS offers for a next hop: the front door of this room.

`answer` waits, `peek` never does.  The queries of one answer go out together, first MX or SRV, then A and
AAAA of every host; queries shared with other destinations are asked once (`mxtop.dns.cache`).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Literal

from mxtop.dns.assemble import Known, Question, address_queries, assemble, falls_back, is_null, question
from mxtop.dns.cache import Asks, Cache, Entry
from mxtop.dns.wire import RdType
from mxtop.mail.answer import Answer, Viewpoint
from mxtop.mail.nexthop import NextHop
from mxtop.mail.settings import Transport


class Lookup:
    """One mail host's view: its resolver, and a cache that may be shared with other hosts."""

    def __init__(self, resolver: Asks, cache: Cache) -> None:
        self._resolver = resolver
        self._cache = cache

    @property
    def viewpoint(self) -> Viewpoint:
        """Whose eyes these answers are, and by which way they came last."""
        ways = self._resolver.ways
        way: Literal["", "stream", "command"]
        way = "command" if "command" in ways else "stream" if "stream" in ways else ""
        return replace(self._resolver.viewpoint, way=way)

    async def answer(
        self,
        next_hop: NextHop,
        transport: Transport,
        mail_version: str = "",
        *,
        own: frozenset[str] = frozenset(),
        now: bool = False,
    ) -> Answer:
        """All that DNS says, each part fresh by its TTL.

        `own` are inet_interfaces and proxy_interfaces: SRV records that lead back here may be passed over.
        `now` where somebody waits for it: else the queries keep to the background's rate.  What fails is
        told in the statuses and warnings, never raised.
        """
        asked = question(next_hop, transport, mail_version, own)
        entry, known = await self._ask(asked, now)
        warnings: tuple[str, ...] = ()
        if asked.mode == "srv" and entry is not None and falls_back(asked, entry, known):
            warnings = (_fell_back(asked, entry),)
            asked = asked.without_srv()
            entry, known = await self._ask(asked, now)
        return assemble(asked, entry, known, self.viewpoint, warnings)

    async def _ask(self, asked: Question, now: bool) -> tuple[Entry | None, Known]:
        """The MX or SRV reply, and the address replies that follow from it."""
        entry = None if asked.first is None else await self._cached(asked.first, now)
        async with asyncio.TaskGroup() as group:
            parts = {
                query: group.create_task(self._cached(query, now)) for query in address_queries(asked, entry)
            }
        found = {query: part.result() for query, part in parts.items()}
        return entry, lambda name, rdtype: found.get((name, rdtype))

    def peek(
        self,
        next_hop: NextHop,
        transport: Transport,
        mail_version: str = "",
        *,
        own: frozenset[str] = frozenset(),
    ) -> Answer | None:
        """What is known already, up to a day past its TTL (`fetched` tells the age).

        None before the first answer; a host not asked for yet has the statuses None.
        """
        asked = question(next_hop, transport, mail_version, own)
        entry = self._peek(asked.first)
        warnings: tuple[str, ...] = ()
        if asked.mode == "srv" and entry is not None and falls_back(asked, entry, self._known):
            warnings = (_fell_back(asked, entry),)
            asked = asked.without_srv()
            entry = self._peek(asked.first)
        if entry is None and asked.first is not None:
            return None
        queries = list(address_queries(asked, entry))
        if entry is None and queries and not any(self._peek(query) for query in queries):
            return None
        return assemble(asked, entry, self._known, self.viewpoint, warnings)

    def _known(self, name: str, rdtype: RdType) -> Entry | None:
        return self._peek((name, rdtype))

    async def _cached(self, query: tuple[str, RdType], now: bool) -> Entry:
        return await self._cache.get(self._resolver, *query, now=now)

    def _peek(self, query: tuple[str, RdType] | None) -> Entry | None:
        if query is None:
            return None
        name, rdtype = query
        return self._cache.peek((self._resolver.viewpoint, name.lower(), rdtype))


def _fell_back(asked: Question, entry: Entry) -> str:
    status: str = entry.reply.status
    if status == "ok":
        status = "null SRV" if is_null(asked, entry) else "no target with an address but this host itself"
    instead = "the address of the name" if asked.transport.command == "lmtp" else "MX"
    return f"SRV of {asked.srv_name}: {status}; Postfix goes on with {instead}"
