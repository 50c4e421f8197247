"""Nearest-rank percentiles from counted values.

Exact, and small: Postfix logs delays with two significant digits and steps of 0.01 s
(delay_logging_resolution_limit), so a day of mail has a few hundred distinct ones.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any


class Counted(defaultdict[float, int]):
    """How often each value was seen: `counted[value] += 1`; never less often than before."""

    __slots__ = ("_order",)

    def __init__(self) -> None:
        super().__init__(int)
        self._order: list[float] = []

    def __reduce__(self) -> tuple[Any, ...]:  # that of a defaultdict hands `int` to __init__
        return Counted, (), None, None, iter(self.items())

    def nearest_ranks(self, *percents: int) -> tuple[float | None, ...]:
        """For each per cent, in rising order, the smallest value that so many of all do not exceed.

        None where there is no value.
        """
        total = sum(self.values())
        if not total:
            return (None,) * len(percents)
        if len(self._order) != len(self):  # values come often, new ones seldom
            self._order = sorted(self)
        ranks = [max(1, -(-total * percent // 100)) for percent in percents]  # ceiling, in whole numbers
        found: list[float] = []
        passed = 0
        for value in self._order:
            passed += self[value]
            while ranks[len(found)] <= passed:
                found.append(value)
                if len(found) == len(ranks):
                    return tuple(found)
        raise AssertionError("a rank beyond the last value")
