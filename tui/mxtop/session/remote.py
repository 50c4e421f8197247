"""Another host, live over SSH: the feeds of `mxtop.session.local`, read through its connection.

Where the connection is lost, what is known stays with its age, and each feed goes on where it was: the log at
the line after the last.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace

from mxtop.hosts.errors import UnknownHostKey
from mxtop.hosts.link import Link
from mxtop.hosts.remote import SshHost
from mxtop.hosts.trust import accept
from mxtop.hosts.zone import zone as zone_there
from mxtop.mail.batch import Batch
from mxtop.mail.connection import OfferedKey
from mxtop.mail.errors import CommandFailed, MxtopError
from mxtop.mail.snapshot import Feed, Snapshot
from mxtop.mail.tracker import Tracker
from mxtop.session import history
from mxtop.session.asking import Asking
from mxtop.session.base import BEHIND
from mxtop.session.change import LiveFixing, operator
from mxtop.session.connection import connection
from mxtop.session.local import SOCKETS_LOOK, LocalSession
from mxtop.session.logfeed import LogFeed
from mxtop.session.names import Names
from mxtop.sockets.remote import RemoteSampler
from mxtop.sockets.sampler import relay_ports
from mxtop.sources.history import NEWEST
from mxtop.sources.journal import Journal
from mxtop.sources.remote import Places, RemoteFollower, read_piece
from mxtop.sources.remotefiles import RemotePiece, plan
from mxtop.sources.remotetail import PAUSE

LOOK = 1.0
"""Seconds between two tellings how long a lost host has been away."""

SOCKETS_BEHIND = 5.0
"""Seconds between two samples of the sockets of a host that nobody looks at; the sum of all has none."""

TOLD = ("settings", "log", "sockets", "queue")
"""The feeds that tell of a lost connection."""


class RemoteSession(LocalSession):
    """One Postfix instance of the host behind `ssh`, whose connection it keeps and at its end closes.

    `pause` as for `RemoteFollower`.
    """

    def __init__(
        self,
        ssh: SshHost,
        *,
        config_directory: str | None = None,
        log: str | None = None,
        interval: float = 1.0,
        asking: Asking | None = None,
        pause: float = PAUSE,
        behind: float = BEHIND,
        phase: float = 0.0,
    ) -> None:
        super().__init__(
            config_directory=config_directory,
            log=log,
            interval=interval,
            host=ssh,
            behind=behind,
            phase=phase,
        )
        self.ssh = ssh
        self.live_fixing = LiveFixing(
            self,
            self._host,
            config_directory=config_directory,
            by=operator(elsewhere=True),
            reached=self._reachable,
        )
        self.fixing = self.live_fixing
        self.asking = asking
        self._pause = pause
        self.core.connection = connection(ssh.link)
        self._names = Names(self._host, ask_from=self._host, phase=phase)
        self._running = False
        self._ahead = 0.0
        self._own: dict[str, Feed] = {}  # what each feed last said of itself
        self._went_on: Callable[[], Awaitable[None]] | None = None  # how the log goes on where it was lost

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        self._running = True
        async with asyncio.TaskGroup() as group:
            group.create_task(self.ssh.keep())
            group.create_task(self._tell_link())
            group.create_task(self._compare_clocks())
            group.create_task(super().run(publish))

    # -- the connection -----------------------------------------------------------

    async def _reachable(self) -> None:
        """Wait until the host can be asked.  HostDown where it cannot and nothing keeps the connection up."""
        await (self.ssh.connected() if self._running else self.ssh.connect())

    def now(self) -> float:
        """By that host's clock, which its log goes by."""
        return time.time() + self._ahead

    async def _compare_clocks(self) -> None:
        """How far that host's clock is ahead, anew with each connection; half of the way there is not it."""
        while True:
            generation = await self.ssh.connected()
            with suppress(CommandFailed, ValueError):
                asked = time.time()
                said = float((await self._host.run(["date", "+%s.%N"])).text)
                self._ahead = said - (asked + time.time()) / 2
            while self.ssh.generation == generation:
                await self.ssh.changed()

    def retry(self) -> None:
        self.ssh.retry()

    async def trust(self, key: OfferedKey) -> None:
        unknown = self.ssh.link.trouble
        if isinstance(unknown, UnknownHostKey) and connection(self.ssh.link).offered == key:
            await asyncio.to_thread(accept, unknown)
            self.ssh.retry()

    async def notices(self) -> list[str]:
        from mxtop.hosts.sshconfig import warnings

        # The system's own ssh, which asks nothing, leaves nothing of its configuration out.
        return [] if self.asking is None else await warnings(self.ssh.target)

    async def _reached(self, feed: Callable[[], Awaitable[None]]) -> None:
        await self.ssh.connected()
        await feed()

    def _show(self, feed: Feed) -> None:
        self._own[feed.name] = feed
        if self.ssh.link.state == "live":
            super()._show(feed)

    async def _tell_link(self) -> None:
        told, shown = "live", None
        while True:
            link = self.ssh.link
            self.core.connection = connection(link, self.ssh.hop, self._ahead)
            if link.state != shown:
                shown = link.state
                self._wake.set()  # a state that a person may be waiting for
            if link.state == "live" and told != "live":
                for feed in self._own.values():
                    if feed.state != "down":
                        super()._show(feed)
            elif link.state in ("live", "idle", "connecting"):
                pass
            else:
                if self.core.settings is None:  # nobody has said whether there are any: wait on
                    self._settings_known.clear()
                for name in TOLD:
                    self.take(_words(name, link))
            if link.state != "connecting":
                told = link.state
            try:
                async with asyncio.timeout(LOOK if link.state not in ("live", "idle") else None):
                    await self.ssh.changed()
            except TimeoutError:
                pass

    # -- the log --------------------------------------------------------------------

    async def _lines(self) -> None:
        if self._went_on is not None:
            await self._went_on()
        else:
            await super()._lines()

    async def _file(self, path: str, syslog_names: Sequence[str] | None) -> None:
        zone = await zone_there(self._host)
        division = await plan(self._host, path, NEWEST)

        async def reading(
            names: Sequence[str] | None, progress: Callable[[float], None]
        ) -> tuple[Tracker, str]:
            return await history.read_batches(self._older(division.older, zone, progress), names)

        older = reading if division.older and not self.tapped else None
        feed = LogFeed(self.take, self.core.swap, self._show, path, reading=older)
        follower = RemoteFollower(self._host, path, division.start, pause=self._pause, zone=zone)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(feed.older(syslog_names))
                await self._follow(group, feed, follower)
        finally:
            if feed.whole:
                self._continue_at(path, zone, follower.places)

    async def _follow(self, group: asyncio.TaskGroup, feed: LogFeed, follower: RemoteFollower) -> None:
        group.create_task(self.ready_after(feed.caught_up))
        group.create_task(follower.run())
        group.create_task(feed.watch(lambda: follower.caught_up))
        await feed.newest(follower.batches())

    def _continue_at(self, path: str, zone: str, places: Places) -> None:
        async def go_on() -> None:
            feed = LogFeed(self.take, self.core.swap, self._show, path)
            follower = RemoteFollower(self._host, path, places, pause=self._pause, zone=zone)
            try:
                async with asyncio.TaskGroup() as group:
                    await self._follow(group, feed, follower)
            finally:
                self._continue_at(path, zone, follower.places)

        self._went_on = go_on

    async def _older(
        self, pieces: Sequence[RemotePiece], zone: str, progress: Callable[[float], None]
    ) -> AsyncIterator[Batch]:
        total, before = max(1, sum(piece.size for piece in pieces)), 0
        for piece in pieces:
            async for batch in read_piece(self._host, piece, zone):
                progress(min(1.0, (before + batch.done) / total))
                yield batch
            before += piece.size

    async def _journal(self, after: str | None = None) -> None:
        feed = LogFeed(self.take, self.core.swap, self._show, "journal")
        journal = Journal(self._host, after=after)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(feed.newest(journal.batches()))
                group.create_task(feed.watch(lambda: journal.caught_up))
        finally:
            if feed.whole:
                self._went_on = lambda: self._journal(journal.cursor)

    # -- the rest -------------------------------------------------------------------

    async def _sockets(self) -> None:
        await self._settings_known.wait()
        settings = self.core.settings
        sampler = RemoteSampler(self._host, settings.queue_directory if settings else None)
        while True:
            seen = self.attended
            samples = sampler.samples(
                lambda: relay_ports(self.core.settings) if self.core.settings else (),
                self.core.addresses,
                SOCKETS_LOOK if seen else SOCKETS_BEHIND,
            )
            async with aclosing(samples):
                async for rows in samples:
                    self._take_rows(rows, sampler.note)
                    if self.attended != seen:
                        break


def _words(name: str, link: Link) -> Feed:
    """The state of a feed whose host does not answer."""
    now = time.time()
    if link.state == "stale":
        age = link.age(now)
        return Feed(
            name=name, state="stale", detail=f"no sign of life for {age or 0:.0f} s", since=link.since
        )
    trouble = link.trouble
    title = trouble.title if isinstance(trouble, MxtopError) else str(trouble or "not connected")
    remedy = trouble.remedy if isinstance(trouble, MxtopError) else ""
    feed = Feed(name=name, state="down", detail=title, remedy=remedy, since=link.since)
    if link.next_try is None:
        return feed
    wait = f"next try in {max(0.0, link.next_try - now):.0f} s"
    return replace(feed, remedy=f"{remedy}; {wait}" if remedy else wait)
