"""A batch of raw log text on its way from a source to the parser."""

from __future__ import annotations

from typing import Literal

from mxtop.mail.value import named


@named
class Batch:
    """Whole lines, each ending in `\\n` (the last line of a finished file may lack it).

    Decoded as UTF-8 with surrogateescape; lines end at `\\n` only.  `reference` is the
    wall-clock second that decides the year of times logged without one: the file's
    modification time, or now; `zone` that of times logged without one, as in `mxtop.mail.zone`.
    `gap`: lines may be missing just before this text, and why.
    `done`: bytes of the origin read so far, as they are on disk (history only), for progress.
    """

    text: str
    origin: str = ""
    reference: float = 0.0
    zone: str = ""
    phase: Literal["history", "live"] = "live"
    gap: str = ""
    done: int = 0
