"""One log of another machine, handed out as it grows by a command there.

The command (follow.sh) opens the file once, so that renaming and deleting do not matter, and frames what it
hands out: bytes count only after the file was looked at again and found neither shorter nor another one, as
logrotate's copytruncate leaves it.  Packed files are unpacked here.  Does not decide what comes after a
rotation: `mxtop.sources.remote` does.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from importlib import resources
from typing import Final, Literal

from mxtop.hosts.base import Host
from mxtop.mail.errors import CommandFailed
from mxtop.sources.lines import LineBuffer
from mxtop.sources.packed import Unpacker
from mxtop.sources.remotefiles import lost
from mxtop.sources.rotation import HEAD, Cursor

PAUSE: Final = 0.25
"""Seconds between two looks of the command; it shows life every fourth."""

SILENT: Final = 30.0
"""Seconds without a sign of life after which the command counts as lost."""

AHEAD: Final = 4 * 1024 * 1024
"""Bytes that are held while nobody takes them; past that the command has to wait."""

SCRIPT: Final = resources.files("mxtop.sources").joinpath("follow.sh").read_text()

_WORD: Final = 256  # bytes of a line between the data at most


class _Ended(Exception):
    """The command ended."""


class RemoteTail:
    """A file of `log` from `offset` on.  `still`: nobody writes to it any more.

    `pump` is its life, run by the owner beside; `wake` is set when something came.  `state`: "opening",
    "open", "missing" (no such file, or it may not be read), "truncated" (shorter, or another file in
    the same place), "ended" (a still file, read to its end).
    """

    def __init__(
        self,
        host: Host,
        path: str,
        log: str,
        wake: asyncio.Event,
        place: Cursor | None = None,
        *,
        still: bool = False,
        pause: float = PAUSE,
    ) -> None:
        self.path = path
        self.offset = place.offset if place else 0
        self.device = self.inode = 0
        self.size = 0  # when it was opened
        self.modified = 0.0  # seconds, by the host's clock
        self.newest: tuple[int, int] | None = None
        """Device and inode of what `log` now is; None where nothing has."""
        self.lines = LineBuffer()
        self.unpacker = Unpacker.of(path)
        self.still = still or self.unpacker is not None
        self.settled = False
        self.gap = ""
        self.state: Literal["opening", "open", "missing", "truncated", "ended"] = "opening"
        self.opened = asyncio.Event()
        self._host, self._log, self._wake, self._pause = host, log, wake, pause
        self._seen = 0  # its size at the last look
        self._came = self.offset  # the bytes that wait here included
        self._first = place.head[: self.offset] if place else b""  # of the file, as far as it is known
        self._chunks: deque[bytes] = deque()
        self._room = asyncio.Event()
        self._grew = self._looked = time.monotonic()

    @property
    def identity(self) -> tuple[int, int]:
        return self.device, self.inode

    @property
    def head(self) -> bytes:
        """The file's first bytes, as far as they are known."""
        return self._first

    @property
    def cursor(self) -> Cursor:
        """After the last whole line handed out."""
        return Cursor(self.device, self.inode, self.offset - self.lines.held, self.head)

    def read(self) -> bytes:
        """The next bytes, b"" where there are none yet."""
        if not self._chunks:
            return b""
        data = self._chunks.popleft()
        self._room.set()
        self.offset += len(data)
        return data

    @property
    def drained(self) -> bool:
        return not self._chunks

    @property
    def held(self) -> bool:
        """Whether the command holds the file open, so that its inode is nobody else's."""
        return self.state == "open" and self.unpacker is None

    @property
    def over(self) -> bool:
        """Whether all was handed out and nothing more will come."""
        return self.still and self.state == "ended" and self.drained and not self.lines.held

    @property
    def begun(self) -> bool:
        """Whether the file holds anything at all."""
        return self._came > 0

    def quiet(self, seconds: float) -> bool:
        """Whether the file was looked at so long after it last grew, and nothing more had come."""
        if not self.drained:
            return False
        if self.still:
            return self.state in ("ended", "missing", "truncated")
        return self.state != "opening" and self._came >= self._seen and self._looked - self._grew >= seconds

    def quiet_since(self, seconds: float) -> None:
        """It did not grow for so long before it was opened: the host's own clock says so."""
        self._grew = min(self._grew, self._looked - seconds)

    async def pump(self) -> None:
        """Read until the file is gone, truncated or at its end.  CommandFailed, OSError: the host is lost."""
        try:
            if self.unpacker is not None:
                await self._packed(self.unpacker)
            else:
                await self._plain()
        finally:
            self.opened.set()
            self._wake.set()

    async def _plain(self) -> None:
        argv = ["sh", "-c", SCRIPT, "mxtop-follow", self.path, str(self.offset)]
        argv += [f"{self._pause:g}", self._log]
        async with self._host.output(argv) as output:
            try:
                await self._frames(_Frames(aiter(output), self.path))
                return
            except _Ended:
                pass  # why is known once the context is left
        if output.exit_code == 0:  # it noticed that the file became shorter
            self.state = "truncated"
        elif output.exit_code == 3:
            raise CommandFailed("stat(1) or /proc of this host does not show what mxtop needs")
        elif output.exit_code and self.state == "opening":
            self.state = "missing"
        else:
            raise lost(self.path)

    async def _frames(self, frames: _Frames) -> None:
        """Take frames until the file is done with."""
        while True:
            kind, numbers = await frames.word()
            if kind == "S":
                if not self._look(numbers):
                    return
                continue
            data = await frames.exactly(numbers[0])
            head = await frames.exactly(min(HEAD, self._came))
            kind, numbers = await frames.word()
            if kind != "S":
                raise frames.garbled()
            if not head.startswith(self._first) or numbers[2] < self._came + len(data):
                self.state = "truncated"
                return
            self._first = (head + data)[:HEAD] if len(head) == self._came else head
            self._came += len(data)
            if self._came > self.size:  # else it was there before
                self._grew = time.monotonic()
            self._chunks.append(data)
            if not self._look(numbers):
                return
            await self._wait_for_room()

    async def _wait_for_room(self) -> None:
        while sum(map(len, self._chunks)) > AHEAD:
            self._room.clear()
            await self._room.wait()

    def _look(self, numbers: list[int]) -> bool:
        """What the command saw; False where nothing more comes from this file."""
        if self.state == "opening":
            self.state, self.size = "open", numbers[2]
            self.device, self.inode = numbers[:2]
        self._seen, self.modified = numbers[2], float(numbers[3])
        self.newest = (numbers[4], numbers[5]) if len(numbers) == 8 else None
        self._looked = time.monotonic()
        if numbers[2] < self._came:
            self.state = "truncated"
        elif self.still and numbers[2] == self._came:
            self.state = "ended"
        self.opened.set()
        self._wake.set()
        return self.state == "open"

    async def _packed(self, unpacker: Unpacker) -> None:
        found = await self._host.stat(self.path)
        if found is None:
            self.state = "missing"
            return
        self.device, self.inode, self.modified = found.device, found.inode, found.mtime
        self.state = "open"
        skip = self.offset
        async with self._host.output(["cat", self.path]) as output:
            async for packed in output:
                for data in unpacker.feed(packed):
                    passed = min(skip, len(data))
                    skip -= passed
                    if rest := data[passed:]:
                        if len(self._first) == self._came:
                            self._first = (self._first + rest)[:HEAD]
                        self._came += len(rest)
                        self._chunks.append(rest)
                    self.size = self._came
                    self.opened.set()
                    self._wake.set()
                    await self._wait_for_room()
        if output.exit_code is None:
            raise lost(self.path)
        unpacker.end()
        self.gap = unpacker.trouble and f"{self.path}: {unpacker.trouble}"
        self.state = "missing" if output.exit_code else "ended"


