"""The log files of another machine: which there are, which one a cursor points into, and their bytes.

The names and their order are those of `mxtop.sources.rotation`, asked by commands of that machine: find(1)
with stat(1), and the first bytes of a file.  Does not look into other directories.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from mxtop.hosts import rights
from mxtop.hosts.base import Host
from mxtop.hosts.errors import HostDown
from mxtop.mail.errors import LogUnreadable
from mxtop.sources.packed import Unpacker
from mxtop.sources.rotation import HEAD, Cursor, LogFile, agreed, arrange, is_packed

_LISTINGS: Final = 10
_TIMEOUT: Final = 20.0
_PEEK: Final = 16 * 1024  # packed bytes that hold HEAD unpacked ones; bz2 unpacks by blocks
_PEEK_BZ2: Final = 1024 * 1024
_LINE: Final = re.compile(r"(\d+) (\d+) (\d+) (\d+) .*/([^/]+)")  # no name holds a /, every path does
_ALIGN: Final = 64 * 1024

SLACK: Final = 60.0
"""Seconds that a line's time may lie after the last writing of its file: clocks of relays differ."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A log (None where it is just gone) and its rotated siblings, oldest first; `now`: the host's clock."""

    log: LogFile | None
    siblings: tuple[LogFile, ...]
    now: float

    @property
    def all(self) -> tuple[LogFile, ...]:
        return (*self.siblings, self.log) if self.log else self.siblings


async def listing(host: Host, path: str) -> Listing:
    """What is there; two looks that agree are waited for, as files are renamed one by one.

    CommandFailed, OSError: the host does not answer.
    """
    found = await _look(host, path)
    for _ in range(_LISTINGS):
        again = await _look(host, path)
        if agreed(found[1], again[1]):
            break
        found = again
    clock = (await host.run(["date", "+%s"], timeout=_TIMEOUT)).text.strip()
    return Listing(*found, float(clock) if clock.isdigit() else 0.0)


async def _look(host: Host, path: str) -> tuple[LogFile | None, tuple[LogFile, ...]]:
    log = PurePosixPath(path)
    directory = str(log.parent)
    pattern = re.sub(r"([*?\[\]\\])", r"\\\1", log.stem)
    argv = ["find", directory if directory.startswith("/") else f"./{directory}", "-maxdepth", "1"]
    argv += ["-name", f"{pattern}*", "-exec", "stat", "-L", "-c", "%d %i %s %Y %n", "{}", "+"]
    listed = await host.run(argv, timeout=_TIMEOUT)
    files = []
    for line in listed.text.split("\n"):
        if match := _LINE.fullmatch(line):
            device, inode, size, modified = (int(number) for number in match.groups()[:4])
            files.append(LogFile(Path(log.parent / match[5]), device, inode, size, float(modified)))
    own = next((file for file in files if file.path.name == log.name), None)
    if own is None:
        own = await _stat(host, log)  # a directory that may be entered but not listed
    return own, arrange(Path(log), files)


async def _stat(host: Host, log: PurePosixPath) -> LogFile | None:
    try:
        found = await host.stat(str(log))
    except PermissionError:
        return None
    if found is None:
        return None
    return LogFile(Path(log), found.device, found.inode, found.size, found.mtime)


async def head_of(host: Host, path: str, length: int = HEAD) -> bytes:
    """The first bytes of a log's content; b"" where it cannot be read."""
    unpacker = Unpacker.of(path)
    limit = length if unpacker is None else _PEEK_BZ2 if path.endswith(".bz2") else _PEEK
    try:
        data = await host.read_file(path, limit=limit)
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        return b""
    if unpacker is not None:
        data = next(unpacker.feed(data), b"")
    return data[:length]


async def recognise(host: Host, candidates: Iterable[LogFile], cursor: Cursor) -> LogFile | None:
    """The newest file that is the cursor's: by inode and first bytes, else by first bytes alone."""
    newest_first = list(candidates)[::-1]
    inode = [log for log in newest_first if log.identity == (cursor.device, cursor.inode)]
    others = [log for log in newest_first if log not in inode] if cursor.head else []
    for log in (*inode, *others):
        if not cursor.head or await head_of(host, str(log.path), len(cursor.head)) == cursor.head:
            return log
    return None


