"""A recording gives the screen what the live session gave it."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mxtop.mail.batch import Batch
from mxtop.mail.sample import Sample, SocketSample
from mxtop.mail.settings import Settings
from mxtop.mail.snapshot import QueueCounts, Snapshot
from mxtop.recording.file import Header, Writer
from mxtop.session import replay as module
from mxtop.session.replay import ReplaySession

STARTED = 1795458696.0  # 2026-11-23T18:31:36Z


def sent(second: int, name: str = "postfix") -> Batch:
    time = f"2026-11-23T18:{31 + (36 + second) // 60:02}:{(36 + second) % 60:02}+00:00"
    line = (
        f"{time} mx1 {name}/smtp[7]: 4A5B6C7D8{second % 10}: to=<u@dual.example>, relay=mx.dual.example"
        "[2001:db8::1]:25, delay=1, delays=0.1/0/0.4/0.5, dsn=2.0.0, status=sent (250 ok)\n"
    )
    return Batch(text=line, origin="mail.log", reference=STARTED)


def write(path: Path, samples: list[tuple[float, Sample]]) -> Path:
    with Writer(path, Header("mx1.example", STARTED)) as out:
        for elapsed, sample in samples:
            out.add(elapsed, sample)
    return path


async def run(session: ReplaySession, until: Callable[[Snapshot], bool]) -> list[Snapshot]:
    """Its snapshots, up to the first that is wanted."""
    seen: list[Snapshot] = []
    done = asyncio.Event()

    def publish(snapshot: Snapshot) -> None:
        seen.append(snapshot)
        if until(snapshot):
            done.set()

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        task = group.create_task(session.run(publish))
        await done.wait()
        task.cancel()
    return seen


def ended(snapshot: Snapshot) -> bool:
    return snapshot.feeds["log"].state == "ended"


async def test_the_first_snapshot_has_what_was_skipped_its_rates_and_its_sparkline(tmp_path: Path) -> None:
    path = write(tmp_path / "r", [(float(s), sent(s)) for s in range(60)] + [(100.0, QueueCounts(active=1))])
    first, *_ = await run(ReplaySession(path, mode="demo", skip=60.0), lambda snapshot: True)
    assert first.mode == "demo"
    assert first.totals.deliveries == {"sent": 60}
    assert first.sent_rate == pytest.approx(1.0, abs=0.05)
    assert len(first.history) >= 58
    assert max(first.history) == 1.0
    assert first.time == pytest.approx(STARTED + 60, abs=1)


async def test_a_replay_stands_still_at_its_end(tmp_path: Path) -> None:
    path = write(tmp_path / "r", [(0.0, sent(0)), (5.0, sent(5))])
    session = ReplaySession(path, speed=50, interval=0.02)
    seen = await run(session, ended)
    assert seen[-1].totals.deliveries == {"sent": 2}
    assert seen[-1].feeds["log"].detail == "r"
    before = session.now()
    await asyncio.sleep(0.1)
    assert session.now() == before == pytest.approx(STARTED + 5, abs=3)


async def test_the_demo_begins_again_with_counts_that_begin_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REST", 0.05)
    path = write(tmp_path / "r", [(0.0, sent(0)), (0.1, sent(1)), (0.2, sent(2))])
    counts: list[int] = []
    times: list[float] = []

    def again(snapshot: Snapshot) -> bool:
        counts.append(snapshot.totals.deliveries.get("sent", 0))
        times.append(snapshot.time)
        return 3 in counts and counts[-1] < 3

    await run(ReplaySession(path, mode="demo", interval=0.01), again)
    assert counts[-1] in (0, 1)
    assert times[-1] < times[-2]


async def test_another_instances_lines_are_told_apart_as_they_were_live(tmp_path: Path) -> None:
    settings = Settings(syslog_name="postfix-out", syslog_names=("postfix-out",))
    path = write(tmp_path / "r", [(0.0, settings), (0.1, sent(0)), (0.2, sent(1, "postfix-out"))])
    last = (await run(ReplaySession(path, interval=0.02), ended))[-1]
    assert last.totals.deliveries == {"sent": 1}
    assert last.totals.other_instances == 1
    assert last.settings == settings


async def test_a_damaged_recording_says_where_and_keeps_what_came_before(tmp_path: Path) -> None:
    good = write(tmp_path / "good", [(0.0, sent(0)), (0.1, SocketSample(()))])
    lines = gzip.decompress(good.read_bytes()).splitlines()
    for damage in ([0.2, "log"], [0.2, "log", {"text": 1}], [None, "queue", {}], [0.2, "resolved", {}], 7):
        path = tmp_path / "bad"
        path.write_bytes(gzip.compress(b"\n".join([*lines, json.dumps(damage).encode()]) + b"\n"))
        seen = await run(ReplaySession(path, interval=0.02), lambda s: s.feeds["log"].state == "down")
        assert seen[-1].feeds["log"].detail == f"{path} is damaged in line 4"
        assert seen[-1].totals.deliveries == {"sent": 1}


async def test_however_fast_it_plays_others_run_meanwhile(tmp_path: Path) -> None:
    path = write(tmp_path / "r", [(float(i), QueueCounts(active=i)) for i in range(3000)])
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(other())
        await run(ReplaySession(path, speed=1e9), ended)
        task.cancel()
    assert turns > 1000
