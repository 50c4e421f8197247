"""What the guided fixes find wrong, now and then: too dear for every tick.

At 50,000 destinations one look takes more than a second, so it is done in a thread, at a `Pace`, and not
at all while nothing has changed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from mxtop.fixes import diagnose
from mxtop.hosts import beat
from mxtop.mail.finding import Finding
from mxtop.mail.snapshot import Snapshot

SOON: Final = 0.5
"""Seconds between two looks while there is nothing to diagnose yet."""


class Pace(NamedTuple):
    """Looks come every `first` to `last` seconds, twice as far apart each time nothing new was found, and
    take at most this share of the time.
    """

    first: float
    last: float
    share: float

    def rest(self, cost: float, same: int = 0) -> float:
        """Seconds until the next look, after one of `cost` seconds; so many found the `same` before."""
        every = min(self.last, self.first * (1 << min(same, 16)))
        return max(every, cost * (1 / self.share - 1))


SEEN: Final = Pace(first=5.0, last=5.0, share=1 / 20)
BEHIND: Final = Pace(first=5.0, last=40.0, share=1 / 200)
"""Of a host that nobody looks at."""


async def keep_diagnosed(
    look: Callable[[], Snapshot], found: Callable[[tuple[Finding, ...]], None], attended: asyncio.Event
) -> None:
    """Tell `found` the findings on what `look` shows, for ever; `attended` is set while somebody looks."""
    last: Snapshot | None = None
    findings: tuple[Finding, ...] = ()
    same = 0
    while True:
        snapshot = look()
        cost = 0.0
        if snapshot.settings is not None and (last is None or _changed(last, snapshot)):
            started = time.monotonic()
            before, findings = findings, await asyncio.to_thread(diagnose, snapshot)
            cost = time.monotonic() - started
            same = same + 1 if findings == before else 0
            found(findings)
            last = snapshot
        if last is None:
            await asyncio.sleep(SOON)
        elif attended.is_set():
            await beat.rest(SEEN.rest(cost, same))
        else:
            await _until(attended, BEHIND.rest(cost, same))


async def _until(attended: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await attended.wait()
    except TimeoutError:
        pass


def _changed(last: Snapshot, now: Snapshot) -> bool:
    return (
        now.destinations is not last.destinations
        or now.settings != last.settings
        or now.outlooks != last.outlooks
    )
