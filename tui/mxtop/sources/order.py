"""Several logs put in time order: a rotated log comes before the one that replaced it.

Looks at the first lines only; promises nothing about logs that overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from mxtop.mail.header import Clock, split
from mxtop.sources.access import unreadable
from mxtop.sources.history import HistoryFile, read, tail_start
from mxtop.sources.rotation import Cursor, LogFile, head_of, is_packed, look

_PEEK: Final = 1000
"""Lines looked at for a first time."""

_FIRST: Final = 64 * 1024


def in_time_order(files: Sequence[str]) -> list[str]:
    """Logs by the first time in them; pipes and files without any time come last, in the order given.

    LogUnreadable where a file cannot be read.
    """
    if len(files) < 2:
        return list(files)
    return sorted(files, key=_first_time)


def _first_time(name: str) -> float:
    if name == "-" or not Path(name).is_file():
        return float("inf")
    first = next(read(name, chunk=_FIRST), None)
    if first is None:
        return float("inf")
    clock = Clock(first.reference)
    for line in islice(first.text.split("\n"), _PEEK):
        if (head := split(line)) and (shown := clock.iso(head[0])) and (at := clock.epoch(shown)) is not None:
            return at
    return float("inf")


def plan_files(files: Sequence[str], newest: int) -> tuple[tuple[HistoryFile, ...], Cursor | None]:
    """Logs in time order divided: what is older, and where to start following the last (None where that
    one is packed: it is then read as a whole).  LogUnreadable where one is not there.
    """
    *before, last = [_look(name) for name in files]
    pieces = [HistoryFile(log.path, _cursor(log), log.size) for log in before]
    if is_packed(last.path):
        return tuple(pieces), None
    offset = tail_start(last.path, newest)
    if offset:
        pieces.append(HistoryFile(last.path, _cursor(last), offset, offset))
    return tuple(pieces), _cursor(last, offset)


def _look(name: str) -> LogFile:
    try:
        return look(Path(name))
    except OSError as error:
        raise unreadable(name, error) from error


def _cursor(file: LogFile, offset: int = 0) -> Cursor:
    return Cursor(file.device, file.inode, offset, head_of(file.path))
