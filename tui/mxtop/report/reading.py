"""Logs read from end to end into a tracker: plain, packed, piped, several in time order.

`--since` counts back from the last line: its time is looked up first, at the end of a plain
file; a packed file is unpacked twice, and standard input or a pipe is kept in a temporary
file meanwhile.  Counting begins with the first line that is not older, and leaves nothing out from
there on.  Does not follow a log that grows.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from mxtop.mail.batch import Batch
from mxtop.mail.errors import LogUnreadable
from mxtop.mail.header import Clock, split
from mxtop.mail.scan import Scanner
from mxtop.mail.tracker import Tracker
from mxtop.sources import history
from mxtop.sources.access import unreadable
from mxtop.sources.lines import LineBuffer
from mxtop.sources.order import in_time_order
from mxtop.sources.packed import Stream
from mxtop.sources.rotation import is_packed

_CHUNK: Final = 64 * 1024  # what is made of so much stays in the processor's cache
_TAIL: Final = 256 * 1024


def collect(
    tracker: Tracker,
    files: Sequence[str],
    *,
    since: float | None = None,
    until: float | None = None,
    year: int | None = None,
) -> None:
    """Feed the lines of `files` to a tracker, the earliest first; `-` is standard input.

    With `since`, only lines from that many seconds before `until` on (epoch; None: the last
    line's time).  LogUnreadable where a file cannot be read, or is damaged.
    """
    with ExitStack() as stack:
        if since is not None and any(map(_flows, files)):
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mxtop-")))
            files = [
                _kept(name, directory / f"{n}") if _flows(name) else name for n, name in enumerate(files)
            ]
        files = in_time_order(files)
        begin: float | None = None
        if since is not None:
            end = until if until is not None else _latest(files, year)
            begin = None if end is None else end - since
        counting = Counting(tracker, begin, year)
        for name in files:
            counting.next_file()
            for batch in _batches(name):
                counting.feed(batch)


class Counting:
    """Feeds files to a tracker, from the first line on that is not older than `begin` (epoch; None: all)."""

    def __init__(self, tracker: Tracker, begin: float | None = None, year: int | None = None) -> None:
        self._tracker = tracker
        self._begin = begin
        self._year = year
        self._reading: tuple[Scanner, Clock] | None = None

    def next_file(self) -> None:
        """What comes now has a reference time of its own."""
        self._reading = None

    def feed(self, batch: Batch) -> None:
        """The next lines of this file.  LogUnreadable where some are missing."""
        if batch.gap:
            raise LogUnreadable(batch.gap, "unpack it by hand")
        if self._reading is None:
            reference, zone = batch.reference, batch.zone
            self._reading = (
                Scanner(self._tracker, reference, self._year, zone),
                Clock(reference, year=self._year, zone=zone),
            )
        scanner, clock = self._reading
        lines = batch.text
        if self._begin is not None:
            lines = _from(lines, clock, self._begin)
            if lines:
                self._begin = None  # from here on everything counts
        if lines:
            scanner.feed(lines)


def _flows(name: str) -> bool:
    """Whether an input can be read once only: standard input, a pipe, `<(zcat …)`."""
    return name == "-" or Path(name).is_fifo()


def _pieces(name: str) -> Iterator[bytes]:
    """What flows, unpacked.  LogUnreadable."""
    stream = Stream()
    try:
        with open(sys.stdin.fileno() if name == "-" else name, "rb", buffering=0, closefd=name != "-") as raw:
            while data := raw.read(_CHUNK):
                yield from stream.feed(data)
    except OSError as error:
        raise unreadable(name, error) from error
    if trouble := stream.end():
        raise LogUnreadable(f"{'standard input' if name == '-' else name}: {trouble}", "unpack it by hand")


def _kept(name: str, file: Path) -> str:
    """What flows, unpacked into a file."""
    with file.open("wb") as kept:
        kept.writelines(_pieces(name))
    return str(file)


def _batches(name: str, start: int = 0) -> Iterator[Batch]:
    if not _flows(name):
        yield from history.read(name, start, chunk=_CHUNK)
        return
    buffer = LineBuffer()
    now = time.time()
    for piece in _pieces(name):
        yield Batch(text=buffer.feed(piece), reference=now)
    yield Batch(text=buffer.flush(), reference=now)


def _second(line: str, clock: Clock) -> float | None:
    head = split(line)
    shown = clock.iso(head[0]) if head else None
    return clock.epoch(shown) if shown else None


def _latest(files: Sequence[str], year: int | None) -> float | None:
    """The latest last time of the files; None where no line has one."""
    found = [second for name in files if (second := _last(name, year)) is not None]
    return max(found, default=None)


def _last(name: str, year: int | None) -> float | None:
    """The time of a file's last line that has one: near the end, else wherever it is."""
    path = Path(name)
    starts = [0]
    if path.is_file() and not is_packed(path) and (tail := history.tail_start(path, _TAIL)):
        starts.insert(0, tail)
    for start in starts:
        last = None
        for batch in _batches(name, start):
            clock = Clock(batch.reference, year=year)
            for line in reversed(batch.text.split("\n")):
                if (second := _second(line, clock)) is not None:
                    last = second
                    break
        if last is not None:
            return last
    return None


def _from(text: str, clock: Clock, begin: float) -> str:
    """The text from the first line on that is not older than `begin`."""
    lines = text.removesuffix("\n").split("\n")
    last = next((second for line in reversed(lines) if (second := _second(line, clock)) is not None), None)
    if last is None or last < begin:
        return ""
    at = 0
    for line in lines:
        second = _second(line, clock)
        if second is not None and second >= begin:
            return text[at:]
        at += len(line) + 1
    return ""
