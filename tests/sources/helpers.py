"""Numbered lines, and what a follower makes of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from mxtop.mail.batch import Batch


def numbered(numbers: Iterable[int]) -> str:
    return "".join(f"2026-11-23T18:39:26.{n:06d}+00:00 mx1 postfix/smtp[{n}]: line {n}\n" for n in numbers)


def append(path: Path, numbers: Iterable[int]) -> None:
    with path.open("a") as file:
        file.write(numbered(numbers))


def numbers_in(text: str) -> list[int]:
    return [int(line.rpartition(" ")[2]) for line in text.split("\n") if line]


class Reader:
    """Takes a source's batches as they come; everything stays in `batches`."""

    def __init__(self, source: AsyncIterator[Batch]) -> None:
        self._source = source
        self._pending: asyncio.Future[Batch] | None = None
        self.batches: list[Batch] = []

    @property
    def text(self) -> str:
        return "".join(batch.text for batch in self.batches)

    @property
    def numbers(self) -> list[int]:
        return numbers_in(self.text)

    @property
    def gaps(self) -> list[str]:
        return [batch.gap for batch in self.batches if batch.gap]

    async def until(self, last: int, timeout: float = 5) -> None:
        """Take batches until line number `last` is there."""
        async with asyncio.timeout(timeout):
            while not self.batches or f" line {last}\n" not in self.batches[-1].text:
                await self._take(timeout)

    async def quiet(self, seconds: float) -> None:
        """Take whatever comes in so many seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            await self._take(left)

    async def _take(self, timeout: float) -> None:
        """Wait for one batch, without ending the source where none comes."""
        if self._pending is None:
            self._pending = asyncio.ensure_future(anext(self._source))
        done, _ = await asyncio.wait({self._pending}, timeout=timeout)
        if done:
            self.batches.append(self._pending.result())
            self._pending = None
