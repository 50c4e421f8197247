"""A recording as a session: the demo, and any other recording.

Time is the recording's own, so that rates and ages are as they were.  At the end of the demo it
begins again; any other recording stands still there, as its last moment is what people look for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from mxtop.mail.batch import Batch
from mxtop.mail.errors import MxtopError
from mxtop.mail.sample import Sample
from mxtop.mail.settings import Settings
from mxtop.mail.snapshot import Feed, Snapshot
from mxtop.mail.tracker import Tracker
from mxtop.recording.file import header
from mxtop.recording.player import play
from mxtop.session.base import Session
from mxtop.session.core import Core
from mxtop.session.recorded import RecordedFixing

REST: Final = 3.0
"""Seconds that the last moment of the demo stays."""


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
        self._ended: float | None = None
        super().__init__(Core(self._header.host, mode), interval)
        if self._header.fixes:
            self.fixing = RecordedFixing(path, self._header.host, self._header.fixes, self.now)

    def now(self) -> float:
        if self._ended is not None:
            return self._ended
        played = self._skip + (time.monotonic() - self._started) * self._speed
        return self._header.started + played

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._play())
            group.create_task(self.ticks(publish))
            group.create_task(self.diagnoses())

    async def _play(self) -> None:
        while True:
            try:
                await self._once()
            except MxtopError as error:
                self._say("down", error)
                return
            if self._mode == "replay":
                self._ended = self.now()
                self._say("ended")
                return
            self.ready.set()
            await asyncio.sleep(REST / self._speed)
            self.core = Core(self._header.host, self._mode)

    def _say(self, state: Literal["live", "ended", "down"], error: MxtopError | None = None) -> None:
        detail, remedy = (error.title, error.remedy) if error else (self._path.name, "")
        self.take(Feed(name="log", state=state, detail=detail, remedy=remedy, since=self.now()))
        if state != "live":
            self.ready.set()

    async def _once(self) -> None:
        self._started = time.monotonic()
        self._say("live")
        lines = False
        drawn = 0.0
        async for elapsed, sample in play(
            self._path, speed=self._speed, skip=self._skip, skipped=self.ready.set
        ):
            if isinstance(sample, Settings) and not lines:
                # As the live session: lines of other instances are not this one's.
                self.core.begin(Tracker(sample.syslog_names))
            lines |= isinstance(sample, Batch)
            if elapsed < self._skip:
                drawn = self._pass(elapsed, sample, drawn)
            else:
                self.take(sample)

    def _pass(self, elapsed: float, sample: Sample, drawn: float) -> float:
        """Take a sample of the skipped part, with the ticks that it would have had: the sparkline."""
        moment = self._header.started + elapsed
        if elapsed - drawn >= 1.0:
            self.core.trend(moment)
            drawn = elapsed
        self.core.take(sample, moment)
        return drawn
