"""Plays a recording in its own time, or faster."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from mxtop.mail.sample import Sample
from mxtop.recording.file import samples


async def play(
    path: Path, *, speed: float = 1.0, skip: float = 0.0, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[tuple[float, Sample]]:
    """Yield (elapsed, sample) when it is due.  The first `skip` seconds come at once, so that the
    first screen has something to show.
    """
    start = clock()
    for elapsed, sample in samples(path):
        due = start + max(0.0, elapsed - skip) / speed
        wait = due - clock()
        if wait > 0:
            await asyncio.sleep(wait)
        yield elapsed, sample
