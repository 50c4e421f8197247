"""Standard input as batches, from a pipe, a file or a terminal.

Packed by gzip(1) or not.  Ends with the input.  Does not promise that a batch is large: what has come is
handed out at once.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from typing import Final

from mxtop.mail.batch import Batch
from mxtop.sources.lines import LineBuffer
from mxtop.sources.packed import Stream

CHUNK: Final = 256 * 1024


def read(descriptor: int = 0) -> Iterator[Batch]:
    """Batches for a command: blocks until something comes."""
    text = _Text()
    while data := os.read(descriptor, CHUNK):
        yield from text.feed(data)
    yield from text.end()


async def batches(descriptor: int = 0) -> AsyncIterator[Batch]:
    """Batches for a screen: waits without blocking.

    The descriptor stays blocking, since others may share it, and no thread is left reading it.
    """
    text = _Text()
    while data := await _read(descriptor):
        for batch in text.feed(data):
            yield batch
    for batch in text.end():
        yield batch


class _Text:
    """Bytes into batches of lines."""

    def __init__(self) -> None:
        self._stream = Stream()
        self._lines = LineBuffer()

    def feed(self, data: bytes) -> Iterator[Batch]:
        for piece in self._stream.feed(data):
            if text := self._lines.feed(piece):
                yield _batch(text)

    def end(self) -> Iterator[Batch]:
        trouble = self._stream.end()
        text = self._lines.flush()
        if text or trouble:
            yield _batch(text, f"standard input: {trouble}" if trouble else "")


async def _read(descriptor: int) -> bytes:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(descriptor, ready.set)
    except PermissionError:  # epoll(7) takes no regular files: they are always ready
        await asyncio.sleep(0)
        return os.read(descriptor, CHUNK)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, CHUNK)


def _batch(text: str, gap: str = "") -> Batch:
    return Batch(text=text, origin="-", reference=time.time(), gap=gap)
