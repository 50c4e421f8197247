"""A log of another machine followed by name, through rotations and lost connections.

As `mxtop.sources.file`, with one reading command for each file that may still be written to.  What was not
handed out is asked for again after a reconnect, from `places` on: no line is lost or doubled while the
rotated files are still there.  Lines written between copytruncate's copying and truncating are lost to
everybody, so a possible gap is reported.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from itertools import takewhile
from typing import Final, Literal

from mxtop.hosts import rights
from mxtop.hosts.base import Host
from mxtop.mail.batch import Batch
from mxtop.mail.errors import LogUnreadable
from mxtop.sources.lines import LineBuffer
from mxtop.sources.packed import Unpacker
from mxtop.sources.remotefiles import Listing, RemotePiece, listing, lost, recognise
from mxtop.sources.remotetail import PAUSE, RemoteTail
from mxtop.sources.rotation import Cursor, LogFile, agreed

GRACE: Final = 1.0
"""Seconds a rotated file must be quiet before lines of its successor are handed out."""

LINGER: Final = 30.0
"""Seconds a rotated file must be quiet, and its successor have lines, before it is let go."""

LOOK: Final = 0.2
"""Seconds between two looks whether a rotated file is quiet by now."""

MOST: Final = 4
"""Files read at once, each by a command on a channel of its own: sshd gives ten (MaxSessions)."""

HURRY: Final = 3.0
"""As LINGER, where MOST are being read."""

AHEAD: Final = 4
"""Batches that wait while nobody takes them."""

_TRIES: Final = 20

Places = tuple[Cursor, ...]


class RemoteFollower:
    """Follows one log from `start` on; without, from the beginning of what now has the path.

    Run `run` in a task beside the reader of `batches`.  `places` says, after each batch that was taken,
    where a new RemoteFollower goes on.  `caught_up`: everything that was there at the start was taken.
    `pause` are the seconds after which lines are seen at the latest: what following costs, here and there,
    is in proportion to how often that is.  `zone` goes into the batches.
    """

    def __init__(
        self, host: Host, path: str, start: Places = (), *, pause: float = PAUSE, zone: str = ""
    ) -> None:
        self.path = path
        self.places = start
        self.caught_up = False
        self._host = host
        self._pause = pause
        self._zone = zone
        self._batches: asyncio.Queue[tuple[Batch | None, Places, bool]] = asyncio.Queue(AHEAD)
        self._tails: list[RemoteTail] = []  # oldest first; the last is the log itself
        self._tasks: dict[RemoteTail, asyncio.Task[None]] = {}
        self._history: dict[RemoteTail, int] = {}
        self._wake = asyncio.Event()
        self._gap = ""

    async def batches(self) -> AsyncIterator[Batch]:
        """What `run` brings, for ever."""
        while True:
            batch, self.places, self.caught_up = await self._batches.get()
            if batch is not None:
                yield batch

    async def run(self) -> None:
        """Read until cancelled.  LogUnreadable, CommandFailed, OSError, alone or in a group."""
        async with asyncio.TaskGroup() as group:
            await self._begin(group)
            told = (0, False)  # how many places, and whether all of the start was read
            while True:
                self._wake.clear()
                await self._discover(group)
                batch = await self._next(group)
                state = len(self._tails), told[1] or (batch is None and self._all_read())
                if batch is not None or state != told:
                    told = state
                    await self._batches.put((batch, self._now(), told[1]))
                    continue
                try:
                    async with asyncio.timeout(LOOK if len(self._tails) > 1 else None):
                        await self._wake.wait()
                except TimeoutError:
                    pass

    def _reading(self) -> int:
        return sum(tail.state == "open" for tail in self._tails)

    def _now(self) -> Places:
        """Where to go on: not in files that are over, nor in those after the last that was begun, which are
        found by their order.
        """
        begun = [tail for tail in self._tails if tail.cursor.offset] or self._tails[:1]
        return tuple(tail.cursor for tail in begun if tail is begun[-1] or not tail.over)

    def _all_read(self) -> bool:
        return all(tail.offset >= size for tail, size in self._history.items())

    # -- opening --------------------------------------------------------------

    async def _begin(self, group: asyncio.TaskGroup) -> None:
        found = await listing(self._host, self.path)
        for place in self.places:
            tail = await self._resume(group, place, found)
            if tail is None:
                self._gap = f"{self.path} was rotated out of sight: lines may be missing"
                continue
            if found.now:
                tail.quiet_since(found.now - tail.modified)
            self._tails.append(tail)
        if not self._tails:
            newest = await self._open(group, None)
            if newest is None:
                raise await self._unreadable()
            self._tails.append(newest)
        await self._discover(group, at_start=found)
        self._history = {tail: tail.size for tail in self._tails}

    async def _resume(self, group: asyncio.TaskGroup, place: Cursor, found: Listing) -> RemoteTail | None:
        """The file that a place is in; None where it is gone."""
        for _ in range(_TRIES):
            log = await recognise(self._host, found.all, place)
            tail = await self._open(group, log, place) if log else None
            if tail is not None:
                return tail
            before, found = found, await listing(self._host, self.path)
            if log is None and agreed(before.all, found.all):
                return None  # else renamed meanwhile
        return None  # rotated at each look

    async def _still(self, found: Listing) -> bool:
        """Whether nothing was renamed since: what was not found in it is not there."""
        return agreed(found.all, (await listing(self._host, self.path)).all)

    async def _open(
        self,
        group: asyncio.TaskGroup,
        log: LogFile | None,
        place: Cursor | None = None,
        *,
        still: bool = False,
    ) -> RemoteTail | None:
        """The tail of a file (None: of what has the path), or None where it is not there any more."""
        path = str(log.path) if log else self.path
        tail = RemoteTail(self._host, path, self.path, self._wake, place, still=still, pause=self._pause)
        self._tasks[tail] = group.create_task(tail.pump())
        await tail.opened.wait()
        if tail.state == "missing" or (log is not None and tail.identity != log.identity):
            self._close(tail)
            return None
        return tail

    def _close(self, tail: RemoteTail) -> None:
        self._tasks.pop(tail).cancel()
        self._history.pop(tail, None)

    async def _unreadable(self) -> LogUnreadable:
        found = await self._host.stat(self.path)
        if found is None:
            return LogUnreadable(
                f"{self.path}: no such file", "name the log with `--log FILE` or `--log journal`"
            )
        return LogUnreadable(
            f"{self.path}: permission denied on {self._host.name}", await rights.to_read(self._host, found)
        )

    async def _discover(self, group: asyncio.TaskGroup, at_start: Listing | None = None) -> None:
        """Open what was made since the last look: the log itself, and those rotated away unseen."""
        last = self._tails[-1]
        if last.held and last.newest in (None, last.identity):
            return  # None: between renaming and creating, or deleted; it will come back
        if last.state == "truncated" or self._reading() > MOST:
            return
        newest = await self._open(group, None)
        if newest is None:
            if await self._host.stat(self.path) is not None:
                raise await self._unreadable()
            return
        opened = [newest]
        found = await listing(self._host, self.path)
        missed = await self._missed(found, last, newest)
        complete = missed is not None and not (last.held and newest.identity == last.identity)
        missed = missed or []
        room = max(1, MOST - self._reading())
        if len(missed) > room:  # the rest, and the log itself, when these are read
            missed = missed[:room]
            self._close(opened.pop())
        for log in missed:
            tail = await self._open(group, log, still=found.now - log.modified > LINGER)
            if tail is None:
                complete = False
                break
            opened.insert(len(opened) - (newest in opened), tail)
        if complete:
            for tail in opened if at_start else ():
                tail.quiet_since(found.now - tail.modified)
            self._tails += opened
            return
        for tail in opened:  # rotated while we looked: look again
            self._close(tail)
        self._wake.set()

    async def _missed(self, found: Listing, last: RemoteTail, newest: RemoteTail) -> list[LogFile] | None:
        """The siblings written after `last` and before `newest`; None where they were renamed meanwhile."""
        siblings = found.siblings
        here = next((log for log in siblings if last.held and log.identity == last.identity), None)
        here = here or await recognise(self._host, siblings, last.cursor)  # packed, or not open any more
        if here is not None:
            later: Iterable[LogFile] = siblings[siblings.index(here) + 1 :]
        elif await self._still(found):  # deleted: what was written to later than it
            later = (log for log in siblings if log.modified > last.modified)
        else:
            return None
        known = {tail.identity for tail in self._tails if tail.held}  # else an inode may be another's by now
        return [
            log
            for log in takewhile(lambda log: log.identity != newest.identity, later)
            if log.identity not in known
        ]

    # -- reading ----------------------------------------------------------------

    async def _next(self, group: asyncio.TaskGroup) -> Batch | None:
        """The next whole lines of the oldest file that has some; None where there are none now."""
        for tail in tuple(self._tails):
            batch = self._read(tail)
            if batch is None and tail.state == "truncated":
                batch = await self._truncated(group, tail)
            if batch is not None:
                return batch
            if tail is not self._tails[-1] and not tail.settled:
                tail.settled = tail.quiet(GRACE)
                if not tail.settled:
                    return None
        return self._let_go()

    def _read(self, tail: RemoteTail) -> Batch | None:
        before = tail.offset
        while data := tail.read():
            if text := tail.lines.feed(data):
                return self._batch(tail, text, before)
        if tail.gap and tail.drained:
            self._gap, tail.gap = tail.gap, ""
            return self._batch(tail, tail.lines.flush(), before)
        return None

    def _batch(self, tail: RemoteTail, text: str, before: int) -> Batch:
        new = before >= self._history.get(tail, 0)
        phase: Literal["history", "live"] = "live" if new else "history"
        gap, self._gap = self._gap, ""
        return Batch(
            text=text, origin=self.path, reference=tail.modified, zone=self._zone, phase=phase, gap=gap
        )

    async def _truncated(self, group: asyncio.TaskGroup, tail: RemoteTail) -> Batch | None:
        """Go on in the copy that copytruncate made, if it is there, then from the beginning of the file."""
        if tail is not self._tails[-1]:  # a rotated file that was emptied: nothing more comes from it
            tail.still = True
            return None
        at, rest, head = self._tails.index(tail), tail.lines, tail.head
        place = Cursor(0, 0, tail.offset, head)
        found = await listing(self._host, self.path)
        siblings = [log for log in found.siblings if log.identity != tail.identity]
        copy = await recognise(self._host, siblings, place) if head else None
        anew = await self._open(group, None)
        if anew is None:
            self._wake.set()  # it went away as well: look again
            return None
        copies = []
        for log in siblings[siblings.index(copy) :] if copy else ():
            opened = await self._open(group, log, place if log is copy else None, still=True)
            if opened is not None:
                copies.append(opened)
        self._close(tail)
        self._tails[at:] = [*copies, anew]
        self._gap = f"{self.path} was truncated: lines written just before may be missing"
        if copies:
            copies[0].lines = rest
            return None
        text = rest.flush()
        return self._batch(anew, text, 0) if text else None

    def _let_go(self) -> Batch | None:
        """Close rotated files that nobody writes to any more; a last line without its end comes out now."""
        linger = LINGER if self._reading() < MOST else HURRY
        for tail in self._tails[:-1]:
            if tail.settled and tail.quiet(0 if tail.still else linger) and self._tails[-1].begun:
                self._tails.remove(tail)
                text = tail.lines.flush()
                batch = self._batch(tail, text, tail.offset) if text else None
                self._close(tail)
                if batch is not None:
                    return batch
        return None


async def read_piece(host: Host, piece: RemotePiece, zone: str = "") -> AsyncIterator[Batch]:
    """Batches of one file of a plan, the bytes unpacked here; `done` counts bytes as they are on disk.

    A single batch without text, and with a `gap`, where the file is gone.  CommandFailed, OSError.
    """
    file = await recognise(host, (await listing(host, piece.log)).all, piece.cursor)
    if file is None:
        yield Batch(text="", origin=piece.log, phase="history", gap="a rotated file went away unread")
        return
    path = str(file.path)
    unpacker = Unpacker.of(path)
    lines = LineBuffer()
    batch = Batch(text="", origin=path, reference=file.modified, zone=zone, phase="history")
    left = piece.end
    done = 0
    argv = ["cat", path] if left is None or unpacker else ["head", "-c", str(left), path]
    async with host.output(argv) as output:
        async for packed in output:
            done += len(packed)
            for data in unpacker.feed(packed) if unpacker else (packed,):
                taken = data if left is None else data[:left]
                left = None if left is None else left - len(taken)
                if text := lines.feed(taken):
                    yield replace(batch, text=text, done=done)
    if output.exit_code is None:
        raise lost(path)
    gap = f"{path}: {output.stderr.decode(errors='replace').strip()}" if output.exit_code else ""
    if unpacker:
        unpacker.end()
        gap = unpacker.trouble and f"{path}: {unpacker.trouble}"
    if (text := lines.flush()) or gap:
        yield replace(batch, text=text, gap=gap, done=done)
