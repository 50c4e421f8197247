"""A log and its rotated siblings: which files they are, in what order, and which one a reader was in.

Knows logrotate's numbers (`mail.log.1`, `.2.gz`), its `dateext` and `extension`, and the time stamps of
`postfix logrotate`; .gz, .xz and .bz2.  Does not look into other directories (logrotate's `olddir`).
"""

from __future__ import annotations

import bz2
import gzip
import heapq
import lzma
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Final, cast

HEAD: Final = 256
"""Bytes at the beginning of a log that tell it from others: the first lines carry time and pid."""

DAMAGED: Final = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)
"""What reading a damaged packed file raises; bz2 raises a plain OSError, as a bad disk does."""

_LISTINGS: Final = 10
_MARK: Final = r"[.-](\d{1,5}|\d{8,}(?:[-_.T]\d+)*|\d{4}-\d\d-\d\d(?:[-_.T:]?\d+)*)"
_PACKED: Final = (".gz", ".xz", ".bz2")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a log that outlives its rotation.

    `offset` counts bytes (unpacked ones in a packed file); `head`, up to HEAD of the file's first bytes,
    knows it again after copying or packing, which change the inode.
    """

    device: int
    inode: int
    offset: int = 0
    head: bytes = b""


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file as a directory shows it; `size` in bytes on disk, `modified` in wall-clock seconds."""

    path: Path
    device: int
    inode: int
    size: int
    modified: float

    @property
    def identity(self) -> tuple[int, int]:
        return self.device, self.inode


def is_packed(path: Path) -> bool:
    return path.suffix in _PACKED


def open_log(path: Path) -> tuple[IO[bytes], IO[bytes]]:
    """The log's content, and the file as it is on disk: the same where it is not packed.  OSError."""
    raw = path.open("rb", buffering=0)
    match path.suffix:
        case ".gz":
            return cast(IO[bytes], gzip.GzipFile(fileobj=raw)), raw
        case ".xz":
            return lzma.LZMAFile(raw), raw
        case ".bz2":
            return bz2.BZ2File(raw), raw
        case _:
            return raw, raw


def head_of(path: Path, length: int = HEAD) -> bytes:
    """The first bytes of a log's content; b"" where it cannot be read."""
    try:
        content, raw = open_log(path)
        with raw, content:
            return content.read(length)
    except (OSError, *DAMAGED):
        return b""


def look(path: Path) -> LogFile:
    """The file as it is now.  OSError as stat(2)."""
    found = path.stat()
    return LogFile(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime)


def line_start(path: Path, offset: int) -> int:
    """The first byte of the line that holds `offset`."""
    step = 64 * 1024
    with path.open("rb") as file:
        while offset > 0:
            begin = max(0, offset - step)
            file.seek(begin)
            found = file.read(offset - begin).rfind(b"\n")
            if found >= 0:
                return begin + found + 1
            offset = begin
    return 0


def rotated(path: Path) -> tuple[LogFile, ...]:
    """The rotated siblings of a log, oldest first; of a file and its packed copy, the unpacked one.

    Files are renamed one by one, so that a single listing may miss one or show it twice: two that agree
    are waited for.
    """
    found = _listing(path)
    for _ in range(_LISTINGS):
        again = _listing(path)
        if agreed(found, again):
            break
        found = again
    return found


def find(path: Path, cursor: Cursor) -> LogFile | None:
    """The file that a cursor points into: the log itself or a sibling; None where it is gone."""
    candidates = list(rotated(path))
    try:
        candidates.append(look(path))
    except OSError:
        pass  # just renamed
    return recognise(candidates, cursor)


def recognise(candidates: Iterable[LogFile], cursor: Cursor) -> LogFile | None:
    """The newest file that is the cursor's: by inode and first bytes, else by first bytes alone."""
    newest_first = list(candidates)[::-1]
    inode = [log for log in newest_first if log.identity == (cursor.device, cursor.inode)]
    others = [log for log in newest_first if log not in inode] if cursor.head else []
    for log in (*inode, *others):
        if head_of(log.path, len(cursor.head)) == cursor.head:
            return log
    return None


def agreed(one: Sequence[LogFile], other: Sequence[LogFile]) -> bool:
    """Whether two listings show the same files under the same names."""
    return [(log.path, log.identity) for log in one] == [(log.path, log.identity) for log in other]


def _listing(path: Path) -> tuple[LogFile, ...]:
    try:
        names = list(path.parent.iterdir())
    except OSError:
        return ()  # a directory that may be entered but not listed: no siblings are known
    found = []
    for sibling in names:
        if _pattern(path).fullmatch(sibling.name):
            try:
                found.append(look(sibling))
            except OSError:
                continue  # renamed or removed since: the next listing tells
    return arrange(path, found)


@lru_cache(maxsize=64)
def _pattern(path: Path) -> re.Pattern[str]:
    """The names of the rotated siblings of a log."""
    forms = [re.escape(path.name) + _MARK]
    if path.suffix:  # logrotate's `extension`: mail-20260101.log of mail.log
        forms.append(re.escape(path.stem) + _MARK + re.escape(path.suffix))
    return re.compile(rf"(?:{'|'.join(forms)})(?:\.gz|\.xz|\.bz2)?")


def arrange(path: Path, files: Iterable[LogFile]) -> tuple[LogFile, ...]:
    """Those of some files that are rotated siblings of a log, oldest first."""
    marks: dict[LogFile, str] = {}
    for log in files:
        if match := _pattern(path).fullmatch(log.path.name):
            marks[log] = match[match.lastindex or 0]
    plain = {log.path for log in marks}
    numbered: list[tuple[int, LogFile]] = []
    dated: list[tuple[str, LogFile]] = []
    for log, mark in marks.items():
        if is_packed(log.path) and log.path.with_suffix("") in plain:
            continue  # being packed just now
        if len(mark) <= 5:
            numbered.append((-int(mark), log))
        else:
            dated.append((re.sub(r"\D", "", mark), log))
    by_number = [log for _, log in sorted(numbered, key=lambda pair: pair[0])]
    by_date = [log for _, log in sorted(dated, key=lambda pair: pair[0])]
    return tuple(heapq.merge(by_number, by_date, key=lambda log: log.modified))
