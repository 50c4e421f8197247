"""The state of the connection to one machine, as a value, and when to try again.

Nothing here connects; `mxtop.hosts.remote` does and tells by these.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal

State = Literal[
    "idle",
    "connecting",
    "live",
    "stale",
    "down",
    "needs authentication",
    "unknown host key",
    "host key changed",
    "closed",
]

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
STEADY: Final = 60.0
"""Seconds after which a connection counts as healthy: the next failure starts with the shortest pause."""


@dataclass(frozen=True, slots=True)
class Link:
    """One state.  Times are seconds since the epoch.

    `heard` is when the machine last said anything; `next_try` when it will be tried again by itself, None
    where only a person can help.  `trouble` is the error behind the state, with its title and remedy.
    """

    state: State
    since: float
    heard: float | None = None
    next_try: float | None = None
    trouble: Exception | None = None

    @property
    def up(self) -> bool:
        """Whether commands may be sent: a stale machine may still answer."""
        return self.state in ("live", "stale")

    def age(self, now: float) -> float | None:
        """Seconds since the machine last said anything; None where it never did."""
        return None if self.heard is None else max(0.0, now - self.heard)


class Backoff:
    """Pauses whose limit doubles from 0.5 s to 30 s.

    Full jitter (a pause is uniform between 0 and the limit), so that fifty hosts behind one bastion that
    came back do not knock at once.
    """

    def __init__(self) -> None:
        self._failures = 0

    def reset(self) -> None:
        self._failures = 0

    def pause(self) -> float:
        """Seconds until the next try, after one more failure."""
        limit = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures, 16))
        self._failures += 1
        return random.uniform(0.05, limit)  # noqa: S311 (no secret)