async def cursor_of(host: Host, log: LogFile, offset: int = 0) -> Cursor:
    """A place in a file as it is now."""
    return Cursor(log.device, log.inode, offset, await head_of(host, str(log.path)))


async def line_start(host: Host, path: str, offset: int) -> int:
    """The first byte of a line near `offset` (up to 64 kB before it, unless that line is longer)."""
    blocks = offset // _ALIGN
    if blocks == 0:
        return 0
    argv = ["dd", f"if={path}", f"bs={_ALIGN}", f"skip={blocks}", "count=16"]
    data = (await host.run(argv, timeout=_TIMEOUT)).stdout
    return blocks * _ALIGN + data.find(b"\n") + 1


@dataclass(frozen=True, slots=True)
class RemotePiece:
    """One file to be read up to `end` (None: all of it), also after it was renamed or packed meanwhile."""

    log: str
    cursor: Cursor
    size: int
    end: int | None = None


@dataclass(frozen=True, slots=True)
class RemotePlan:
    """Where a RemoteFollower starts (the newest history), and the files before that, oldest first.

    Together they are every line there is, once.
    """

    start: tuple[Cursor, ...]
    older: tuple[RemotePiece, ...]

    @property
    def size(self) -> int:
        """Bytes on disk of `older`."""
        return sum(piece.size for piece in self.older)


async def _readable_log(host: Host, path: str) -> tuple[LogFile, list[LogFile], float]:
    """A log, its other files, oldest first, and the host's clock.  LogUnreadable."""
    found = await listing(host, path)
    if found.log is None:
        raise LogUnreadable(f"{path}: no such file", "name the log with `--log FILE` or `--log journal`")
    if not await host.can_read(path):
        file = await host.stat(path)
        remedy = await rights.to_read(host, file) if file else host.rights.root
        raise LogUnreadable(f"{path}: permission denied on {host.name}", remedy)
    older = [sibling for sibling in found.siblings if sibling.identity != found.log.identity]
    return found.log, older, found.now


async def whole(host: Host, path: str, since: float | None = None) -> tuple[RemotePiece, ...]:
    """A log with all that was rotated, oldest first, each file to its end.

    With `since`, without the files that were not written to in the last so many seconds: they cannot hold
    lines that are newer.  LogUnreadable where the log itself cannot be read.
    """
    current, older, now = await _readable_log(host, path)
    if since is not None and now:
        older = [log for log in older if log.modified >= now - since - SLACK]
    pieces = [RemotePiece(path, await cursor_of(host, log), log.size) for log in (*older, current)]
    return tuple(pieces)


async def plan(host: Host, path: str, newest: int) -> RemotePlan:
    """Divide a log's history: its newest bytes (reaching back into unpacked rotated files), and the rest.

    LogUnreadable where the log itself cannot be read.
    """
    current, older, _ = await _readable_log(host, path)
    first, wanted = current, newest
    while first.size < wanted and older and await _readable(host, older[-1].path):
        wanted -= first.size
        first = older.pop()
    offset = 0
    if not is_packed(first.path):
        offset = await line_start(host, str(first.path), max(0, first.size - wanted))
    pieces = [RemotePiece(path, await cursor_of(host, log), log.size) for log in older]
    start = await cursor_of(host, first, offset)
    if offset:
        pieces.append(RemotePiece(path, Cursor(first.device, first.inode, 0, start.head), offset, offset))
    return RemotePlan((start,), tuple(pieces))


async def _readable(host: Host, path: Path) -> bool:
    return not is_packed(path) and await host.can_read(str(path))


def lost(path: str) -> HostDown:
    """The error where a reading command ended before its file did."""
    return HostDown(f"the connection to the reader of {path} was lost")
