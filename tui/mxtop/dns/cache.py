"""What was asked lately, and by whom: replies kept for as long as their TTL and good sense allow.

One cache serves all watched hosts: the viewpoint is part of the key.  A failed lookup replaces what
was known before, because Postfix fails in the same way at that moment.  What has only expired stays
readable through `peek`, with its age, for a day.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from mxtop.dns.throttle import Throttle
from mxtop.dns.wire import RdType, Reply
from mxtop.mail.answer import Viewpoint

MAX_ENTRIES: Final = 50_000  # 0.6 kB each: 30 MB
POSITIVE: Final = (30.0, 3600.0)  # seconds: TTLs are clamped to this
NEGATIVE: Final = (30.0, 900.0)
BACK_OFF: Final = (30.0, 60.0, 120.0, 300.0)  # after the first, second, … failure in a row
STALE_SECONDS: Final = 86_400.0


class Asks(Protocol):
    """A Resolver, as far as the cache needs one."""

    viewpoint: Viewpoint

    @property
    def ways(self) -> tuple[str, ...]: ...

    async def query(self, name: str, rdtype: RdType) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A reply; `fetched` is time.time(), `expires` and `failures` are the cache's own affair."""

    reply: Reply
    fetched: float
    expires: float
    failures: int = 0


Key = tuple[Viewpoint, str, RdType]  # the name in lower case, no final dot


@dataclass(slots=True, eq=False)
class _Flight:
    """A question on its way, and those who wait for it too."""

    now: bool
    landed: asyncio.Event


class Cache:
    """`get` waits for a fresh reply, `peek` takes what there is.  Usable from one event loop only.

    `clock` counts seconds for expiry, `wall` is the time of day, `jitter` a factor around 1 that spreads the
    expiry of what was fetched together.
    """

    def __init__(
        self,
        *,
        throttle: Throttle | None = None,
        max_entries: int = MAX_ENTRIES,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        jitter: Callable[[], float] = lambda: random.uniform(0.9, 1.1),  # noqa: S311 - no secret
    ) -> None:
        self._throttle = throttle or Throttle()
        self._max_entries = max_entries
        self._clock, self._wall, self._jitter = clock, wall, jitter
        self._entries: dict[Key, Entry] = {}  # the longest ago fetched first
        self._flights: dict[Key, _Flight] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def fresh(self, key: Key) -> Entry | None:
        entry = self._entries.get(key)
        return entry if entry is not None and self._clock() < entry.expires else None

    def peek(self, key: Key) -> Entry | None:
        """What was last said, a day after its expiry at most."""
        entry = self._entries.get(key)
        return entry if entry is not None and self._clock() < entry.expires + STALE_SECONDS else None

    async def get(self, resolver: Asks, name: str, rdtype: RdType, *, now: bool = False) -> Entry:
        """A fresh entry, asked for where there is none; `now` where somebody waits for it.

        Callers that want the same share one question.  One that is cancelled leaves the question to the next.
        """
        key = (resolver.viewpoint, name.lower(), rdtype)
        while (entry := self.fresh(key)) is None:
            flight = self._flights.get(key)
            if flight is None or (now and not flight.now):  # one in the slow lane may still queue: overtake
                return await self._fly(resolver, key, now)
            await flight.landed.wait()
        return entry

    async def _fly(self, resolver: Asks, key: Key, now: bool) -> Entry:
        flight = self._flights[key] = _Flight(now, asyncio.Event())
        try:
            async with self._throttle.slot(now=now):
                return self.fresh(key) or self._store(key, await resolver.query(key[1], key[2]))
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]
            flight.landed.set()

    def _store(self, key: Key, reply: Reply) -> Entry:
        before = self._entries.pop(key, None)
        failures = 0
        if reply.status in ("ok", "nodata", "nxdomain"):
            least, most = POSITIVE if reply.status == "ok" else NEGATIVE
            lasts = min(max(reply.ttl or 0, least), most)
        else:
            failures = 1 + (before.failures if before is not None else 0)
            lasts = BACK_OFF[min(failures, len(BACK_OFF)) - 1]
        entry = Entry(reply, self._wall(), self._clock() + lasts * self._jitter(), failures)
        self._entries[key] = entry
        while len(self._entries) > self._max_entries:
            del self._entries[next(iter(self._entries))]
        return entry
