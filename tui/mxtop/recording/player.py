"""Plays a recording in its own time, or faster."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from mxtop.mail.sample import Sample
from mxtop.recording.file import samples


async def play(
    path: Path,
    *,
    speed: float = 1.0,
    skip: float = 0.0,
    skipped: Callable[[], None] = lambda: None,
) -> AsyncIterator[tuple[float, Sample]]:
    """Yield (elapsed, sample) when it is due.  The first `skip` seconds come at once, so that the
    first screen has something to show; then `skipped` is called.  From there on it lets others run between
    two samples, however fast it plays.
    """
    start = time.monotonic()
    skipping = True
    for elapsed, sample in samples(path, skip):
        if skipping and elapsed >= skip:
            skipping = False
            skipped()
        if not skipping:
            due = start + (elapsed - skip) / speed
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        yield elapsed, sample
