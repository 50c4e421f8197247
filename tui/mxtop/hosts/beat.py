"""Pauses that end together.

What looks at something again and again rests until the next beat: a moment that is a multiple of its pause on
the event loop's clock.  So an idle process wakes up once for all of them, and not once for each: on a machine
that sleeps, waking is most of what a look costs.  Does not promise a pause of that length: the first
one is shorter or longer by up to one beat.
"""

from __future__ import annotations

import asyncio
import math
from typing import Final

_JUST_NOW: Final = 0.1
"""The part of a pause within which the next beat counts as the last one: nobody rests for so little."""


def due(seconds: float, phase: float = 0.0) -> float:
    """When a rest ends, by the event loop's clock; `phase` (seconds) shifts the beats, where many rest."""
    now = asyncio.get_running_loop().time()
    return (math.floor((now - phase) / seconds + _JUST_NOW) + 1) * seconds + phase


async def rest(seconds: float, phase: float = 0.0) -> None:
    """Sleep until the next beat."""
    await asyncio.sleep(due(seconds, phase) - asyncio.get_running_loop().time())
