"""The log of a host, newest part first: what the screen needs at once, then all that is older.

The newest history and what is written from then on go to the Core as they come; a worker process
reads what is older.  When it is done, the newer batches are read once more on top of its
tracker, and the Core goes on with that: as if all had been read in order.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Literal

from mxtop.mail.batch import Batch
from mxtop.mail.errors import MxtopError
from mxtop.mail.snapshot import Feed
from mxtop.mail.tracker import Tracker
from mxtop.session import history
from mxtop.session.reader import Reader
from mxtop.sources.history import HistoryFile

LOOK: Final = 0.02
"""Seconds between two looks whether the newest part is in."""

PAUSE: Final = 3.0
"""How much longer than each step of the second reading the event loop is left to others: answering a key
takes it dozens of turns, and each of them would wait for a step."""

KEEP: Final = 128 * 1024 * 1024
"""Characters of newer batches kept for the second reading; past that the older part is left out."""


Reading = Callable[[Sequence[str] | None, Callable[[float], None]], Awaitable[tuple[Tracker, str]]]
"""Reads the older part, as `history.read` does; given the syslog names, and whom to tell progress."""


class LogFeed:
    """Joins the two readings.  `take` is given every batch, `swap` the tracker of the whole.

    `pieces` (or what `reading` reads) is for `older`: newer batches are kept for it from the first one on.
    """

    def __init__(
        self,
        take: Callable[[Batch], None],
        swap: Callable[[Tracker], None],
        show: Callable[[Feed], None],
        detail: str,
        pieces: Sequence[HistoryFile] = (),
        reading: Reading | None = None,
    ) -> None:
        self._take, self._swap, self._show = take, swap, show
        self._feed = Feed(name="log", state="history", detail=detail)
        self._reading = reading or (partial(history.read, pieces) if pieces else None)
        self._newer: list[Batch] | None = None if self._reading is None else []
        self._kept = 0
        self.caught_up = asyncio.Event()
        """Set when the newest part of the history is in: the first screen is useful."""

    @property
    def whole(self) -> bool:
        """Whether nothing but new lines is still to come."""
        return self.caught_up.is_set() and self._newer is None

    async def newest(self, batches: AsyncIterator[Batch]) -> None:
        """Take batches until they end."""
        async for batch in batches:
            if batch.phase == "live":
                self.catch_up()
            self._take(batch)
            self._keep(batch)
        self.catch_up()

    def catch_up(self) -> None:
        """The newest part is in, or there is none."""
        if not self.caught_up.is_set():
            self.caught_up.set()
            if self._newer is None:
                self._say(state="live")

    async def watch(self, caught_up: Callable[[], bool]) -> None:
        """Catch up when the source says so: a log that nobody writes to sends no live batch."""
        while not caught_up():  # noqa: ASYNC110  a follower has no event, and this is over soon
            await asyncio.sleep(LOOK)
        self.catch_up()

    async def older(self, syslog_names: Sequence[str] | None) -> None:
        """Read what is older than the newest part, then swap.  Failing costs only that part."""
        if self._reading is None:
            return
        self._say(state="history", progress=0.0)
        try:
            tracker, gap = await self._reading(
                syslog_names, lambda share: self._say(state="history", progress=share)
            )
        except MxtopError as error:
            if isinstance(error, ConnectionError):
                raise  # the host is lost, and with it the newest part too
            self._newer = None
            self._say(state="live", remedy=str(error))
            return
        await self.caught_up.wait()
        reader, done = Reader(tracker), 0
        while self._newer is not None and done < len(self._newer):  # grows while we let others run
            began = time.perf_counter()
            reader.feed(self._newer[done])
            done += 1
            await asyncio.sleep(PAUSE * (time.perf_counter() - began))
        if self._newer is None:
            self._say(state="live", remedy="the older log is not counted: too much was written meanwhile")
            return
        self._newer = None
        self._swap(tracker)
        self._say(state="live", remedy=f"lines are missing: {gap}" if gap else "")

    def _keep(self, batch: Batch) -> None:
        if self._newer is not None:
            self._newer.append(batch)
            self._kept += len(batch.text)
            if self._kept > KEEP:
                self._newer = None

    def _say(
        self, *, state: Literal["history", "live"], progress: float | None = None, remedy: str = ""
    ) -> None:
        self._feed = replace(self._feed, state=state, progress=progress, remedy=remedy, since=time.time())
        self._show(self._feed)
