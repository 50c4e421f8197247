"""What every kind of session shares: a Core, the tick, and what the screen may ask of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mxtop.hosts import beat
from mxtop.mail.finding import Finding
from mxtop.mail.sample import Sample
from mxtop.mail.snapshot import Feed, Snapshot
from mxtop.session.core import Core

if TYPE_CHECKING:
    from mxtop.mail.connection import OfferedKey
    from mxtop.session.asking import Asking
    from mxtop.session.fixing import Fixing

BEHIND: Final = 1.0
"""Seconds between two snapshots of a host that nobody looks at, at least."""

FIRST: Final = 3
"""Turns of the event loop that the feeds have before a snapshot of the same moment."""

PATIENCE: Final = 0.4
"""Seconds after which the first snapshot comes even if the log is not in yet."""


class Session:
    """A Core that ticks.  `run` is the session's life; the other calls come from the same event loop.

    Ticks come every `interval` seconds, and where nobody looks at this host not before `behind` seconds.
    `phase` shifts what it does now and then by so many seconds: not all of many hosts at one moment.
    """

    def __init__(self, core: Core, interval: float = 1.0, behind: float = BEHIND, phase: float = 0.0) -> None:
        self.core = core
        self.host = core.host
        self.selected: str | None = None
        self.fixing: Fixing | None = None
        """What may be done about guided fixes; None where nothing can be changed (log files)."""
        self.asking: Asking | None = None
        """What passes the questions of a login on; None where no login asks."""
        self._interval = interval
        self._behind = behind
        self._phase = phase
        self.ready = asyncio.Event()
        """Set when there is something to show."""
        self._wake = asyncio.Event()
        self._seen = asyncio.Event()  # set while somebody looks
        self._seen.set()
        self._tap: Callable[[Sample], None] | None = None

    def now(self) -> float:
        """Wall-clock seconds on the log's clock."""
        return time.time()

    def tap(self, tap: Callable[[Sample], None]) -> None:
        """Give every sample to a recorder too.  Before `run`: then only the newest part of the log's
        history is read, as what is older comes late, and not as samples.
        """
        self._tap = tap

    @property
    def tapped(self) -> bool:
        return self._tap is not None

    def select(self, destination: str | None) -> None:
        """The destination that the admin looks at: its DNS comes first."""
        self.selected = destination

    def unresolved(self) -> bool:
        """Whether settings, or DNS answers by which a change is foretold, are still on their way."""
        return False

    def set_interval(self, seconds: float) -> None:
        """Seconds between two snapshots from now on."""
        self._interval = seconds
        self._wake.set()

    @property
    def attended(self) -> bool:
        """Whether somebody looks at this host, and not at others or at all of them."""
        return self.core.attended

    def attend(self, attended: bool) -> None:
        """Look at this host, or not: then it costs no more than its part in the sum of all hosts."""
        if attended != self.core.attended:
            self.core.attended = attended
            if attended:
                self._seen.set()
            else:
                self._seen.clear()
            self._wake.set()

    def retry(self) -> None:
        """Have a host that is not connected tried now; nothing where there is no connection to keep."""

    async def trust(self, key: OfferedKey) -> None:
        """Keep this host key, to which a person said yes, and go on.  OSError where it cannot be kept."""
        raise NotImplementedError

    async def notices(self) -> list[str]:
        """What is to be known once: settings of the operator's that have no effect here."""
        return []

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        """Feed the Core and publish a snapshot at every tick, until cancelled."""
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is left running: `run` owns its tasks."""

    def take(self, sample: Sample) -> None:
        """One sample for the Core, and for the recorder where there is one."""
        self.core.take(sample, self.now())
        if self._tap is not None and not isinstance(sample, Feed):
            self._tap(sample)

    async def diagnoses(self) -> None:
        """Keep the findings up to date, for ever; the first screen comes first."""
        await asyncio.sleep(PATIENCE)
        from mxtop.session.diagnosis import keep_diagnosed

        def found(findings: tuple[Finding, ...]) -> None:
            self.core.findings = findings

        await keep_diagnosed(lambda: self.core.look(self.now()), found, self._seen)

    async def ready_after(self, caught_up: asyncio.Event) -> None:
        """There is something to show as soon as the newest part of the log is in."""
        await caught_up.wait()
        self.ready.set()

    async def ticks(self, publish: Callable[[Snapshot], None]) -> None:
        """Publish for ever: the first snapshot when `self.ready` is set, later ones every interval."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.ready.wait()
        except TimeoutError:
            pass
        while True:
            publish(self.core.tick(self.now()))
            self._wake.clear()
            try:
                pause = self._interval if self.attended else max(self._interval, self._behind)
                async with asyncio.timeout_at(beat.due(pause, self._phase)):
                    await self._wake.wait()
            except TimeoutError:
                for _ in range(FIRST):
                    await asyncio.sleep(0)
