"""A command in a channel of its own: its stdout as it comes, or a conversation on stderr and stdin.

Flow is controlled: beyond 1 MiB that nobody has taken the far side is asked to wait.  The far side kills the
command when the channel ends, however it ends (`script.guarded`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final

from mxtop.hosts import script
from mxtop.hosts.errors import HostDown
from mxtop.hosts.shell import NOISE_CAP, STDERR_CAP, Until, flooded
from mxtop.hosts.wire import Channel, Wire

HIGH_WATER: Final = 1024 * 1024
_LOW_WATER: Final = 256 * 1024
_CLOSE_SECONDS: Final = 1.0


class Process:
    """The receiver of one channel; `exit_code` and `stderr` as `Output` has them."""

    def __init__(self, name: str, mark: str) -> None:
        self.exit_code: int | None = None
        self.stderr = b""
        self.pid = 0
        self._name = name
        self._channel: Channel | None = None
        self._head: Until | None = Until(mark, NOISE_CAP)
        self._complaint_head: Until | None = Until(mark, NOISE_CAP)
        self._complaints = Until(mark, STDERR_CAP)
        self._chunks: deque[bytes] = deque()
        self._waiting = 0
        self._paused = False
        self._end: HostDown | None = None
        self._over = False
        self._news = asyncio.Event()

    @classmethod
    async def start(cls, wire: Wire, name: str, text: str, mark: str) -> Process:
        process = cls(name, mark)
        process._channel = await wire.shell(process)
        process._channel.write(script.encoded(text))
        return process

    @property
    def over(self) -> bool:
        """Whether stdout and stderr have ended."""
        return self._over

    def data(self, chunk: bytes) -> None:
        if self._head is not None:
            if not self._head.feed(chunk):
                if self._head.overflow:
                    self._fail(flooded(self._name))
                return
            self.pid = int(self._head.word or b"0")
            chunk, self._head = self._head.rest, None
            self._news.set()
        if chunk:
            self._chunks.append(chunk)
            self._waiting += len(chunk)
            if self._waiting > HIGH_WATER and not self._paused and self._channel is not None:
                self._paused = True
                self._channel.pause()
            self._news.set()

    def complaint(self, chunk: bytes) -> None:
        if self._complaint_head is not None:
            if not self._complaint_head.feed(chunk):
                if self._complaint_head.overflow:
                    self._fail(flooded(self._name))
                return
            chunk, self._complaint_head = self._complaint_head.rest, None
        if self._complaints.word is None and self._complaints.feed(chunk):
            self.exit_code = script.exit_code(int(self._complaints.word or b"0"))
            # The far side's guard waits for this; ssh(1) passes on the end of stdout only after it.
            self.write_eof()
        self.stderr = bytes(self._complaints.kept[:STDERR_CAP])
        self._news.set()

    def ended(self, why: str | None) -> None:
        self._over = True
        if self.exit_code is None:
            self._fail(HostDown(f"{self._name}: {why or 'the command was ended'}"))
        self._news.set()

    def _fail(self, error: HostDown) -> None:
        self._end = self._end or error
        self._news.set()
        if self._channel is not None:
            self._channel.close()

    async def started(self) -> None:
        """Wait until the far side has read all of the script."""
        while self._head is not None and self._end is None:
            await self.news()
        if self._end is not None:
            raise self._end

    async def news(self) -> None:
        """Wait until something was heard."""
        await self._news.wait()
        self._news.clear()

    async def finished(self) -> None:
        """Wait for the exit code, all of stdout being taken by somebody else or not wanted."""
        while self.exit_code is None and self._end is None:
            await self.news()
        if self._end is not None:
            raise self._end

    def write(self, data: bytes | bytearray) -> None:
        if self._channel is not None:
            self._channel.write(data)

    def write_eof(self) -> None:
        if self._channel is not None:
            self._channel.write_eof()

    async def close(self) -> None:
        """Close the channel, and give the far side a moment to do so too."""
        if self._channel is not None:
            self._channel.close()
            await asyncio.wait([self._channel.closed], timeout=_CLOSE_SECONDS)

    def when_closed(self, call: Callable[[], None]) -> None:
        """Have `call` called when the far side, too, has closed the channel, whoever waits for that."""
        if self._channel is not None:
            self._channel.closed.add_done_callback(lambda _: call())

    def taken(self) -> bytes:
        """All of stdout that waits."""
        chunk = b"".join(self._chunks)
        self._chunks.clear()
        self._waiting = 0
        if self._paused and self._channel is not None:
            self._paused = False
            self._channel.resume()
        return chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            if self._chunks:
                chunk = self._chunks.popleft()
                self._waiting -= len(chunk)
                if self._paused and self._waiting < _LOW_WATER and self._channel is not None:
                    self._paused = False
                    self._channel.resume()
                yield chunk
            elif self._end is not None:
                raise self._end
            elif self._over:
                return
            else:
                await self.news()
