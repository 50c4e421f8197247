"""Nearest-rank percentiles from counted values.

Exact, and small: Postfix logs delays with two significant digits and steps of 0.01 s
(delay_logging_resolution_limit), so a day of mail has a few hundred distinct ones.
"""

from __future__ import annotations

from collections.abc import Mapping


def nearest_rank(counts: Mapping[float, int], percent: int) -> float | None:
    """The smallest value that at least `percent` per cent of all values do not exceed.

    `counts` is {value: how often}; None where there is no value.
    """
    total = sum(counts.values())
    if not total:
        return None
    rank = max(1, -(-total * percent // 100))  # ceiling, in whole numbers
    for value in sorted(counts):
        rank -= counts[value]
        if rank <= 0:
            return value
    raise AssertionError("a rank beyond the last value")
