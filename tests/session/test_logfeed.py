"""The log in two readings, newest first: the same in the end as read in order, by the real worker process."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mxtop.mail.batch import Batch
from mxtop.mail.snapshot import Feed
from mxtop.mail.tracker import Tracker
from mxtop.report.report import build
from mxtop.session import history
from mxtop.session.core import Core
from mxtop.session.logfeed import LogFeed
from mxtop.session.reader import Reader
from mxtop.sources.file import Follower
from mxtop.sources.history import HistoryFile, plan, read

LINE = "2026-11-23T18:{:02}:{:02}+00:00 mx1 postfix/{}[{}]: {}\n"


def text(start: int, count: int) -> str:
    """Messages with failed attempts, retries and several recipients, numbered from `start`."""
    found = []
    for n in range(start, start + count):
        queue_id, at, pid = f"4A5B6C{n:05X}", divmod(n // 10 % 3600, 60), n % 7
        peer = f"2001:db8::{n % 5 + 1:x}" if n % 3 else f"192.0.2.{n % 5 + 1}"
        said = [
            ("qmgr", 1, f"{queue_id}: from=<a@b.example>, size=1, nrcpt=1 (queue active)"),
            ("smtp", pid, f"connect to mx.d{n % 11}.example[2001:db8::9]:25: Connection timed out"),
            ("smtp", pid, f"{queue_id}: to=<u@d{n % 11}.example>, relay=mx.d{n % 11}.example[{peer}]:25, "
             f"delay={n % 9}, delays=0.1/0/0.4/0.5, dsn=2.0.0, "
             f"status={'sent' if n % 4 else 'deferred'} (250 ok {n})"),
            ("qmgr", 1, f"{queue_id}: removed"),
        ]  # fmt: skip
        found += [LINE.format(*at, name, process, words) for name, process, words in said]
    return "".join(found)


def in_order(*paths: Path) -> Any:
    tracker = Tracker()
    reader = Reader(tracker)
    for path in paths:
        for batch in read(path):
            reader.feed(batch)
    return document(tracker)


def document(tracker: Tracker) -> Any:
    return json.loads(json.dumps(build(tracker)))


class Told:
    """What a LogFeed told a Core, and its feeds."""

    def __init__(self, pieces: Sequence[HistoryFile] = ()) -> None:
        self.core = Core("mx1")
        self.feeds: list[Feed] = []
        self.feed = LogFeed(self.take, self.core.swap, self.show, "mail.log", pieces)

    @property
    def live(self) -> bool:
        return bool(self.feeds) and self.feeds[-1].state == "live"

    def take(self, batch: Batch) -> None:
        self.core.take(batch, 0.0)

    def show(self, feed: Feed) -> None:
        self.feeds.append(feed)
        self.core.take(feed, 0.0)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.01)


async def follow(path: Path, newest: int, until: Callable[[Told], bool] = lambda told: told.live) -> Told:
    """As the session does it."""
    division = plan(path, newest)
    told = Told(division.older)
    follower = Follower(path, division.start)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(told.feed.newest(follower.batches())),
            group.create_task(told.feed.older(None)),
            group.create_task(told.feed.watch(lambda: follower.caught_up)),
        ]
        await told.until(lambda: until(told))
        for task in tasks:
            task.cancel()
    return told


def write(directory: Path) -> tuple[Path, list[Path]]:
    """A log with a packed and a plain rotated one."""
    log, one, two = directory / "mail.log", directory / "mail.log.1", directory / "mail.log.2.gz"
    two.write_bytes(gzip.compress(text(0, 400).encode()))
    one.write_text(text(400, 400))
    log.write_text(text(800, 400))
    for n, path in enumerate((two, one, log)):
        os.utime(path, (1795458696 + n * 60, 1795458696 + n * 60))
    return log, [two, one, log]


@pytest.mark.parametrize("newest", [1, 5_000, 150_000, 10**9])
async def test_two_readings_are_one(tmp_path: Path, newest: int) -> None:
    log, files = write(tmp_path)
    told = await follow(log, newest)
    assert document(told.core.tracker) == in_order(*files)
    assert told.feeds[-1].remedy == ""
    shares = [feed.progress for feed in told.feeds if feed.progress is not None]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


async def test_lines_that_come_meanwhile_are_counted_once_and_in_order(tmp_path: Path) -> None:
    log, files = write(tmp_path)
    number = 1200

    def more(told: Told) -> bool:
        nonlocal number
        if number < 1500:
            with log.open("a") as file:
                file.write(text(number, 10))
            number += 10
        return told.live and number >= 1500 and told.core.tracker.lines == 1500 * 4

    told = await follow(log, 5_000, more)
    assert document(told.core.tracker) == in_order(*files)


async def test_a_worker_that_dies_costs_the_older_part_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, _ = write(tmp_path)
    start = asyncio.create_subprocess_exec

    async def killed(*argv: str, **options: Any) -> asyncio.subprocess.Process:
        process = await start(*argv, **options)
        process.send_signal(signal.SIGKILL)
        return process

    monkeypatch.setattr(history.asyncio, "create_subprocess_exec", killed)
    told = await follow(log, 5_000)
    assert "the newest part of the log is shown, the older one not" in told.feeds[-1].remedy
    assert 0 < told.core.tracker.lines < 1600
    assert told.feeds[-1].progress is None


async def test_too_much_that_is_new_leaves_the_older_part_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mxtop.session.logfeed.KEEP", 1000)
    log, _ = write(tmp_path)
    told = await follow(log, 5_000, lambda told: told.live and bool(told.feeds[-1].remedy))
    assert "the older log is not counted" in told.feeds[-1].remedy


async def test_an_empty_log_is_live_at_once(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.touch()
    told = await follow(log, 5_000)
    assert [feed.state for feed in told.feeds] == ["live"]


async def test_standard_input_is_caught_up_at_its_end() -> None:
    async def batches() -> AsyncIterator[Batch]:
        yield Batch(text=text(0, 5))

    told = Told()
    await told.feed.newest(batches())
    assert told.feed.caught_up.is_set()
    assert told.core.tracker.lines == 20
