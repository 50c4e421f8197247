"""The player keeps a recording's time."""

from __future__ import annotations

from pathlib import Path

import pytest

from mxtop.mail.snapshot import QueueCounts
from mxtop.recording.file import Header, Writer
from mxtop.recording.player import play


async def test_samples_come_when_they_are_due_and_the_first_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.gz"
    with Writer(path, Header("mx1", 0.0)) as out:
        for second in (0.0, 10.0, 11.0, 12.0):
            out.add(second, QueueCounts(active=int(second)))
    now, slept = 1000.0, list[float]()

    async def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(round(seconds, 6))
        now += seconds + 0.02  # a busy machine wakes late; what comes next is not late for that

    monkeypatch.setattr("mxtop.recording.player.asyncio.sleep", sleep)
    monkeypatch.setattr("mxtop.recording.player.time.monotonic", lambda: now)
    assert [elapsed async for elapsed, _ in play(path, speed=10, skip=10)] == [0.0, 10.0, 11.0, 12.0]
    assert slept == [0.0, 0.08, 0.08], "at 1000.02 until 1000.1, at 1000.12 until 1000.2"
