"""How much was sent, deferred and bounced in the last minute, by destination.

Kept in steps of ten seconds of logged time, the last seven only; the step that the minute
began in counts in part.  Does not promise anything about logs whose clock is not ours.
"""

from __future__ import annotations

from typing import Final

from mxtop.mail.header import Clock

MINUTE: Final = 60
_STEP: Final = 10
_STEPS: Final = MINUTE // _STEP + 1

Rate = tuple[float, float, float]
"""Sent, deferred, bounced lines per second."""


class Rates:
    """`add` what was delivered, in log order; `at` gives the rates of those with any, `total` their sum."""

    __slots__ = ("_counts", "_step", "_steps", "_sums")

    def __init__(self) -> None:
        self._step = ""  # `2026-11-23T18:41:2`
        self._counts: dict[int, list[int]] = {}  # of that step: sent, deferred, bounced by destination
        self._sums = [0, 0, 0]  # of that step, over all destinations
        self._steps: list[tuple[str, dict[int, list[int]], list[int]]] = []

    def add(self, time: str, destination: int, column: int) -> None:
        """One delivery; `destination` is a number of the caller's, `column` 0, 1 or 2."""
        if time[:18] != self._step:
            self._step = time[:18]
            self._counts, self._sums = {}, [0, 0, 0]
            self._steps.append((time, self._counts, self._sums))
            if len(self._steps) > _STEPS:
                del self._steps[0]
        counts = self._counts.get(destination)
        if counts is None:
            counts = self._counts[destination] = [0, 0, 0]
        counts[column] += 1
        self._sums[column] += 1

    def at(self, now: float, clock: Clock) -> dict[int, Rate]:
        """Rates over the minute before `now`, epoch seconds; destinations without any are left out."""
        rates: dict[int, Rate] = {}
        for time, counted, _ in self._steps:
            weight = self._weight(time, now, clock)
            if weight <= 0:
                continue
            for destination, (sent, deferred, bounced) in counted.items():
                s, d, b = rates.get(destination, (0.0, 0.0, 0.0))
                rates[destination] = (s + sent * weight, d + deferred * weight, b + bounced * weight)
        return rates

    def total(self, now: float, clock: Clock) -> Rate:
        """The sum of what `at` gives, however many destinations there are."""
        weighed = [(self._weight(time, now, clock), sums) for time, _, sums in self._steps]
        sent, deferred, bounced = (sum(max(0.0, w) * sums[n] for w, sums in weighed) for n in range(3))
        return sent, deferred, bounced

    @staticmethod
    def _weight(time: str, now: float, clock: Clock) -> float:
        """How much a line of the step that began at `time` counts."""
        second = clock.epoch(time)
        if second is None:
            return 0.0
        return min(1.0, (second - second % _STEP + _STEP - (now - MINUTE)) / _STEP) / MINUTE
