"""Ends the process when its terminal is gone.

With SIGHUP ignored (nohup, some wrappers) Textual 8.2 would go on without a terminal, at
full speed: linux_driver.py only leaves its input loop at the end of file.
"""

from __future__ import annotations

import os
import select
from collections.abc import Awaitable, Callable
from typing import Final

EVERY: Final = 2.0
"""Seconds between two looks."""

EXIT: Final = 129
"""128 + SIGHUP, as a shell would report it."""


def is_lost(descriptor: int = 0) -> bool:
    """Whether the terminal behind a descriptor has hung up."""
    poll = select.poll()
    poll.register(descriptor, 0)
    gone = select.POLLHUP | select.POLLERR | select.POLLNVAL
    return any(event & gone for _, event in poll.poll(0))


async def watch(close: Callable[[], Awaitable[None]], descriptor: int = 0) -> None:
    """Look once; where the terminal is lost, close what is open and end this process."""
    if not is_lost(descriptor):
        return
    import asyncio

    try:
        await asyncio.wait_for(close(), EVERY)
    finally:
        # Textual waits for its own threads at exit, which wait for the terminal.
        os._exit(EXIT)
