"""What DNS offers for a next hop: the front door of this room.

`answer` waits, `peek` never does.  The queries of one answer go out together, first MX or SRV, then A and
AAAA of every host; queries shared with other destinations are asked once (`mxtop.dns.cache`).
"""

from __future__ import annotations

import asyncio

from mxtop.dns.assemble import Question, address_queries, assemble, falls_back, question
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
        """Whose eyes these answers are."""
        return self._resolver.viewpoint

    async def answer(
        self, next_hop: NextHop, transport: Transport, mail_version: str = "", *, now: bool = False
    ) -> Answer:
        """All that DNS says, each part fresh by its TTL.

        `now` where somebody waits for it: else the queries keep to the background's rate.  What fails is
        told in the statuses and warnings, never raised.
        """
        asked = question(next_hop, transport, mail_version)
        entry = await self._get(asked.first, now)
        warnings: tuple[str, ...] = ()
        if asked.mode == "srv" and entry is not None and falls_back(asked, entry):
            warnings = (_fell_back(asked, entry),)
            asked = asked.without_srv()
            entry = await self._get(asked.first, now)
        queries = list(address_queries(asked, entry))
        async with asyncio.TaskGroup() as group:
            parts = {query: group.create_task(self._cached(query, now)) for query in queries}
        return assemble(
            asked,
            entry,
            lambda name, rdtype: parts[name, rdtype].result() if (name, rdtype) in parts else None,
            self._resolver.viewpoint,
            warnings,
        )

    def peek(self, next_hop: NextHop, transport: Transport, mail_version: str = "") -> Answer | None:
        """What is known already, up to a day past its TTL (`fetched` tells the age).

        None before the first answer; a host not asked for yet has the statuses None.
        """
        asked = question(next_hop, transport, mail_version)
        entry = self._peek(asked.first)
        warnings: tuple[str, ...] = ()
        if asked.mode == "srv" and entry is not None and falls_back(asked, entry):
            warnings = (_fell_back(asked, entry),)
            asked = asked.without_srv()
            entry = self._peek(asked.first)
        if entry is None and asked.first is not None:
            return None
        queries = list(address_queries(asked, entry))
        if entry is None and queries and not any(self._peek(query) for query in queries):
            return None
        return assemble(asked, entry, lambda *query: self._peek(query), self._resolver.viewpoint, warnings)

    async def _get(self, query: tuple[str, RdType] | None, now: bool) -> Entry | None:
        return None if query is None else await self._cached(query, now)

    async def _cached(self, query: tuple[str, RdType], now: bool) -> Entry:
        return await self._cache.get(self._resolver, *query, now=now)

    def _peek(self, query: tuple[str, RdType] | None) -> Entry | None:
        if query is None:
            return None
        name, rdtype = query
        return self._cache.peek((self._resolver.viewpoint, name.lower(), rdtype))


def _fell_back(asked: Question, entry: Entry) -> str:
    return f"SRV of {asked.srv_name}: {entry.reply.status}; Postfix goes on with MX"
