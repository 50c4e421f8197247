"""Ends the process when its terminal is gone.

With SIGHUP ignored (nohup, some wrappers) Textual 8.2 would go on without a terminal, at full speed;
`driver` tells the loss, and this is what follows from it.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Final

PATIENCE: Final = 2.0
"""Seconds in which what is open may be closed."""

EXIT: Final = 129
"""128 + SIGHUP, as a shell would report it."""


async def leave(close: Callable[[], Awaitable[None]]) -> None:
    """Close what is open and end this process."""
    import asyncio

    try:
        await asyncio.wait_for(close(), PATIENCE)
    finally:
        # Textual waits for its own threads at exit, which wait for the terminal.
        os._exit(EXIT)