class _Frames:
    """Words and bytes out of the chunks of a command's output."""

    def __init__(self, chunks: AsyncIterator[bytes], path: str) -> None:
        self._chunks = chunks
        self._path = path
        self._held = bytearray()

    def garbled(self) -> CommandFailed:
        """What came is no frame: nothing of it counts, and the reader begins again at its cursor."""
        return CommandFailed(f"the reader of {self._path} sent what nobody understands")

    async def word(self) -> tuple[str, list[int]]:
        """A line: `S` with the numbers of one or two files, or `D` with a length."""
        while (end := self._held.find(b"\n")) < 0:
            if len(self._held) > _WORD:
                raise self.garbled()
            await self._more()
        letter, *words = bytes(self._held[:end]).decode("ascii", "replace").split(" ")
        del self._held[: end + 1]
        counts = {"S": (4, 8), "D": (1,)}.get(letter, ())
        if len(words) not in counts or not all(word.isascii() and word.isdigit() for word in words):
            raise self.garbled()
        return letter, [int(word) for word in words]

    async def exactly(self, size: int) -> bytes:
        """So many bytes."""
        if size > AHEAD:
            raise self.garbled()
        while len(self._held) < size:
            await self._more()
        data = bytes(self._held[:size])
        del self._held[:size]
        return data

    async def _more(self) -> None:
        try:
            async with asyncio.timeout(SILENT):
                self._held += await anext(self._chunks)
        except StopAsyncIteration:
            raise _Ended from None
        except TimeoutError:
            raise CommandFailed(
                f"the reader of {self._path} showed no sign of life for {SILENT:g} s"
            ) from None
