"""Log files, or standard input, as a session: what a log alone can tell.

Several files are read in time order; the last one is followed where it is plain.  There are no
sockets, DNS or settings: a file does not say whose they would be.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from mxtop.mail.batch import Batch
from mxtop.mail.errors import LogUnreadable
from mxtop.mail.snapshot import Feed, Snapshot
from mxtop.mail.tracker import Tracker
from mxtop.session.base import Session
from mxtop.session.core import Core
from mxtop.session.logfeed import LogFeed
from mxtop.session.supervise import supervise
from mxtop.sources import stdin
from mxtop.sources.file import Follower
from mxtop.sources.history import NEWEST, read
from mxtop.sources.order import in_time_order, plan_files


class FilesSession(Session):
    """`files` in any order; `-` alone is standard input, read from the descriptor `piped`."""

    def __init__(self, files: Sequence[str], *, piped: int | None = None, interval: float = 1.0) -> None:
        if "-" in files and len(files) > 1:
            raise LogUnreadable("standard input cannot be put in order with files", "name one or the other")
        self._files = in_time_order(files)
        self._piped = piped
        name = "standard input" if "-" in files else Path(self._files[-1]).name
        super().__init__(Core(name, "files"), interval)

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(supervise("log", self._lines, self._show))
            group.create_task(self.ticks(publish))

    def _show(self, feed: Feed) -> None:
        if feed.state != "history":
            self.ready.set()
        self.take(feed)

    async def _lines(self) -> None:
        self.core.begin(Tracker())
        if self._piped is not None:
            feed = LogFeed(self.take, self.core.swap, self._show, self.core.host)
            await feed.newest(stdin.batches(self._piped))
        else:
            older, start = plan_files(self._files, NEWEST)
            feed = LogFeed(
                self.take, self.core.swap, self._show, self.core.host, () if self.tapped else older
            )
            async with asyncio.TaskGroup() as group:
                group.create_task(self.ready_after(feed.caught_up))
                group.create_task(feed.older(None))
                if start is None:
                    await feed.newest(self._packed())
                else:
                    follower = Follower(self._files[-1], start)
                    group.create_task(feed.newest(follower.batches()))
                    group.create_task(feed.watch(lambda: follower.caught_up))
        self._show(Feed(name="log", state="ended", detail=self.core.host, since=time.time()))

    async def _packed(self) -> AsyncIterator[Batch]:
        """The last file, where it is packed and nobody will write to it any more."""
        for batch in read(self._files[-1]):
            yield batch
            await asyncio.sleep(0)
