"""This host, live: settings, log, sockets, queue and DNS, each under its supervisor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from mxtop.hosts import beat
from mxtop.hosts.base import Host
from mxtop.hosts.local import LocalHost
from mxtop.hosts.remembering import Remembering
from mxtop.mail.batch import Batch
from mxtop.mail.errors import LogUnreadable
from mxtop.mail.sample import Sample, SocketSample
from mxtop.mail.snapshot import Feed, Snapshot
from mxtop.mail.sockets import SocketRow
from mxtop.mail.tracker import Tracker
from mxtop.postfix import logplace, queue
from mxtop.postfix import settings as postfix_settings
from mxtop.session.base import BEHIND, Session
from mxtop.session.change import LiveFixing, changes
from mxtop.session.core import Core
from mxtop.session.logfeed import LogFeed
from mxtop.session.names import BEHIND_PACE, OTHERS_PACE, Names, Pace
from mxtop.session.supervise import supervise
from mxtop.sockets.sampler import Sampler, relay_ports
from mxtop.sources.file import Follower
from mxtop.sources.history import plan
from mxtop.sources.journal import Journal

SETTINGS_LOOK: Final = 2.0
"""Seconds between two looks whether main.cf or master.cf changed."""

SETTINGS_BEHIND: Final = 10.0
"""The same where nobody looks at the host."""

SOCKETS_LOOK: Final = 1.0
QUEUE_LOOK: Final = 10.0
QUEUE_SOON: Final = 2.0
"""Seconds between two looks at the queue where a peer is new and nothing tells its destination."""

QUEUE_SHARE: Final = 50
"""The queue is listed at most 1/50 of the time: listing a hundred thousand messages is no small thing."""

OTHERS: Final = 40
"""Destinations whose DNS is kept in view besides the selected one."""


class LocalSession(Session):
    """One Postfix instance of this host.  `log` is --log: a path, or `journal`."""

    def __init__(
        self,
        *,
        config_directory: str | None = None,
        log: str | None = None,
        interval: float = 1.0,
        host: Host | None = None,
        behind: float = BEHIND,
        phase: float = 0.0,
    ) -> None:
        self._host = Remembering(host or LocalHost(), changes)
        self._config_directory = config_directory
        self._log = log
        self._settings_known = asyncio.Event()  # read, or known to be unreadable
        self._names = Names(self._host, phase=phase)
        self._puzzled = asyncio.Event()  # a peer that neither log nor DNS knows: the queue may
        self._unknown: frozenset[str] = frozenset()
        super().__init__(Core(self._host.name), interval, behind, phase)
        self._settings_due = asyncio.Event()
        self.live_fixing = LiveFixing(self, self._host, config_directory=config_directory)
        self.fixing = self.live_fixing

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        async with self._names, asyncio.TaskGroup() as group:
            for name, feed in (
                ("settings", self._settings),
                ("log", self._lines),
                ("sockets", self._sockets),
                ("queue", self._queue),
                ("dns", self._dns),
            ):
                group.create_task(supervise(name, partial(self._reached, feed), self._show))
            group.create_task(self.ticks(publish))
            group.create_task(self.diagnoses())

    async def close(self) -> None:
        self.live_fixing.forget()

    async def _reached(self, feed: Callable[[], Awaitable[None]]) -> None:
        """Run a feed once the host can be reached, which this one always can."""
        await feed()

    def _show(self, feed: Feed) -> None:
        if feed.name == "settings":
            self._settings_known.set()
        if feed.name == "log" and feed.state != "history":
            self.ready.set()
        self.take(feed)

    def take(self, sample: Sample) -> None:
        super().take(sample)
        if isinstance(sample, Batch):
            self.live_fixing.feed(sample)

    def unresolved(self) -> bool:
        shown = self.core.look(self.now())
        feed = shown.feeds.get("settings")
        if shown.settings is None:
            return feed is None or feed.state != "down"
        return any(name not in shown.outlooks for name in self.foremost())

    def foremost(self) -> list[str]:
        """The destinations whose DNS is looked up unasked."""
        return self.core.wanted(OTHERS)

    def select(self, destination: str | None) -> None:
        super().select(destination)
        self._names.look_now()

    def settings_changed(self) -> None:
        """Look at once whether they did."""
        self._settings_due.set()

    # -- settings -------------------------------------------------------------

    async def _settings(self) -> None:
        seen: tuple[float, ...] | None = None
        while True:
            stamp = await self._configured()  # before the reading: what is written meanwhile is read again
            if stamp != seen:
                settings = await postfix_settings.read(self._host, self._config_directory)
                self._names.settings = settings
                self.take(settings)
                self._show(
                    Feed(name="settings", state="live", detail=settings.config_directory, since=time.time())
                )
                seen = stamp
            self._settings_due.clear()
            pause = SETTINGS_LOOK if self.attended else SETTINGS_BEHIND
            try:
                async with asyncio.timeout_at(beat.due(pause, self._phase)):
                    await self._settings_due.wait()
            except TimeoutError:
                pass

    async def _configured(self) -> tuple[float, ...]:
        """When main.cf and master.cf were last written."""
        directory = (
            self.core.settings.config_directory
            if self.core.settings
            else self._config_directory or "/etc/postfix"
        )
        stats = [await self._host.stat(f"{directory}/{name}") for name in ("main.cf", "master.cf")]
        return tuple(found.mtime if found else 0.0 for found in stats)

    # -- the log ----------------------------------------------------------------

    async def _lines(self) -> None:
        await self._settings_known.wait()
        settings = self.core.settings
        place = await logplace.find(self._host, settings, log_option=self._log)
        if place.kind == "none" or place.problem:
            raise LogUnreadable(place.problem or "no mail log was found", place.remedy)
        names = settings.syslog_names if settings else None
        self.core.begin(Tracker(names))
        if place.kind == "journal":
            await self._journal()
        else:
            await self._file(place.path, names)

    async def _file(self, path: str, syslog_names: Sequence[str] | None) -> None:
        division = plan(path)
        older = () if self.tapped else division.older
        feed = LogFeed(self.take, self.core.swap, self._show, path, older)
        follower = Follower(path, division.start)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.ready_after(feed.caught_up))
            group.create_task(feed.newest(follower.batches()))
            group.create_task(feed.older(syslog_names))
            group.create_task(feed.watch(lambda: follower.caught_up))

    async def _journal(self) -> None:
        feed = LogFeed(self.take, self.core.swap, self._show, "journal")
        journal = Journal(self._host)
        async with asyncio.TaskGroup() as group:
            group.create_task(feed.newest(journal.batches()))
            group.create_task(feed.watch(lambda: journal.caught_up))

    # -- the rest -----------------------------------------------------------------

    async def _sockets(self) -> None:
        await self._settings_known.wait()
        settings = self.core.settings
        sampler = Sampler(settings.queue_directory if settings else None)
        ports = relay_ports(settings) if settings else frozenset()
        while True:
            if self.core.settings is not settings and self.core.settings is not None:
                settings = self.core.settings
                ports = relay_ports(settings)
            sample = partial(sampler.sample, ports, self.core.addresses())
            # Keys come first: as root every /proc/PID/fd is read.  But waking a thread for nothing costs too.
            rows = sample() if sampler.quick else await asyncio.to_thread(sample)
            self._take_rows(rows, sampler.note)
            await beat.rest(SOCKETS_LOOK)

    def _take_rows(self, rows: tuple[SocketRow, ...], note: str) -> None:
        """One sample; a peer that nothing tells the destination of makes the queue looked at soon."""
        self.take(SocketSample(rows, note))
        unknown = frozenset(
            row.peer_address
            for row in rows
            if row.direction == "out" and not row.filter_hop and row.destination is None
        )
        if unknown - self._unknown:
            self._puzzled.set()
        self._unknown = unknown

    async def _queue(self) -> None:
        await self._settings_known.wait()
        while True:
            started = time.monotonic()
            self.take(await queue.counts(self._host, self._config_directory))
            cost = time.monotonic() - started
            self._show(Feed(name="queue", state="live", since=time.time()))
            await beat.rest(max(QUEUE_SOON, QUEUE_SHARE * cost), self._phase)
            try:
                async with asyncio.timeout_at(beat.due(QUEUE_LOOK, self._phase)):
                    await self._puzzled.wait()
            except TimeoutError:
                pass
            self._puzzled.clear()

    async def _dns(self) -> None:
        await self._settings_known.wait()

        def pace() -> Pace:
            return OTHERS_PACE if self.attended else BEHIND_PACE

        await self._names.run(self.take, lambda: self.selected, self.foremost, pace)
