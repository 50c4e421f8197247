"""The two lanes."""

from __future__ import annotations

import asyncio

import pytest

from mxtop.dns.throttle import BACKGROUND_SLOTS, NOW_SLOTS, Throttle


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the throttle would have slept; nothing sleeps."""
    asked: list[float] = []

    async def sleep(seconds: float) -> None:
        asked.append(round(seconds, 6))

    monkeypatch.setattr("mxtop.dns.throttle.asyncio.sleep", sleep)
    return asked


async def test_background_keeps_to_the_rate_after_the_burst(sleeps: list[float]) -> None:
    throttle = Throttle(rate=100, burst=10, clock=lambda: 0.0)
    await asyncio.gather(*[pass_through(throttle, now=False) for _ in range(40)])
    assert sleeps == [number / 100 for number in range(1, 31)]


async def test_idle_time_refills_the_burst_and_no_more(sleeps: list[float]) -> None:
    clock = 0.0
    throttle = Throttle(rate=100, burst=10, clock=lambda: clock)
    for _ in range(10):
        await pass_through(throttle, now=False)
    clock = 60.0
    for _ in range(10):
        await pass_through(throttle, now=False)
    assert sleeps == []
    await pass_through(throttle, now=False)
    assert sleeps == [0.01]


async def test_now_never_waits_for_the_rate(sleeps: list[float]) -> None:
    throttle = Throttle(rate=0.1, burst=1)
    await asyncio.gather(*[pass_through(throttle, now=True) for _ in range(500)])
    assert sleeps == []


async def test_now_passes_a_background_that_is_stuck() -> None:
    throttle = Throttle()
    stuck = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(100):
            group.create_task(hold(throttle, stuck))
        await asyncio.sleep(0.01)
        async with asyncio.timeout(20):
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
