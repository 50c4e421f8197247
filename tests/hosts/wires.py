"""A `Wire` without a network: to a sh of this machine, or to a far side that says what a test lets it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mxtop.hosts.errors import HostDown
from mxtop.hosts.openssh import _Process, _start
from mxtop.hosts.wire import Channel, Receiver


class LocalWire:
    """Each shell is this program by pipes, a sh if none is named; it has no streams."""

    def __init__(self, *argv: str) -> None:
        self._argv = argv or ("sh",)
        self._over = asyncio.Event()

    @property
    def gone(self) -> bool:
        return self._over.is_set()

    async def shell(self, receiver: Receiver) -> Channel:
        channel = _Process(receiver)
        await _start(channel, self._argv)
        return channel

    async def stream(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        raise HostDown("no streams here")

    async def lost(self) -> str:
        await self._over.wait()
        return "closed"

    async def close(self) -> None:
        self._over.set()


class Line:
    """A `Channel` to a far side that a test speaks for; it remembers what was asked of it."""

    def __init__(self, receiver: Receiver, says: Callable[[Line], None]) -> None:
        self.receiver = receiver
        self._says = says
        self.written = bytearray()
        self.eof = False
        self.paused = False
        self.closings = 0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()  # it never says so

    @property
    def mark(self) -> bytes:
        """The nonce of the last script that was written."""
        return bytes(self.written).rpartition(b"printf '%s\\n' ")[2].split()[0]

    def write(self, data: bytes | bytearray) -> None:
        self.written += data
        self._says(self)

    def write_eof(self) -> None:
        self.eof = True

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def close(self) -> None:
        self.closings += 1


class ScriptedWire(LocalWire):
    """Each shell is a `Line` whose far side is `says`, called after each write."""

    def __init__(self, says: Callable[[Line], None] = lambda line: None) -> None:
        super().__init__()
        self._says = says
        self.lines: list[Line] = []

    async def shell(self, receiver: Receiver) -> Channel:
        self.lines.append(Line(receiver, self._says))
        return self.lines[-1]

    @property
    def line(self) -> Line:
        return self.lines[-1]
