"""The two lanes."""

from __future__ import annotations

import asyncio
import time

from mxtop.dns.throttle import BACKGROUND_SLOTS, NOW_SLOTS, Throttle


async def test_background_keeps_to_the_rate_after_the_burst() -> None:
    throttle = Throttle(rate=100, burst=10)
    start = time.monotonic()
    await asyncio.gather(*[pass_through(throttle, now=False) for _ in range(40)])
    assert 0.28 < time.monotonic() - start < 0.6


async def test_idle_time_refills_the_burst_and_no_more() -> None:
    clock = 0.0
    throttle = Throttle(rate=100, burst=10, clock=lambda: clock)
    for _ in range(10):
        await pass_through(throttle, now=False)
    clock = 60.0
    start = time.monotonic()
    for _ in range(10):
        await pass_through(throttle, now=False)
    assert time.monotonic() - start < 0.05
    await pass_through(throttle, now=False)
    assert time.monotonic() - start >= 0.01


async def test_now_never_waits_for_the_rate() -> None:
    throttle = Throttle(rate=0.1, burst=1)
    start = time.monotonic()
    await asyncio.gather(*[pass_through(throttle, now=True) for _ in range(500)])
    assert time.monotonic() - start < 0.2


async def test_now_passes_a_background_that_is_stuck() -> None:
    throttle = Throttle()
    stuck = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(100):
            group.create_task(hold(throttle, stuck))
        await asyncio.sleep(0.01)
        async with asyncio.timeout(0.1):
            await pass_through(throttle, now=True)
        stuck.set()


async def test_open_questions_are_limited_in_each_lane() -> None:
    for now, slots in ((True, NOW_SLOTS), (False, BACKGROUND_SLOTS)):
        throttle, inside, most = Throttle(rate=1e6), 0, 0

        async def count(throttle: Throttle = throttle, now: bool = now) -> None:
            nonlocal inside, most
            async with throttle.slot(now=now):
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0.001)
                inside -= 1

        await asyncio.gather(*[count() for _ in range(200)])
        assert most == slots


async def pass_through(throttle: Throttle, *, now: bool) -> None:
    async with throttle.slot(now=now):
        pass


async def hold(throttle: Throttle, until: asyncio.Event) -> None:
    async with throttle.slot(now=False):
        await until.wait()
