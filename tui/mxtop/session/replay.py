"""A recording as a session: the demo, and any other recording.

Time is the recording's own, so that rates and ages are as they were.  At its end it begins again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from mxtop.mail.snapshot import Feed, Snapshot
from mxtop.recording.file import header
from mxtop.recording.player import play
from mxtop.session.base import Session
from mxtop.session.core import Core


class ReplaySession(Session):
    """Plays `path`; `skip` seconds of it come at once.  MxtopError where it is no recording."""

    def __init__(
        self,
        path: Path,
        *,
        mode: Literal["demo", "replay"] = "replay",
        speed: float = 1.0,
        skip: float = 0.0,
        interval: float = 1.0,
    ) -> None:
        self._header = header(path)
        self._path, self._mode, self._speed, self._skip = path, mode, speed, skip
        self._started = time.monotonic()
        super().__init__(Core(self._header.host, mode), interval)

    def now(self) -> float:
        played = self._skip + (time.monotonic() - self._started) * self._speed
        return self._header.started + played

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._play())
            group.create_task(self.ticks(publish))

    async def _play(self) -> None:
        while True:
            self._started = time.monotonic()
            self.take(Feed(name="log", state="live", detail=str(self._path.name), since=self._header.started))
            async for elapsed, sample in play(self._path, speed=self._speed, skip=self._skip):
                self.take(sample)
                if elapsed >= self._skip:
                    self.ready.set()
            # From the start again, with counts that begin anew; the last moment stays a little.
            await asyncio.sleep(3.0 / self._speed)
            self.core = Core(self._header.host, self._mode)
