"""How fast background questions may go, and how many may be open at once.

Two lanes.  What the user waits for (`now`) is never held back by the rate and has slots of its own, so a
thousand background questions to a slow resolver do not delay it.  The background lane takes
tokens at a steady rate: at 200 queries a second parsing costs about a tenth of a core.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

RATE: Final = 200.0  # background queries a second
BURST: Final = 100.0
NOW_SLOTS, BACKGROUND_SLOTS = 48, 16  # together 64 open questions


class Throttle:
    """`async with throttle.slot(now=…):` around each query."""

    def __init__(
        self,
        rate: float = RATE,
        burst: float = BURST,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._tokens, self._filled = burst, clock()
        self._now = asyncio.Semaphore(NOW_SLOTS)
        self._background = asyncio.Semaphore(BACKGROUND_SLOTS)

    @asynccontextmanager
    async def slot(self, *, now: bool) -> AsyncIterator[None]:
        async with self._now if now else self._background:
            if not now and (wait := self._take()) > 0:
                await asyncio.sleep(wait)
            yield

    def _take(self) -> float:
        """Take a token, on credit if need be; the seconds to wait until it is paid for."""
        at = self._clock()
        self._tokens = min(self._burst, self._tokens + (at - self._filled) * self._rate)
        self._filled = at
        self._tokens -= 1
        return max(0.0, -self._tokens / self._rate)
