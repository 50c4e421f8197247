"""Standard input as batches, from a pipe, a file or a terminal.

Ends with the input.  Does not promise that a batch is large: what has come is handed out at once.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from typing import Final

from mxtop.mail.batch import Batch
from mxtop.sources.lines import LineBuffer

CHUNK: Final = 256 * 1024


def read(descriptor: int = 0) -> Iterator[Batch]:
    """Batches for a command: blocks until something comes."""
    lines = LineBuffer()
    while data := os.read(descriptor, CHUNK):
        if text := lines.feed(data):
            yield _batch(text)
    if text := lines.flush():
        yield _batch(text)


async def batches(descriptor: int = 0) -> AsyncIterator[Batch]:
    """Batches for a screen: waits without blocking.

    The descriptor stays blocking, since others may share it, and no thread is left reading it.
    """
    lines = LineBuffer()
    while data := await _read(descriptor):
        if text := lines.feed(data):
            yield _batch(text)
    if text := lines.flush():
        yield _batch(text)


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


def _batch(text: str) -> Batch:
    return Batch(text=text, origin="-", reference=time.time())
