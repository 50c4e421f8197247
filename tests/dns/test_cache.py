"""TTLs by a clock of the test's own, coalescing, back-off, and what happens to those who wait."""

from __future__ import annotations

import asyncio
import sys

import pytest

from mxtop.dns.cache import MAX_ENTRIES, STALE_SECONDS, Cache
from mxtop.dns.throttle import Throttle
from mxtop.dns.wire import RdType, Record, Reply
from mxtop.mail.answer import Viewpoint


class Scripted:
    """A resolver that gives `reply` once `gate` is open, and counts."""

    def __init__(self, reply: Reply, host: str = "mail1") -> None:
        self.viewpoint = Viewpoint(host, "127.0.0.1")
        self.ways = ("datagram",)
        self.reply = reply
        self.asked: list[tuple[str, RdType]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def query(self, name: str, rdtype: RdType) -> Reply:
        self.asked.append((name, rdtype))
        await self.gate.wait()
        return self.reply


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> Cache:
    return Cache(clock=clock, wall=lambda: clock.now + 1e9, jitter=lambda: 1.0)


def ok(ttl: int | None = 300) -> Reply:
    return Reply("ok", (Record("192.0.2.1"),), None, ttl)


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (ok(300), 300),
        (ok(9), 30),
        (ok(0), 30),
        (ok(86400), 3600),
        (Reply("nxdomain", ttl=120), 120),
        (Reply("nodata", ttl=7200), 900),
        (Reply("nodata"), 30),
        (Reply("servfail"), 30),
        (Reply("timeout"), 30),
        (Reply("refused"), 30),
    ],
)
async def test_how_long_a_reply_lasts(cache: Cache, clock: Clock, reply: Reply, seconds: float) -> None:
    resolver = Scripted(reply)
    first = await cache.get(resolver, "a.example", "A")
    clock.now += seconds - 0.1
    assert await cache.get(resolver, "a.example", "A") is first
    assert len(resolver.asked) == 1
    clock.now += 0.2
    again = await cache.get(resolver, "a.example", "A")
    assert len(resolver.asked) == 2
    assert again.fetched == 1e9 + clock.now


async def test_failures_back_off_and_success_forgets_them(cache: Cache, clock: Clock) -> None:
    resolver = Scripted(Reply("timeout"))
    for seconds in (30, 60, 120, 300, 300):
        before = len(resolver.asked)
        await cache.get(resolver, "a.example", "A")
        clock.now += seconds - 0.1
        await cache.get(resolver, "a.example", "A")
        assert len(resolver.asked) == before + 1, seconds
        clock.now += 0.2
    resolver.reply = ok(30)
    await cache.get(resolver, "a.example", "A")
    clock.now += 31
    resolver.reply = Reply("timeout")
    entry = await cache.get(resolver, "a.example", "A")
    assert entry.expires == clock.now + 30


async def test_jitter_spreads_expiry(clock: Clock) -> None:
    cache = Cache(clock=clock)
    entries = [await cache.get(Scripted(ok()), f"d{n}.example", "A", now=True) for n in range(50)]
    spans = {entry.expires - clock.now for entry in entries}
    assert len(spans) > 40
    assert all(270 <= span <= 330 for span in spans)


async def test_viewpoint_and_type_are_part_of_the_key_and_case_is_not(cache: Cache) -> None:
    here, there = Scripted(ok()), Scripted(ok(), host="mail2")
    await cache.get(here, "A.example", "A")
    await cache.get(here, "a.EXAMPLE", "A")
    await cache.get(here, "a.example", "AAAA")
    await cache.get(there, "a.example", "A")
    assert (len(here.asked), len(there.asked)) == (2, 1)


async def test_peek_serves_stale_for_a_day(cache: Cache, clock: Clock) -> None:
    resolver = Scripted(ok(300))
    key = (resolver.viewpoint, "a.example", "A")
    assert cache.peek(key) is None
    entry = await cache.get(resolver, "a.example", "A")
    clock.now += 300 + STALE_SECONDS - 1
    assert cache.fresh(key) is None
    assert cache.peek(key) is entry
    clock.now += 2
    assert cache.peek(key) is None


async def test_a_failure_replaces_what_was_known(cache: Cache, clock: Clock) -> None:
    resolver = Scripted(ok(30))
    await cache.get(resolver, "a.example", "A")
    clock.now += 31
    resolver.reply = Reply("timeout")
    await cache.get(resolver, "a.example", "A")
    entry = cache.peek((resolver.viewpoint, "a.example", "A"))
    assert entry is not None and entry.reply.status == "timeout"


async def test_callers_share_one_question(cache: Cache) -> None:
    resolver = Scripted(ok())
    entries = await asyncio.gather(*[cache.get(resolver, "a.example", "A") for _ in range(50)])
    assert len(resolver.asked) == 1
    assert len({id(entry) for entry in entries}) == 1


async def test_a_cancelled_asker_leaves_the_question_to_the_next(cache: Cache) -> None:
    resolver = Scripted(ok())
    resolver.gate.clear()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(cache.get(resolver, "a.example", "A"))
        others = [group.create_task(cache.get(resolver, "a.example", "A")) for _ in range(5)]
        await asyncio.sleep(0)
        first.cancel()
        others[0].cancel()
        await asyncio.sleep(0)
        resolver.gate.set()
    assert len(resolver.asked) == 2
    assert all(other.result().reply == ok() for other in others[1:])


async def test_now_overtakes_the_same_question_that_still_queues(clock: Clock) -> None:
    cache = Cache(throttle=Throttle(rate=0.5, burst=0), clock=clock)
    resolver = Scripted(ok())
    async with asyncio.TaskGroup() as group:
        slow = group.create_task(cache.get(resolver, "a.example", "A"))
        await asyncio.sleep(0.01)
        assert resolver.asked == []
        async with asyncio.timeout(0.5):
            entry = await cache.get(resolver, "a.example", "A", now=True)
    assert slow.result() is entry
    assert len(resolver.asked) == 1, "the slow lane found it answered"


async def test_the_longest_ago_fetched_goes_first(clock: Clock) -> None:
    cache = Cache(max_entries=3, clock=clock, jitter=lambda: 1.0)
    resolver = Scripted(ok(30))
    for name in ("a", "b", "c"):
        await cache.get(resolver, name, "A")
    clock.now += 31
    await cache.get(resolver, "a", "A")
    await cache.get(resolver, "d", "A")
    assert len(cache) == 3
    assert [cache.peek((resolver.viewpoint, name, "A")) is not None for name in "abcd"] == [
        True,
        False,
        True,
        True,
    ]


async def test_an_entry_is_small() -> None:
    """Name and key included; shared objects counted as if they were not."""
    cache = Cache()
    resolver = Scripted(ok())
    entry = await cache.get(resolver, "mx1.d1.example", "A")
    key = (resolver.viewpoint, "mx1.d1.example", "A")
    record = Record("192.0.2.1")
    parts = [entry, entry.reply, entry.reply.records, record, record.value, key, key[1], entry.expires, 1.5]
    assert sum(map(sys.getsizeof, parts)) < 800
    assert not hasattr(entry, "__dict__") and not hasattr(entry.reply, "__dict__")
    assert MAX_ENTRIES * 800 < 64 * 1024 * 1024
