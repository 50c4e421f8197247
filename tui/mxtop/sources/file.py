"""A log file followed by name, through every way in which logs are rotated.

No line is lost or doubled through rename-and-create, also where the writer goes on with the old file for a
while (rsyslog until its HUP), through deletion and re-creation, and through rotations that come faster than
we look.  After copytruncate none is doubled; lines that were written between copying and truncating are
lost to everybody, so a possible gap is reported.  Does not promise to notice a file that is
rewritten in place beyond its first bytes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from itertools import takewhile
from pathlib import Path
from typing import Final, Literal

from mxtop.hosts import beat
from mxtop.mail.batch import Batch
from mxtop.mail.errors import LogUnreadable
from mxtop.sources.access import unreadable
from mxtop.sources.rotation import Cursor, LogFile, find, line_start, look, recognise, rotated
from mxtop.sources.tail import Damaged, Tail, Truncated

POLL: Final = 0.5
"""Seconds between two looks at a log that has no more: half a tick of the screen."""

QUIET: Final = 1.0
"""The same where nothing has come for CALM looks: then most of what a look costs is to wake up for it."""

CALM: Final = 4

CHUNK: Final = 256 * 1024
"""Bytes read at a time, so that a screen stays alive while a long history comes in."""

GRACE: Final = 1.0
"""Seconds a rotated file must be quiet before lines of its successor are handed out."""

LINGER: Final = 30.0
"""Seconds a rotated file must be quiet, and its successor have lines, before it is let go."""


class Follower:
    """Follows one log from a cursor on; without one, from its present end.

    `cursor` is the place after the last batch: a new Follower goes on from there after an error.
    `caught_up`: everything that was there at the start has been handed out.  One consumer at a time.
    """

    def __init__(self, path: str | os.PathLike[str], start: Cursor | None = None) -> None:
        self.path = Path(path)
        self.cursor = start
        self.caught_up = False
        self._tails: list[Tail] = []  # oldest first; the last is the log itself
        self._history: dict[Tail, int] = {}  # where history ends in the files of the start
        self._gap = ""

    async def batches(self) -> AsyncIterator[Batch]:
        """Batches for ever.  LogUnreadable where the log, or its successor, cannot be read."""
        try:
            self._begin()
            looks = 0
            while True:
                batch = self._next()
                if batch is None:
                    self.caught_up = True
                    looks += 1
                    await beat.rest(POLL if looks <= CALM else QUIET)
                else:
                    looks = 0
                    yield batch
                    await asyncio.sleep(0)
        finally:
            for tail in self._tails:
                tail.close()
            self._tails.clear()
            self._history.clear()

    def _begin(self) -> None:
        try:
            self._tails.append(self._open_start())
            self._discover()
        except OSError as error:
            raise unreadable(str(self.path), error) from error
        self._history = {tail: tail.size for tail in self._tails}

    def _open_start(self) -> Tail:
        if self.path.exists() and not self.path.is_file():
            raise LogUnreadable(
                f"{self.path} is not a regular file", f"read it as standard input: `mxtop - < {self.path}`"
            )
        if self.cursor is None:
            return Tail(self.path, line_start(self.path, self.path.stat().st_size))
        log = find(self.path, self.cursor)
        if log is not None:
            return Tail(log.path, self.cursor.offset)
        self._gap = f"{self.path} was rotated out of sight: lines may be missing"
        return Tail(self.path)

    def _next(self) -> Batch | None:
        """The next whole lines of the oldest file that has some; None where there are none now."""
        self._discover()
        for tail in tuple(self._tails):
            batch = self._read(tail)
            if batch is not None:
                return batch
            if tail is not self._tails[-1] and not tail.settled:
                tail.settled = tail.quiet(GRACE)
                if not tail.settled:
                    return None
        return self._let_go()

    def _read(self, tail: Tail) -> Batch | None:
        while True:
            before = tail.offset
            try:
                data = tail.read(CHUNK)
            except Truncated:
                return self._truncated(tail)
            except Damaged as error:
                self._gap = str(error)
                return self._batch(tail, tail.lines.flush(), before)
            except OSError as error:
                raise unreadable(str(tail.path), error) from error
            if not data:
                return None
            if text := tail.lines.feed(data):
                return self._batch(tail, text, before)

    def _batch(self, tail: Tail, text: str, before: int) -> Batch:
        if not tail.settled:  # else late lines, behind the place where we are
            self.cursor = tail.cursor
        phase: Literal["history", "live"] = "history" if before < self._history.get(tail, 0) else "live"
        gap, self._gap = self._gap, ""
        return Batch(text=text, origin=str(self.path), reference=tail.modified, phase=phase, gap=gap)

    def _discover(self) -> None:
        """Open what was made since the last look: the log itself, and those rotated away unseen."""
        last = self._tails[-1]
        try:
            if last.is_file(look(self.path)):
                return
            newest = Tail(self.path)
        except FileNotFoundError:
            return  # between renaming and creating, or deleted: it will come back
        opened = [newest]
        for log in self._missed(last, newest):
            try:
                tail = Tail(log.path)
            except FileNotFoundError:
                break
            opened.insert(-1, tail)
            if not tail.is_file(log):
                break
        else:
            if newest.identity != last.identity:
                self._tails += opened
                return
        for tail in opened:  # rotated while we looked: look again
            tail.close()

    def _missed(self, last: Tail, newest: Tail) -> list[LogFile]:
        """The siblings written after `last` and before `newest`."""
        siblings = rotated(self.path)
        here = recognise(siblings, Cursor(last.device, last.inode, last.offset, last.head))
        if here is not None:
            later: Iterable[LogFile] = siblings[siblings.index(here) + 1 :]
        else:  # deleted: what was written to later than it
            later = (log for log in siblings if log.modified > last.modified)
        known = {tail.identity for tail in self._tails}
        return [
            log
            for log in takewhile(lambda log: log.identity != newest.identity, later)
            if log.identity not in known
        ]

    def _truncated(self, tail: Tail) -> Batch | None:
        """Go on in the copy that copytruncate made, if it is there, then from the beginning of the file."""
        if tail is not self._tails[-1]:  # a rotated file that was emptied: nothing more comes from it
            tail.still = True
            return None
        rest, before = tail.lines, tail.offset
        place = Cursor(0, 0, tail.offset, tail.head)
        siblings = [log for log in rotated(self.path) if not tail.is_file(log)]
        copy = recognise(siblings, place)
        tail.restart()
        self._history.pop(tail, None)
        self._gap = f"{self.path} was truncated: lines written just before may be missing"
        try:
            if copy is not None:
                copies = [Tail(copy.path, before, still=True)]
                copies[0].lines = rest
                copies += [Tail(log.path, still=True) for log in siblings[siblings.index(copy) + 1 :]]
                at = self._tails.index(tail)
                self._tails[at:at] = copies
                return None
        except FileNotFoundError:
            pass  # rotated again just now: the gap is said
        text = rest.flush()
        return self._batch(tail, text, 0) if text else None

    def _let_go(self) -> Batch | None:
        """Close rotated files that nobody writes to any more; a last line without its end comes out now."""
        for tail in self._tails[:-1]:
            done = tail.still or (tail.quiet(LINGER) and self._tails[-1].offset > 0)
            if tail.settled and done:
                self._tails.remove(tail)
                self._history.pop(tail, None)
                text = tail.lines.flush()
                batch = self._batch(tail, text, tail.offset) if text else None
                tail.close()
                if batch is not None:
                    return batch
        return None
