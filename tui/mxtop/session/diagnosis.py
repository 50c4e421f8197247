"""What the guided fixes find wrong, now and then: too dear for every tick.

At 50,000 destinations one look takes more than a second, so it is done in a thread, EVERY seconds at most,
at most 1/SHARE of the time, and not at all while nothing has changed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from mxtop.fixes import diagnose
from mxtop.mail.finding import Finding
from mxtop.mail.snapshot import Snapshot

EVERY: Final = 5.0
SOON: Final = 0.5
"""Seconds between two looks while there is nothing to diagnose yet."""

SHARE: Final = 20


async def keep_diagnosed(look: Callable[[], Snapshot], found: Callable[[tuple[Finding, ...]], None]) -> None:
    """Tell `found` the findings on what `look` shows, for ever."""
    last: Snapshot | None = None
    while True:
        snapshot = look()
        cost = 0.0
        if snapshot.settings is not None and (last is None or _changed(last, snapshot)):
            started = time.monotonic()
            found(await asyncio.to_thread(diagnose, snapshot))
            cost = time.monotonic() - started
            last = snapshot
        await asyncio.sleep(rest(cost) if last is not None else SOON)


def rest(cost: float) -> float:
    """Seconds until the next look, after one that took `cost` seconds."""
    return max(EVERY, cost * (SHARE - 1))


def _changed(last: Snapshot, now: Snapshot) -> bool:
    return (
        now.destinations is not last.destinations
        or now.settings != last.settings
        or now.outlooks != last.outlooks
    )
