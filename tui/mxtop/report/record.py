"""`mxtop record`: the raw lines and samples of one session into a file, until it is interrupted.

Begins with the newest part of the log (`mxtop.sources.history.NEWEST`), so that the counts of a
replay have something to stand on; what is older is left out.  A log that fails ends the recording; a
connection that is lost does not: it goes on where it was when the host is back.
Ctrl-C, SIGTERM and SIGHUP leave a whole file; a crash leaves one that plays up to its last seconds.
Narrates on stderr, and prints nothing on stdout.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path
from typing import Final, TextIO

from mxtop.mail.batch import Batch
from mxtop.mail.errors import MxtopError
from mxtop.mail.sample import Sample
from mxtop.mail.snapshot import Snapshot
from mxtop.mail.text import clean
from mxtop.recording.file import Header, Writer
from mxtop.session.base import Session

FLUSH: Final = 5.0
"""Seconds of samples that a crash may cost."""

NARRATE: Final = 60.0
"""Seconds between two lines of progress; on a terminal one line is kept up to date instead."""

PATIENCE: Final = 15.0
"""Seconds that a log over SSH may be away while its connection stands: that breaks and comes back at other
moments than the log."""

_ENDS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(session: Session, path: Path) -> int:
    """`keep`, by itself."""
    return asyncio.run(keep(session, path))


async def keep(session: Session, path: Path) -> int:
    """Record until a signal, or until the log ends; 0.

    MxtopError where the file exists, cannot be written on, or the log cannot be read; what was
    recorded before stays, and a file without one line is taken away.
    """
    try:
        with Writer(path, Header(session.host, time.time())) as writer:
            recorder = _Recorder(session, writer, path, sys.stderr)
            await recorder.record()
    except OSError as error:  # the last bytes: those before may have found room
        raise _full(path, error) from error
    recorder.end()
    return 0


def _full(path: Path, error: OSError) -> MxtopError:
    return MxtopError(f"{path}: {error.strerror}", "what was recorded before is kept")


class _Recorder:
    """Takes what a session taps, and says how it goes."""

    def __init__(self, session: Session, writer: Writer, path: Path, out: TextIO) -> None:
        self._session, self._writer, self._path, self._out = session, writer, path, out
        self._started = self._flushed = self._said = time.monotonic()
        self._told: dict[str, str] = {}
        self._stop = asyncio.Event()
        self._history = 0
        self._well = -PATIENCE  # when the log last was; it never was yet
        self.lines = 0
        self.problem: MxtopError | None = None

    async def record(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _ENDS:
            loop.add_signal_handler(number, self._stop.set)
        self.say(f"recording {clean(self._session.host)} into {clean(str(self._path))}; Ctrl-C ends it")
        self._session.tap(self._take)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(self._session.run(self._look))
            await self._stop.wait()
            running.cancel()
        await self._session.close()

    def end(self) -> None:
        """The last words, or the problem."""
        if self.problem is None:
            self.say(f"{self.progress()}; play it with `mxtop replay {clean(str(self._path))}`")
            return
        if not self.lines:
            self._path.unlink()
        raise self.problem

    def _take(self, sample: Sample) -> None:
        if self.problem is not None:
            return
        now = time.monotonic()
        try:
            self._writer.add(now - self._started, sample)
            if now - self._flushed >= FLUSH:
                self._writer.flush()
                self._flushed = now
        except OSError as error:  # of our file, not of the feed that brought the sample
            self._fail(_full(self._path, error))
            return
        if isinstance(sample, Batch):
            if sample.gap:
                self.say(clean(f"log: lines are missing: {sample.gap}"))
            lines = sample.text.count("\n")
            self.lines += lines
            self._history += lines * (sample.phase == "history")

    def _look(self, snapshot: Snapshot) -> None:
        link = snapshot.connection
        lost = link is not None and not link.live and not link.for_a_person
        for feed in snapshot.feeds.values():
            if lost and feed.name != "log":
                continue  # they all say the same
            trouble = feed.detail if feed.state == "down" else ""
            if feed.name == "log":
                if not trouble or lost:
                    self._well = time.monotonic()
                elif link is None or time.monotonic() > self._well + PATIENCE:
                    self._fail(MxtopError(feed.detail, feed.remedy))
            if self.problem is None and trouble != self._told.get(feed.name, ""):
                self.say(clean(f"{feed.name}: {trouble or 'back again'}"))
            self._told[feed.name] = trouble
            if feed.name == "log" and feed.state == "ended":
                self._stop.set()
        if self._out.isatty():
            self._write(f"\r\x1b[K{self.progress()}")
        elif time.monotonic() - self._said >= NARRATE:
            self._said = time.monotonic()
            self.say(self.progress())

    def _fail(self, problem: MxtopError) -> None:
        self.problem = self.problem or problem
        self._stop.set()

    def progress(self) -> str:
        """How long, how much; the rate without the history that came first."""
        seconds = time.monotonic() - self._started
        minutes, rest = divmod(int(seconds), 60)
        rate = (self.lines - self._history) / max(seconds, 1.0) * 60
        size = self._path.stat().st_size / 1000
        return f"{minutes}:{rest:02} min, {self.lines:,} lines ({rate:,.0f}/min), {size:,.0f} kB"

    def say(self, text: str) -> None:
        """One line on stderr."""
        self._write("\r\x1b[K" * self._out.isatty() + f"mxtop: {text}\n")

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except OSError:  # the terminal is gone; the recording is not
            pass
