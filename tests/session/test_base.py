"""What every session shares: when a snapshot comes, and what the recorder is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from mxtop.hosts import beat
from mxtop.mail.batch import Batch
from mxtop.mail.sample import Sample
from mxtop.mail.snapshot import Feed, QueueCounts, Snapshot
from mxtop.session import base
from mxtop.session.base import Session
from mxtop.session.core import Core

LIMIT = 30.0
BATCH = Batch(text="2026-11-23T18:41:28+00:00 mx1 postfix/smtp[7]: hello\n", reference=0.0)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():
            await asyncio.sleep(0.01)


async def ticking(session: Session, story: Callable[[list[Snapshot]], object]) -> None:
    """The session's ticks while an awaitable story goes on."""
    seen: list[Snapshot] = []
    async with asyncio.TaskGroup() as group:
        ticks = group.create_task(session.ticks(seen.append))
        await story(seen)  # type: ignore[misc]
        ticks.cancel()


async def test_the_first_snapshot_waits_for_something_to_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "PATIENCE", LIMIT)
    session = Session(Core("mx1"), interval=LIMIT)
    caught_up = asyncio.Event()

    async def story(seen: list[Snapshot]) -> None:
        ready = asyncio.ensure_future(session.ready_after(caught_up))
        await asyncio.sleep(0)
        assert seen == []
        session.take(BATCH)
        caught_up.set()
        await until(lambda: seen)
        assert seen[0].totals.lines == 1
        await ready

    await ticking(session, story)


async def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "PATIENCE", 0.01)
    session = Session(Core("mx1"), interval=LIMIT)

    async def story(seen: list[Snapshot]) -> None:
        await until(lambda: seen)
        assert not session.ready.is_set()

    await ticking(session, story)


async def test_another_interval_counts_from_now_on_not_after_the_old_one() -> None:
    session = Session(Core("mx1"), interval=LIMIT * 100)
    session.ready.set()

    async def story(seen: list[Snapshot]) -> None:
        await until(lambda: seen)
        session.set_interval(0.01)
        await until(lambda: len(seen) > 3)

    await ticking(session, story)


async def test_what_comes_at_the_moment_of_a_tick_is_in_its_snapshot() -> None:
    session = Session(Core("mx1"), interval=0.05)
    taken = 0
    counts: list[tuple[int, int]] = []

    async def feed() -> None:
        nonlocal taken
        while True:
            await beat.rest(0.05)
            await asyncio.sleep(0)
            session.take(BATCH)
            taken += 1

    async with asyncio.TaskGroup() as group:
        session.ready.set()
        ticks = group.create_task(session.ticks(lambda shown: counts.append((shown.totals.lines, taken))))
        feeding = group.create_task(feed())  # its timer is set after that of the tick
        await until(lambda: len(counts) > 5)
        ticks.cancel()
        feeding.cancel()
    assert [lines for lines, _ in counts] == [known for _, known in counts]
    assert counts[0] == (0, 0) and sorted({lines for lines, _ in counts}) == [lines for lines, _ in counts]


async def test_a_recorder_gets_every_sample_but_what_is_said_of_feeds() -> None:
    session = Session(Core("mx1"))
    session.take(BATCH)
    assert not session.tapped
    samples: list[Sample] = []
    session.tap(samples.append)
    assert session.tapped
    for sample in (BATCH, QueueCounts(active=3), Feed(name="log", state="live")):
        session.take(sample)
    assert samples == [BATCH, QueueCounts(active=3)]
    shown = session.core.look(session.now())
    assert (shown.totals.lines, shown.queue, shown.feeds["log"].state) == (2, QueueCounts(active=3), "live")


async def test_a_session_of_files_can_do_nothing_about_hosts() -> None:
    session = Session(Core("mail.log", "files"))
    assert (session.fixing, session.asking, session.host) == (None, None, "mail.log")
    session.retry()
    assert await session.notices() == []
    session.select("a.example")
    assert session.selected == "a.example"
