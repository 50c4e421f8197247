"""Runs one feed so that its errors become a state on the screen, never its end.

Expected errors (MxtopError, OSError) are shown with their remedy and tried again with growing
pauses; anything else is a bug and reaches the session's TaskGroup.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from mxtop.mail.errors import MxtopError
from mxtop.mail.snapshot import Feed

PAUSES: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before the next try, after each failure in a row; the last one repeats."""

STEADY: Final = 60.0
"""A feed that ran this long before it failed starts again with the shortest pause."""


async def supervise(name: str, run: Callable[[], Awaitable[None]], show: Callable[[Feed], None]) -> None:
    """Run a feed until it ends by itself; tell `show` of each failure."""
    failures = 0
    told: tuple[str, str] | None = None
    since = 0.0
    while True:
        started = time.monotonic()
        try:
            await run()
        except (MxtopError, OSError) as error:
            trouble: Exception = error
        except ExceptionGroup as group:
            # From a feed of several tasks the expected comes wrapped; a bug among it is still a bug.
            expected, bugs = group.split((MxtopError, OSError))
            if expected is None or bugs is not None:
                raise
            trouble = _first(expected)
        else:
            return
        title, remedy = _words(trouble)
        if time.monotonic() - started > STEADY:
            failures, told = 0, None
        if told != (title, remedy):  # the same trouble again is since then
            told, since = (title, remedy), time.time()
        pause = PAUSES[min(failures, len(PAUSES) - 1)]
        failures += 1
        show(Feed(name=name, state="down", detail=title, remedy=remedy, since=since))
        await asyncio.sleep(pause)


def _first(group: ExceptionGroup[Exception]) -> Exception:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error


def _words(trouble: Exception) -> tuple[str, str]:
    """What went wrong, and the next step."""
    if isinstance(trouble, MxtopError):
        return trouble.title, trouble.remedy
    return (trouble.strerror if isinstance(trouble, OSError) else None) or str(trouble), ""
