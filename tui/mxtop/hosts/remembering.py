"""A host that remembers the commands which were run on it, so that an admin can see what mxtop does there.

Input and output are not kept: they hold mail data, and once a password.  Of commands that only look, and of
those that change something, the last KEPT each are remembered, so that many looks forget no change.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal

from mxtop.hosts.base import Answer, Completed, FileStat, Host, Output
from mxtop.hosts.rights import Rights

KEPT: Final = 1_000

Purpose = Literal["look", "change"]


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that mxtop ran on the host, begun at `time`; `exit_code` None where it gave no answer."""

    time: float
    argv: tuple[str, ...]
    exit_code: int | None
    seconds: float
    purpose: Purpose = "look"


class Remembering:
    """`host` with a memory.  `changes` says of a command line whether it changes anything there."""

    def __init__(self, host: Host, changes: Callable[[Sequence[str]], bool]) -> None:
        self._host = host
        self._changes = changes
        self._kept: dict[Purpose, deque[Ran]] = {"look": deque(maxlen=KEPT), "change": deque(maxlen=KEPT)}

    def commands(self) -> tuple[Ran, ...]:
        """What is remembered, oldest first."""
        return tuple(sorted((*self._kept["look"], *self._kept["change"]), key=lambda ran: ran.time))

    def remember(self, ran: Ran) -> None:
        """A command that was run there in another way: by the script of a change."""
        self._kept[ran.purpose].append(ran)

    def _note(self, argv: Sequence[str], began: float, started: float, code: int | None) -> None:
        purpose: Purpose = "change" if self._changes(argv) else "look"
        self.remember(Ran(began, tuple(argv), code, time.monotonic() - started, purpose))

    @property
    def name(self) -> str:
        return self._host.name

    @property
    def rights(self) -> Rights:
        return self._host.rights

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        began, started, code = time.time(), time.monotonic(), None
        try:
            done = await self._host.run(argv, stdin=stdin, timeout=timeout)
            code = done.exit_code
        finally:
            self._note(argv, began, started, code)
        return done

    async def converse(self, argv: Sequence[str], answer: Answer, *, timeout: float = 30.0) -> Completed:
        began, started, code = time.time(), time.monotonic(), None
        try:
            done = await self._host.converse(argv, answer, timeout=timeout)
            code = done.exit_code
        finally:
            self._note(argv, began, started, code)
        return done

    def output(
        self, argv: Sequence[str], *, timeout: float | None = None
    ) -> AbstractAsyncContextManager[Output]:
        return self._output(argv, timeout)

    @asynccontextmanager
    async def _output(self, argv: Sequence[str], timeout: float | None) -> AsyncIterator[Output]:
        began, started, code = time.time(), time.monotonic(), None
        try:
            async with self._host.output(argv, timeout=timeout) as output:
                yield output
            code = output.exit_code
        finally:
            self._note(argv, began, started, code)

    async def read_file(self, path: str, *, limit: int = 1024 * 1024) -> bytes:
        return await self._host.read_file(path, limit=limit)

    async def stat(self, path: str) -> FileStat | None:
        return await self._host.stat(path)

    async def can_read(self, path: str) -> bool:
        return await self._host.can_read(path)

    async def open_stream(
        self, host: str, port: int, *, timeout: float = 10.0
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await self._host.open_stream(host, port, timeout=timeout)
