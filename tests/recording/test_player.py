"""The player keeps a recording's time."""

from __future__ import annotations

import time
from pathlib import Path

from mxtop.mail.snapshot import QueueCounts
from mxtop.recording.file import Header, Writer
from mxtop.recording.player import play


async def test_samples_come_when_they_are_due_and_the_first_at_once(tmp_path: Path) -> None:
    path = tmp_path / "r.gz"
    with Writer(path, Header("mx1", 0.0)) as out:
        for second in (0.0, 10.0, 11.0, 12.0):
            out.add(second, QueueCounts(active=int(second)))
    start = time.monotonic()
    seen = [
        (elapsed, round(time.monotonic() - start, 1)) async for elapsed, _ in play(path, speed=10, skip=10)
    ]
    assert seen == [(0.0, 0.0), (10.0, 0.0), (11.0, 0.1), (12.0, 0.2)]
