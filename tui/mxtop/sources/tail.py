"""One open log file, read forward as it grows.  The follower's own; keeps no other file in view."""

from __future__ import annotations

import os
import time
from pathlib import Path

from mxtop.sources.access import unreadable
from mxtop.sources.lines import LineBuffer
from mxtop.sources.rotation import DAMAGED, HEAD, Cursor, LogFile, is_packed, open_log


class Truncated(Exception):
    """The file became shorter, or another one in the same place (logrotate's copytruncate)."""


class Damaged(Exception):
    """A packed file that cannot be unpacked further; says which, and where."""


class Tail:
    """A file from `offset` on.  `still`: nobody writes to it any more (a packed or copied file).

    Raises LogUnreadable where it cannot be opened, FileNotFoundError where it is not there.
    """

    def __init__(self, path: Path, offset: int = 0, *, still: bool = False) -> None:
        self.head = b""
        self._broken = False
        try:
            self._content, self._raw = open_log(path)
            found = os.fstat(self._raw.fileno())
            self.head = self._content.read(min(offset, HEAD))
            self._content.seek(offset)
        except FileNotFoundError:
            raise
        except DAMAGED:
            pass  # reading says so
        except OSError as error:
            raise unreadable(str(path), error) from error
        self.path = path
        self.device, self.inode = found.st_dev, found.st_ino
        self.size = found.st_size  # when it was opened
        self.offset = offset
        self.lines = LineBuffer()
        self.packed = is_packed(path)
        self.still = still or self.packed
        self.settled = False  # quiet for so long that its successor's lines may follow
        self._grew = time.monotonic()

    @property
    def identity(self) -> tuple[int, int]:
        return self.device, self.inode

    @property
    def modified(self) -> float:
        return os.fstat(self._raw.fileno()).st_mtime

    @property
    def cursor(self) -> Cursor:
        """After the last whole line handed out."""
        return Cursor(self.device, self.inode, self.offset - self.lines.held, self.head)

    def is_file(self, other: LogFile) -> bool:
        return self.identity == other.identity

    def read(self, size: int) -> bytes:
        """The next bytes, b"" where there are none yet.  Truncated, Damaged: nothing was taken.

        The check comes after reading: bytes read from a file that was replaced in between are not used.
        """
        if self._broken:
            return b""
        try:
            data = self._content.read(size)
        except DAMAGED as error:
            self._broken = True
            raise Damaged(f"{self.path}: damaged after {self.offset} bytes ({error})") from error
        if not self.packed and self._truncated():
            raise Truncated
        if data:
            if len(self.head) < HEAD and len(self.head) == self.offset:
                self.head += data[: HEAD - len(self.head)]
            self.offset += len(data)
            self._grew = time.monotonic()
        return data

    def _truncated(self) -> bool:
        descriptor = self._raw.fileno()
        if os.fstat(descriptor).st_size < self.offset:
            return True
        return os.pread(descriptor, len(self.head), 0) != self.head

    def quiet(self, seconds: float) -> bool:
        """Whether nothing came for so long; by the file's clock, or ours where that one is wrong."""
        return (
            self.still or time.time() - self.modified >= seconds or time.monotonic() - self._grew >= seconds
        )

    def restart(self) -> None:
        """Read from the beginning again."""
        self._content.seek(0)
        self.offset, self.head, self.lines = 0, b"", LineBuffer()
        self._grew = time.monotonic()

    def close(self) -> None:
        self._content.close()
        self._raw.close()
