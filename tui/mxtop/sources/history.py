"""What a log already holds: one file read to its end, and a plan for a log with its rotated files.

Synchronous, for reports and for the worker that reads what is older than the screen's first lines.
Does not follow: what is written after a file's end was met is left to `Follower`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mxtop.mail.batch import Batch
from mxtop.sources.access import unreadable
from mxtop.sources.lines import LineBuffer
from mxtop.sources.rotation import (
    DAMAGED,
    Cursor,
    LogFile,
    find,
    head_of,
    is_packed,
    line_start,
    look,
    open_log,
    rotated,
)

NEWEST: Final = 16 * 1024 * 1024
"""Bytes of the newest history that a screen reads first."""

CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HistoryFile:
    """One file to be read up to `end` (None: all of it), also after it was renamed or packed meanwhile.

    `log` is the path it is a sibling of; `size` the bytes on disk to be read, for progress.
    """

    log: Path
    cursor: Cursor
    size: int
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a Follower starts (the newest history), and the files before that, oldest first.

    Together they are every line there is, once.  Can be pickled, for a worker process.
    """

    start: Cursor
    older: tuple[HistoryFile, ...]

    @property
    def size(self) -> int:
        """Bytes on disk of `older`."""
        return sum(file.size for file in self.older)


def files(path: str | os.PathLike[str]) -> tuple[LogFile, ...]:
    """The rotated siblings of a log, oldest first; .gz, .xz and .bz2 included, the log itself not."""
    return rotated(Path(path))


def tail_start(path: str | os.PathLike[str], size: int = NEWEST) -> int:
    """The offset of the line in which the last `size` bytes begin.  LogUnreadable."""
    log = Path(path)
    try:
        return line_start(log, max(0, log.stat().st_size - size))
    except OSError as error:
        raise unreadable(str(log), error) from error


def plan(path: str | os.PathLike[str], newest: int = NEWEST) -> Plan:
    """Divide a log's history: its newest bytes (reaching back into unpacked rotated files), and the rest.

    LogUnreadable where the log itself cannot be read.
    """
    log = Path(path)
    try:
        with log.open("rb"):
            current = look(log)
    except OSError as error:
        raise unreadable(str(log), error) from error
    older = [sibling for sibling in rotated(log) if sibling.identity != current.identity]
    first, wanted = current, newest
    while first.size < wanted and older and _readable(older[-1].path):
        wanted -= first.size
        first = older.pop()
    offset = 0 if is_packed(first.path) else tail_start(first.path, wanted)
    pieces = [HistoryFile(log, _cursor(file), file.size) for file in older]
    if offset:
        pieces.append(HistoryFile(log, _cursor(first), offset, offset))
    return Plan(_cursor(first, offset), tuple(pieces))


def _readable(path: Path) -> bool:
    """Whether a Follower may begin in this file: unpacked, and open to us."""
    return not is_packed(path) and os.access(path, os.R_OK)


def _cursor(file: LogFile, offset: int = 0) -> Cursor:
    return Cursor(file.device, file.inode, offset, head_of(file.path))


def read(
    path: str | os.PathLike[str], start: int = 0, end: int | None = None, chunk: int = CHUNK
) -> Iterator[Batch]:
    """Batches of a file's lines from byte `start` to `end` (of the unpacked content).

    Pipes may be read too, from 0.  `done` of a batch counts bytes on disk.  A damaged packed file ends with
    a batch whose `gap` says so.  LogUnreadable.
    """
    log = Path(path)
    try:
        content, raw = open_log(log)
        with raw, content:
            reference = os.fstat(raw.fileno()).st_mtime
            lines = LineBuffer()
            at = content.seek(start) if start else 0
            gap = ""
            while not gap:
                try:
                    data = content.read(chunk if end is None else min(chunk, end - at))
                except DAMAGED as error:
                    data, gap = b"", f"{log}: damaged after {at} bytes ({error})"
                at += len(data)
                text = lines.feed(data) if data else lines.flush()
                done = at if raw is content else raw.tell()
                if text or gap:
                    yield Batch(
                        text=text, origin=str(log), reference=reference, phase="history", gap=gap, done=done
                    )
                if not data:
                    return
    except OSError as error:
        raise unreadable(str(log), error) from error


def read_piece(piece: HistoryFile) -> Iterator[Batch]:
    """Batches of one file of a plan; a single one without text, and with a `gap`, where the file is gone."""
    file = find(piece.log, piece.cursor)
    if file is None:
        yield Batch(text="", origin=str(piece.log), phase="history", gap="a rotated file went away unread")
        return
    yield from read(file.path, 0, piece.end)
